/* What a member's gauges said over the last two minutes, and what follows from it: growth, share of
 * the processors, a sparkline. Pure: who samples brings the time. */
#ifndef BULKHEAD_CLI_SHOW_SERIES_H
#define BULKHEAD_CLI_SHOW_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/nsec.h"

#define SERIES_SAMPLES 120

/* Growth is the slope over this window, and not told before there is that much of it. */
#define SERIES_WINDOW_NS (INT64_C(60) * NSEC_PER_SEC)
#define SERIES_LEAST_NS  (INT64_C(4) * NSEC_PER_SEC)

struct series_sample {
    int64_t at_ns;
    int64_t bytes;
    int64_t processor_ns; // used since birth; negative: unknown
};

/* To be zeroed. A ring: `next` is where the next one goes. */
struct series {
    uint32_t generation; // of the incarnation sampled: another one starts anew
    size_t count;
    size_t next;
    struct series_sample samples[SERIES_SAMPLES];
};

void series_add(struct series *series, uint32_t generation, const struct series_sample *sample);

/* Bytes a minute, by least squares. False: too little is known. */
bool series_growth(const struct series *series, int64_t *ret_bytes);

/* Processors in use between the last two samples; 1000: one of them whole. False: unknown. */
bool series_processors(const struct series *series, int64_t *ret_milli);

/* When `limit_bytes` is met if it goes on like this. False: never, or not known. */
bool series_full_in(const struct series *series, int64_t limit_bytes, int64_t *ret_ns);

/* The last `width` samples as bars, the oldest first, filled with blanks on the left; full height
 * is the limit, or the highest sample where there is none (0). Without `utf8` plain characters.
 * `text` has room for 3 * width + 1 bytes. */
void series_spark(const struct series *series, int64_t limit_bytes, size_t width, bool utf8,
                  char *text);

#endif
