/* What the asking verbs share at their edge: time options, failures of the conversation. */
#ifndef BULKHEAD_CLI_STACK_ASK_H
#define BULKHEAD_CLI_STACK_ASK_H

#include "cli/host/command.h"
#include "cli/stack/watch.h"

int64_t ask_wall_now(void);
int64_t ask_monotonic_now(void);

/* An option whose value is a time (render_parse_time); *ret_ns stays when it was not given. 0, or
 * STATUS_USAGE after saying what is wrong. */
int ask_option_time(const struct command_context *context, const char *name, int64_t *ret_ns);

/* --format table|json. 0, or STATUS_USAGE after saying what is wrong. */
int ask_option_format(const struct command_context *context, bool *ret_json);

/* Says what went wrong in a conversation with the supervisor. Returns STATUS_FAILED. */
int ask_failed(const struct fault *fault);

/* Finds the stack, connects and reads its table. 0, or an exit status after saying what is wrong.
 */
int ask_snapshot(struct command_context *context, struct watch *ret);
int ask_watch(struct command_context *context, struct watch *ret);

/* Asks for RESTART, as client_request(). When the supervisor dies over it, the next one is asked
 * for those members of whom nothing is to be seen since `before`, and so for nobody twice. */
int ask_restart(const struct command_context *context, const struct wire_request *request,
                const struct watch *before, struct fault *ret_fault);

/* Which rows the operands name; a malloc'ed array of watch->rows_count. NULL after saying why. */
bool *ask_choose(const struct watch *watch, char *const *words, size_t count);

#endif
