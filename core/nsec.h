/* Time as a type: a point in time and a length of time cannot be mixed up.
 *
 * core/ never asks what time it is; every function that needs to know takes `now` as an argument.
 * Instants count nanoseconds of CLOCK_MONOTONIC, spans are differences of those. */
#ifndef BULKHEAD_CORE_NSEC_H
#define BULKHEAD_CORE_NSEC_H

#include <stdbool.h>
#include <stdint.h>

#define NSEC_PER_USEC INT64_C(1000)
#define NSEC_PER_MSEC INT64_C(1000000)
#define NSEC_PER_SEC  INT64_C(1000000000)

typedef struct {
    int64_t ns;
} instant;

typedef struct {
    int64_t ns;
} span;

/* The instant that never comes: "no deadline". */
#define INSTANT_NEVER ((instant){INT64_MAX})
/* No time at all: "did not happen". */
#define INSTANT_NONE ((instant){0})

static inline span span_ns(int64_t ns)
{
    return (span){ns};
}

static inline span span_ms(int64_t ms)
{
    return (span){ms * NSEC_PER_MSEC};
}

static inline span span_sec(int64_t sec)
{
    return (span){sec * NSEC_PER_SEC};
}

static inline int64_t span_to_ms(span s)
{
    return s.ns / NSEC_PER_MSEC;
}

/* Saturates at INSTANT_NEVER, and at the other end, instead of wrapping. */
static inline instant instant_add(instant at, span by)
{
    instant sum;

    if (__builtin_add_overflow(at.ns, by.ns, &sum.ns))
        return by.ns > 0 ? INSTANT_NEVER : (instant){INT64_MIN};
    return sum;
}

static inline span instant_since(instant later, instant earlier)
{
    return (span){later.ns - earlier.ns};
}

static inline bool instant_reached(instant deadline, instant now)
{
    return now.ns >= deadline.ns;
}

static inline instant instant_min(instant a, instant b)
{
    return a.ns < b.ns ? a : b;
}

#endif
