/* What has become of the members that were asked to start: pure judgement on a table. */
#ifndef BULKHEAD_CLI_OUTCOME_H
#define BULKHEAD_CLI_OUTCOME_H

#include <stdbool.h>

#include "cli/watch.h"

/* Nothing runs and nothing will by itself: everybody asked for has ended, is held, or waits for one
 * that never comes. */
bool outcome_at_rest(const struct watch *watch, const bool *asked);

/* Everybody asked for runs, or has run to a successful end. */
bool outcome_all_running(const struct watch *watch, const bool *asked);

/* The first member asked for that cannot come up: held, failed, dead before its time, or waiting
 * for one that failed. -1: none. */
ptrdiff_t outcome_first_failed(const struct watch *watch, const bool *asked);

/* A line on stderr for each that failed. STATUS_DONE, or STATUS_FAILED when there was one. */
int outcome_tell(const struct watch *watch, const bool *asked, bool colour);

#endif
