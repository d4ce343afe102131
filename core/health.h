/* How a running member is, as its probes say. Pure.
 *
 * Docker's algorithm (reference of HEALTHCHECK): the first probe comes an interval after the
 * program's start, each other an interval after the end of the one before. Until the first success,
 * and within start_period, the interval is start_interval and a failure does not count. `retries`
 * failures in a row are unhealthy, one success is healthy. A probe that takes longer than its
 * timeout has failed. */
#ifndef BULKHEAD_CORE_HEALTH_H
#define BULKHEAD_CORE_HEALTH_H

#include "core/roster.h"

/* X(id, name): names as Docker's. */
#define HEALTHS(X)                                    \
    X(NONE, "")             /* no probe, or not up */ \
    X(STARTING, "starting") /* no verdict yet */      \
    X(HEALTHY, "healthy")                             \
    X(UNHEALTHY, "unhealthy")

enum health {
#define X(id, name) HEALTH_##id,
    HEALTHS(X)
#undef X
        HEALTHS_COUNT
};

/* From the end of a probe, or from the program's start, to the next probe. `up`: how long the
 * program runs then. */
span health_interval(const struct policy *policy, enum health health, span up);

/* What a probe's end makes of it. `up`: how long the program ran when the probe began; *failures in
 * a row are counted on or cleared. */
enum health health_after(const struct policy *policy, enum health health, bool success, span up,
                         int64_t *failures);

const char *health_name(enum health health); // what people see
const char *health_id(enum health health);   // never empty: "NONE"

#endif
