/* When to sample a member's memory: seldom while nothing happens, every second while it matters.
 *
 * The pace is one of 1, 5, 20 and 60 seconds. A sample that shows that the limit would be met soon
 * (as it grows now, before 120 more samples at that pace) makes it faster at once; one that does
 * not makes it one step slower. Who holds half of its limit is sampled every 20 s at least, who
 * holds four fifths every 5 s. Samples of a pace fall on whole multiples of it on the monotonic
 * clock, so that all members wake the supervisor together, and a slower pace with the faster ones.
 *
 * What grows is what cannot be reclaimed; page cache fills every limit and says nothing. Who has
 * used no processor since its last sample cannot have grown, and is not read. Pure; samples decide
 * nothing about the fleet. */
#ifndef BULKHEAD_CORE_SAMPLING_H
#define BULKHEAD_CORE_SAMPLING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/nsec.h"

#define SAMPLING_SECONDS_MAX  60            // the slowest pace
#define SAMPLING_SAMPLES_LEFT 120           // before the limit is met
#define SAMPLING_IDLE_MAX     span_sec(600) // then one that rests is read, too

/* Between two snapshots of the processes of one incarnation it has grown by an eighth of its limit,
 * and so long passes after the first; after each further one twice as long, ten doublings at most.
 */
#define SAMPLING_SNAPSHOT_INTERVAL span_sec(10)

/* Of one incarnation, or of one group. */
struct sampling {
    int64_t due_ns;         // INT64_MAX: nobody is there
    int64_t at_ns;          // the last look; 0: none yet
    int64_t kept_ns;        // the last look that became a sample
    int64_t bytes;          // unreclaimable then
    int64_t growth;         // bytes a second, of the last ten or so
    int64_t cpu_usec;       // used since its birth then; negative: not known
    int64_t snapshot_ns;    // the last one
    int64_t snapshot_bytes; // then, or the least since
    uint32_t snapshots;
    uint32_t pace;
};

void sampling_begin(struct sampling *sampling, instant now); // an incarnation is born
void sampling_end(struct sampling *sampling);                // and has gone

/* It has done nothing since the last look: there is nothing to read. */
bool sampling_is_idle(const struct sampling *sampling, int64_t cpu_usec, instant now);
/* A look that found that. */
void sampling_rest(struct sampling *sampling, int64_t limit_bytes, instant now);

/* Takes in a sample; `limit_bytes` 0: there is none. True: a snapshot of its processes is due, and
 * will be until it is told to have been taken. */
bool sampling_take(struct sampling *sampling, int64_t bytes, int64_t cpu_usec, int64_t limit_bytes,
                   instant now);

void sampling_snapped(struct sampling *sampling, instant now);

/* The group around it is sampled faster: so is its member. */
void sampling_hurry(struct sampling *sampling, const struct sampling *group, instant now);

/* How fast it grows, with `bytes` now; bytes a second. */
int64_t sampling_growth(const struct sampling *sampling, int64_t bytes, instant now);

#endif
