/* The supervisor's samples of the last minutes: what was before somebody looked. */
#ifndef BULKHEAD_CLI_STACK_RECENT_H
#define BULKHEAD_CLI_STACK_RECENT_H

#include "cli/show/series.h"
#include "core/sample.h"

/* Calls `take` for the samples that a series of now has a use for, the oldest first. Nothing to
 * read is no failure. */
void recent_samples(const char *runtime_dir, int64_t now_ns,
                    void (*take)(void *context, const struct sample *sample), void *context);

struct series_sample recent_to_series(const struct sample *sample);

#endif
