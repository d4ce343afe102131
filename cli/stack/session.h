/* A process beside a member, from its request to its exit status: EXEC, as seen by the client. */
#ifndef BULKHEAD_CLI_STACK_SESSION_H
#define BULKHEAD_CLI_STACK_SESSION_H

#include "cli/host/command.h"
#include "core/plan.h"

struct session_request {
    const struct command_context *context; // its stack is known
    const char *member;                    // "web-1"
    const struct launch *launch;           // its controls are the limits
    bool run;                              // it lives beside the service, not for it
    bool plain;                            // no terminal, even where there is one (-T)
    bool detach;        // come back when it runs; a process of ours stays and waits for it
    const char *output; // detached: this FIFO in the runtime folder takes the output; NULL: nothing
};

/* Runs it to its end (unless detached), passing on input, output, sizes of the terminal and
 * signals. Its exit code, 128 + the signal that ended it, 137 with a line of explanation when it
 * was killed for memory; or STATUS_FAILED after saying why it was not started. */
int session_run(const struct session_request *request);

#endif
