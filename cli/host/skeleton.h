/* The cgroups of a stack that outlive its incarnations. The one door to libcgroup, which is sound
 * for discovery and for making nested groups with their controllers, and for nothing else here. */
#ifndef BULKHEAD_CLI_HOST_SKELETON_H
#define BULKHEAD_CLI_HOST_SKELETON_H

#include <stdint.h>

#include "core/fault.h"
#include "core/group.h"
#include "cli/host/host.h"

/* Which cgroup version a controller is bound to: 1, 2, or 0 when it is on neither. */
int skeleton_version(const char *controller);

struct skeleton_request {
    const struct host *host;
    const char *stack_dir;               // absolute, below host->root
    bool controllers[CONTROLLERS_COUNT]; // to be handed down to the services; all usable
    int64_t memory_min;                  // sums over the services: a protection holds only where
    int64_t memory_low;                  // every level above has it as well
    const struct stack_group *groups;    // of the plan
    uint32_t groups_count;
};

/* Makes <stack_dir> with keeper/, supervisor/, recorder/ and svc/ with the groups in it; where
 * controllers are to be handed down by the cgroup that this process is in, it leaves it for one
 * below. 0; 1: *ret_fault says what is in the way. What was made before a failure is to be removed
 * with skeleton_remove().
 */
int skeleton_make(const struct skeleton_request *request, struct fault *ret_fault);

/* Removes the stack's cgroup with all that is below it, and a <mount>/bulkhead that is empty then.
 * Nothing may be alive in there. 0, also when it was not there; -EBUSY and other errnos. */
int skeleton_remove(const char *stack_dir);

#endif
