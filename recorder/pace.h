/* How often the reader looks. Pure.
 *
 * Who writes a line at a time, fast, would wake the reader for each: a read of a hundred bytes
 * costs as much as one of thousands. So while reads are small and follow each other closely, output
 * gathers in the pipes for a moment, which holds up nobody. Reads that are large as they are, and
 * lines that come now and then, are taken at once. */
#ifndef BULKHEAD_RECORDER_PACE_H
#define BULKHEAD_RECORDER_PACE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/nsec.h"

#define PACE_GATHER_BYTES ((size_t)24 * 1024) // wanted in a read: less than half of a pipe
#define PACE_NAP_MAX      span_ns(500000)

struct pace {
    instant looked; // before
    bool gathers;
};

/* The reader took `bytes` at `now`. Returns for how long it should not look again; 0: not at all.
 */
span pace_nap(struct pace *pace, instant now, size_t bytes);

#endif
