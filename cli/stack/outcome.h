/* What has become of the members that were asked to start: pure judgement on a table. */
#ifndef BULKHEAD_CLI_STACK_OUTCOME_H
#define BULKHEAD_CLI_STACK_OUTCOME_H

#include <stdbool.h>

#include "cli/stack/watch.h"

/* Nothing runs and nothing will by itself: everybody asked for has ended, is held, or waits for one
 * that never comes. */
bool outcome_at_rest(const struct watch *watch, const bool *asked);

/* The same of those asked for alone, and of all the others. */
bool outcome_asked_at_rest(const struct watch *watch, const bool *asked);
bool outcome_others_at_rest(const struct watch *watch, const bool *asked);

/* Everybody asked for runs, in good health where somebody looks, or has run to a successful end. */
bool outcome_all_running(const struct watch *watch, const bool *asked);

/* The first member asked for that cannot come up: held, failed, unhealthy, dead before its time, or
 * waiting for one that failed. -1: none. */
ptrdiff_t outcome_first_failed(const struct watch *watch, const bool *asked);

/* A line on stderr for each that failed. STATUS_DONE, or STATUS_FAILED when there was one. */
int outcome_tell(const struct watch *watch, const bool *asked, bool colour);

/* Has the member come to its end by this row? With `failures` only an end that is a failure counts.
 */
bool outcome_has_ended(const struct wire_row *before, const struct wire_row *row, bool failures);

/* What a shell would make of its end: the exit code, 128 and the signal, 127 or 126 where the
 * program could not be started; 1: it has not ended. */
int outcome_exit_code(const struct wire_row *row);

#endif
