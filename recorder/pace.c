/* See pace.h. */
#include "recorder/pace.h"

#define SOON        span_ns(150000) // between two reads that might have been one
#define NAP_MIN     span_ns(60000)  // the kernel's timers are not much better than this
#define SMALL_BYTES ((size_t)8 * 1024)
#define WORTH_BYTES ((size_t)4 * 1024) // that were found after a nap: it was worth it

span pace_nap(struct pace *pace, instant now, size_t bytes)
{
    span elapsed = instant_since(now, pace->looked);
    span nap;

    pace->looked = now;
    if (pace->gathers)
        pace->gathers = bytes >= WORTH_BYTES && elapsed.ns <= 4 * PACE_NAP_MAX.ns;
    else
        pace->gathers = bytes > 0 && bytes <= SMALL_BYTES && elapsed.ns <= SOON.ns;
    if (!pace->gathers)
        return span_ns(0);
    nap = span_ns(elapsed.ns * (int64_t)PACE_GATHER_BYTES / (int64_t)bytes);
    if (nap.ns > PACE_NAP_MAX.ns)
        return PACE_NAP_MAX;
    pace->gathers = nap.ns >= NAP_MIN.ns;
    return pace->gathers ? nap : span_ns(0);
}
