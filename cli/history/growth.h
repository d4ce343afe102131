/* How an incarnation's memory went before its death, out of its samples. Pure. */
#ifndef BULKHEAD_CLI_HISTORY_GROWTH_H
#define BULKHEAD_CLI_HISTORY_GROWTH_H

#include <stdbool.h>
#include <stddef.h>

#include "core/nsec.h"
#include "core/sample.h"

#define GROWTH_SLICES 40

struct growth {
    int64_t from_ns; // CLOCK_REALTIME
    int64_t to_ns;   // of the death
    size_t count;    // samples taken in
    struct sample first;
    struct sample last;
    struct sample slice[GROWTH_SLICES]; // the highest of each; generation 0: there is none
};

/* The time before a death that is looked at: its life, but no more than the last hour of it. */
void growth_init(struct growth *growth, int64_t death_wall_ns, span uptime);
/* In the order of their times; others than those of that generation are to be left out. */
void growth_feed(struct growth *growth, const struct sample *sample);

/* Bytes a second over the last quarter; false: too few samples. */
bool growth_rate(const struct growth *growth, int64_t *ret_bytes);

/* A character a slice, against `full_bytes`; "" where no sample is. Slices without one stand as the
 * one before. */
#define GROWTH_SPARK_MAX (GROWTH_SLICES * 3 + 1)
void growth_spark(const struct growth *growth, int64_t full_bytes, bool utf8,
                  char text[GROWTH_SPARK_MAX]);

#endif
