/* How a stack ends: DOWN is asked for, watched, and what is left is cleared. */
#ifndef BULKHEAD_CLI_STACK_ENDING_H
#define BULKHEAD_CLI_STACK_ENDING_H

#include "cli/host/command.h"
#include "core/fault.h"

enum ending {
    ENDING_DONE,   // it has ended; stack_remove() is next
    ENDING_ABSENT, // no supervisor is there to be asked
    ENDING_FAILED, // *ret_fault says why
};

/* Asks for DOWN and shows what happens until the supervisor has ended. */
enum ending ending_follow(const struct command_context *context, int64_t grace_ns,
                          struct fault *ret_fault);

/* Asks for DOWN, no more. As client_request(). */
int ending_ask(const struct command_context *context, int64_t grace_ns, struct fault *ret_fault);

/* Nobody answers: clears what a killed supervisor left, or says that there is nothing to do. An
 * exit status. */
int ending_clear(const struct command_context *context);

#endif
