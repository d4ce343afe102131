/* A stack's policies tried on a load of troubles, under a virtual clock: the fleet that decides is
 * core/fleet, as in production, and the world around it is simulated. Pure; the same request gives
 * the same result.
 *
 * What the world knows of: programs that take a while until they serve, crash, hang, leak until
 * their own limit, their group's or the host's memory is full, and cannot start while something is
 * away; the kernel's kills, probes that answer or do not, hooks that succeed; somebody who starts
 * again what was given up. Each life's fate depends on the seed, its member and its number alone:
 * another policy meets the same troubles. */
#ifndef BULKHEAD_SIMULATION_SIMULATE_H
#define BULKHEAD_SIMULATION_SIMULATE_H

#include "core/roster.h"
#include "simulation/trouble.h"

struct simulation {
    const struct roster *roster;
    const struct trouble *troubles; // one a member of the roster
    int64_t host_bytes;             // memory of the host, for the stack; 0: without end
    span length;                    // of a run
    uint32_t runs;
    span attendance; // until somebody starts what was given up; INT64_MAX ns: nobody does
    uint64_t seed;
};

/* Of one member, all runs together. */
struct tally {
    int64_t restarts;               // by policy
    int64_t deaths[VERDICTS_COUNT]; // by cause
    int64_t down_ns;                // it does not serve, although it did before and is to
    int64_t longest_ns;             // the longest of these times
    int64_t holds;                  // it was given up
    int64_t lost_milli;             // requests that came meanwhile; 1000: one
};

struct simulation_result {
    struct tally *members; // owned: one a member of the roster
    uint32_t runs;
    uint32_t runs_held;    // in which somebody was given up,
    int64_t *held_ns;      // owned: after so long, first, sorted; runs_held of them
    uint32_t runs_outside; // in which the host's memory was full,
    int64_t outsides;      // so often in all
    uint64_t events;       // that the fleet was told
};

/* 0 or -ENOMEM. */
int simulate(const struct simulation *simulation, struct simulation_result *ret);
void simulation_result_finish(struct simulation_result *result); // may be zeroed

/* Sum over the members that are of the service (its name's length is member.service_length), or of
 * all: NULL. */
struct tally simulation_sum(const struct simulation *simulation,
                            const struct simulation_result *result, const char *service);

#endif
