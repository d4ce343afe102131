/* Handing a plan over: the keeper is born into its cgroup with the files of core/handover.h. */
#ifndef BULKHEAD_CLI_STACK_LAUNCH_H
#define BULKHEAD_CLI_STACK_LAUNCH_H

#include <stdbool.h>

#include "core/fault.h"
#include "core/plan.h"

struct launch_request {
    const struct plan *plan; // of one that is adopted: where it is, and no more
    bool adopts;             // the stack runs by the plan file in its runtime folder
    const char *self_dir;    // our own programs are looked for here first; may be NULL
    int lock;                // the stack's lock, taken
};

/* Our own programs stand together: beside this one in a build folder, else where they are
 * installed, also when the whole installation stands elsewhere than PREFIX said. The folder;
 * `beside` may hold its name (PATH_MAX). */
const char *launch_programs(const char *self_dir, char *beside);

/* The stack's folders and cgroups exist. 0: the supervisor has said that it is ready; 1: it is not,
 * neither it nor its keeper is alive, and *ret_fault says why. */
int launch_stack(const struct launch_request *request, struct fault *ret_fault);

/* Bears a child in a cgroup that ends at once, to see whether that can be: 0, a negative errno, or
 * the wait status of a child that was killed. */
int launch_trial(const char *cgroup_dir);

#endif
