/* What must never happen: the invariants, and how much of the machine they have seen at work. */
#ifndef BULKHEAD_TESTS_SIM_CHECK_H
#define BULKHEAD_TESTS_SIM_CHECK_H

#include "core/fleet.h"

struct sim;

#define EVENT_TYPES (INNER_COUNT - EVENT_START)

/* What the checks remember of one member. */
struct shadow {
    uint32_t generation;
    uint32_t judged;     // generation whose death has its verdict
    uint32_t unkillable; // generation told to be so
    uint32_t buried;     // generation
    int64_t failures;
    int64_t restarts;       // by policy since the last request
    instant told_at;        // of the last verdict
    struct verdict verdict; // of the last death
    instant announced;      // BACKOFF's deadline
    bool waited;            // came to its birth by a request: through WAITING or out of BACKOFF
    bool owed;              // a start was asked for and not revoked
    bool asked;             // this incarnation was asked to stop
    instant spawned;
    instant killing; // since when
    uint64_t spawns;
    uint64_t burials;
};

/* As much of a member as a step's judges need to know of the time before. */
struct earlier {
    int64_t state;
    int64_t want;
    int64_t again;
    int64_t deadline_ns;
    int64_t grace_ns;
};

struct coverage {
    uint64_t cells[STATES_COUNT][EVENT_TYPES];
};

void break_rule(struct sim *sim, const char *invariant, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void check_before(struct sim *sim, const struct event *event);
void check_after(struct sim *sim, const struct event *event);
void check_end(struct sim *sim);
void check_verdict(struct sim *sim, const struct event *event, const struct effect *effect);
void check_restart(struct sim *sim, const struct effect *effect);
bool is_stale(const struct sim *sim, const struct event *event);

/* Cells that no event can reach: the fleet brings inner events to members in certain states only.
 */
bool coverage_is_reachable(int state, int column);
void coverage_count(struct sim *sim, const struct event *event);
void coverage_print(const struct coverage *coverage);
unsigned coverage_missing(const struct coverage *coverage);

#endif
