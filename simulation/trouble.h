/* What ails a service in the simulated world: the load of troubles that policies are tried on. */
#ifndef BULKHEAD_SIMULATION_TROUBLE_H
#define BULKHEAD_SIMULATION_TROUBLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/nsec.h"
#include "core/verdict.h"

#define CRASHES_MAX 8

/* An end of its own, at random: as likely at one moment as at another. */
struct crash {
    int64_t every_ns; // on average
    int32_t code;     // exit code, where
    int32_t signal;   // this is 0
};

/* A number that differs from life to life, evenly within ± spread. */
struct varied {
    int64_t value;
    int64_t spread_milli; // of the value, at most 1000
};

/* A life as it was recorded. */
struct life {
    span uptime;
    enum verdict_kind kind;
    int32_t code;
    int32_t signal;
    int64_t peak_bytes; // 0: not known
};

struct trouble {
    struct crash crashes[CRASHES_MAX];
    size_t crashes_count;
    struct varied leak;  // bytes an hour
    int64_t memory;      // bytes that it has from the start
    struct varied start; // from its program's birth until it serves, ns
    int64_t hang_ns;     // it stops answering so often, on average; 0: never
    int64_t outage_ns;   // so often, on average, something that it needs is away; 0: never
    int64_t outage_length_ns;
    int64_t requests_milli;   // a second, of an instance; 1000: one
    const struct life *lives; // borrowed: instead of crashes, leaks and the like; NULL: none
    size_t lives_count;
};

#endif
