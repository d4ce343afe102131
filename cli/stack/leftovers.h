/* What a stack leaves behind, in order or not: processes, cgroups, the runtime folder. */
#ifndef BULKHEAD_CLI_STACK_LEFTOVERS_H
#define BULKHEAD_CLI_STACK_LEFTOVERS_H

#include <stdbool.h>

#include "core/fault.h"
#include "cli/host/command.h"

/* Ends and removes what is left of a stack whose lock we hold: everything in the cgroup of its old
 * plan and in `cgroup_dir` (may be NULL). Processes that were still alive are told of in one line.
 * *ret_ended: how many. 0; 1: *ret_fault says what will not go. */
int leftovers_clear(const struct command_context *context, const char *cgroup_dir, int *ret_ended,
                    struct fault *ret_fault);

/* After the supervisor has ended: waits for the lock, clears what is left, removes the runtime
 * folder. An exit status; `clean` is false when the supervisor did not say goodbye. */
int stack_remove(const struct command_context *context, bool clean);

/* Removes what a start that failed has made. The lock is held. */
void stack_undo(const struct command_context *context, const char *cgroup_dir);

/* Kills a keeper that brings no supervisor back, so that what it leaves behind can be ended. */
void leftovers_end_keeper(const struct command_context *context);

#endif
