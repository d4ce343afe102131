/* From a spec to a supervisor that is ready, and nothing left behind where that fails. */
#ifndef BULKHEAD_CLI_LAUNCHING_H
#define BULKHEAD_CLI_LAUNCHING_H

#include "core/plan.h"
#include "core/spec.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/host.h"
#include "cli/selection.h"

/* Plans for this host what is selected (NULL: all) and shows what is found. 0 with *ret_host and
 * *ret_plan, or an exit status. Also fills the context's stack. */
int launching_plan(struct command_context *context, const struct stack_source *source,
                   const struct spec *spec, const struct selection *selection,
                   struct host *ret_host, struct plan *ret_plan);

/* Takes the lock, clears what is left of an earlier run, makes folders and cgroups, starts the
 * supervisor. 0, or an exit status after saying what is wrong. */
int launching_start(struct command_context *context, const struct host *host,
                    const struct plan *plan);

#endif
