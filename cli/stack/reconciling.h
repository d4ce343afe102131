/* `up` on a stack that runs: what was judged (reconcile.h) is told and done. */
#ifndef BULKHEAD_CLI_STACK_RECONCILING_H
#define BULKHEAD_CLI_STACK_RECONCILING_H

#include "cli/host/command.h"
#include "cli/host/host.h"
#include "cli/stack/merge_plan.h"
#include "cli/stack/running_plan.h"
#include "cli/stack/wanted.h"
#include "cli/stack/watch.h"

/* Everything is borrowed for as long as the reconciling is open. */
struct reconciling_request {
    const struct command_context *context;
    const struct spec *spec;
    const struct wanted *wanted;
    const struct host *host;
    const struct plan *plan; // the new one
    struct reconcile_options options;
    bool alone;       // --no-deps: what is started does not wait for what it needs
    int64_t grace_ns; // of whom is stopped or restarted; EVENT_GRACE_POLICY
};

struct reconciling {
    const struct reconciling_request *request;
    struct watch watch; // the table that was judged
    struct running_plan running;
    struct arena arena;
    struct reconcile_step *steps;
    size_t steps_count;
    struct plan merged; // what the stack goes on with; its members are asked for by its indices
};

/* Reads the running stack, judges, and tells what is to be done, a line an instance. 0, or an exit
 * status after saying what is wrong; to be finished in any case. */
int reconciling_open(const struct reconciling_request *request, struct reconciling *ret);

/* Stops who is to go, hands over the merged plan. 0, or an exit status after saying what is wrong.
 */
int reconciling_prepare(struct reconciling *reconciling);

/* Starts, restarts and applies limits. Limits that could not be applied are told, and the status is
 * STATUS_FAILED at the end; everything else is done nevertheless. */
int reconciling_do(struct reconciling *reconciling);

void reconciling_finish(struct reconciling *reconciling);

#endif
