/* From a spec to a supervisor that is ready, and nothing left behind where that fails. */
#ifndef BULKHEAD_CLI_STACK_LAUNCHING_H
#define BULKHEAD_CLI_STACK_LAUNCHING_H

#include "core/plan.h"
#include "core/spec.h"
#include "cli/host/command.h"
#include "cli/host/files.h"
#include "cli/host/host.h"
#include "cli/plan/selection.h"

/* Plans for this host what is selected (NULL: all) and shows what is found. 0 with *ret_host and
 * *ret_plan, or an exit status. Also fills the context's stack. */
int launching_plan(struct command_context *context, const struct stack_source *source,
                   const struct spec *spec, const struct selection *selection,
                   struct host *ret_host, struct plan *ret_plan);

/* What `up` holds while it changes a stack. */
struct launching_hold {
    int turn; // one `up` after the other; -1: not held
    int lock; // the stack's own; -1: a supervisor has it, and it answers
};

/* Makes the stack's folders, takes the turn, waiting for another `up`, and the lock, waiting for
 * what is about to end. Where nobody has it and services run, a supervisor is started that goes on
 * with them, by their plan. 0, or an exit status after saying what is wrong. */
int launching_begin(const struct command_context *context, struct launching_hold *ret);
void launching_end(struct launching_hold *hold); // may be ended already

/* The lock is held: clears what is left of an earlier run, makes folders and cgroups, starts the
 * supervisor. 0, or an exit status after saying what is wrong. */
int launching_start(struct command_context *context, const struct host *host,
                    const struct plan *plan, const struct launching_hold *hold);

/* Hands down to a stack that runs what a new plan of it needs and the old one did not. 0, or an
 * exit status after saying what is wrong. */
int launching_extend(const struct command_context *context, const struct host *host,
                     const struct plan *before, const struct plan *plan);

#endif
