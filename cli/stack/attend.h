/* Staying with a stack after its start: in the foreground with its logs, or until it runs. */
#ifndef BULKHEAD_CLI_STACK_ATTEND_H
#define BULKHEAD_CLI_STACK_ATTEND_H

#include "core/fault.h"
#include "core/plan.h"
#include "cli/host/command.h"

struct follow;

enum attend_abort {
    ABORT_NEVER,
    ABORT_ON_FAILURE, // when one has come to its end with a failure
    ABORT_ON_EXIT,    // when one has come to its end
};

/* `asked` tells by member index who was asked to start; it is borrowed. */
struct attend_request {
    struct command_context *context;
    const struct plan *plan;
    const bool *asked;
    int signals;      // signalfd of SIGINT, SIGTERM, SIGHUP, which are blocked
    int64_t grace_ns; // of a stop; EVENT_GRACE_POLICY
    bool timestamps;  // before each line of the logs
    bool no_prefix;   // no "web-1  | " there
    enum attend_abort abort;
    const char *exit_from; // the exit status is this service's; NULL: see below
    struct follow *follow; // the logs; see attend_open_logs
};

/* To be called before the services start, or their first lines would pass unseen. 0 with
 * request->follow, which attend_foreground closes; else what is wrong. */
int attend_open_logs(struct attend_request *request, struct fault *ret_fault);

/* Shows progress and logs until everybody asked for has ended: by itself, by `down`, by a signal
 * (the second one kills), or because `abort` says so, when the exit status is that of the one who
 * ended first, or of exit_from. Where others of the stack still run it stays; else it is taken
 * down, and what is left is removed. An exit status. */
int attend_foreground(const struct attend_request *request);

/* Shows progress until every member asked for runs or has ended with success. STATUS_FAILED as soon
 * as one cannot, or after timeout_ns (INT64_MAX: no bound); STATUS_INTERRUPTED. The stack runs on.
 */
int attend_until_running(const struct attend_request *request, int64_t timeout_ns);

#endif
