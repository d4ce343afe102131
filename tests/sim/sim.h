/* The simulation: the real fleet in a simulated world, under a virtual clock, from one seed.
 *
 * scenario.c draws a stack and what people ask of it, reload.c another plan for it; world*.c are
 * the kernel and its processes, budget.c its groups; tale.c writes the journal and replays it as it
 * is written; check*.c watch every step and know what must never happen; cadence.c is a world of
 * its own, of one member's memory; main.c turns the crank. */
#ifndef BULKHEAD_TESTS_SIM_SIM_H
#define BULKHEAD_TESTS_SIM_SIM_H

#include "core/replay.h"
#include "tests/sim/check.h"
#include "tests/sim/check_report.h"
#include "tests/sim/check_stuck.h"
#include "tests/sim/coverage.h"
#include "tests/sim/world.h"

#define MEMBERS_MAX 40

/* How often a group's limit was met, as far as that was told as somebody's death. */
struct account {
    int64_t oom;
    instant at;     // the last time
    instant any_at; // the same, also where nobody knows what was read
};

/* What the checks know of the governor's reign. */
struct reign_book {
    instant blow;    // the last; NONE: there was none
    instant moment;  // the time in which deaths are counted began
    uint64_t fallen; // who died in it, by member
    instant started; // the last restart that it let go
};

struct tale {
    struct replay *replay;
    char *tail[64]; // last lines of the journal
    uint32_t next;
    uint64_t lines;
};

struct sim {
    uint64_t seed;
    uint64_t random;
    instant now;
    instant horizon; // until then people ask
    struct roster roster;
    struct fleet fleet;
    struct roster twin_roster; // the same, but nobody is told of deaths
    struct fleet twin;
    struct agenda agenda;
    struct box boxes[MEMBERS_MAX];
    struct helper helpers[MEMBERS_MAX][HELPERS];
    struct left left[MEMBERS_MAX][LEFT_KEPT];
    struct event echoes[MEMBERS_MAX][EVENTS_COUNT]; // the last fact of each kind
    struct shadow shadows[MEMBERS_MAX];
    struct earlier earlier[MEMBERS_MAX];
    struct incarnation stale; // of the member of a stale fact, before the step
    struct tale tale;
    struct coverage *coverage;
    int64_t group_oom[SIM_GROUPS]; // how often each met its limit
    struct account accounts[SIM_GROUPS];
    struct reign_book reign;
    int64_t strategy; // of the stack
    bool is_frosty;   // much of what is to end does not, for long
    bool is_calm;     // no faults: everything is told at once, once, and in order
    bool is_stale;    // the event of the step: about what is history
    bool in_batch;    // the last event was a request that others of the same command follow
    uint32_t names;   // of members, ever given
    bool is_down;     // DOWN was asked for
    instant ticked;   // last TICK
    uint32_t ticks;   // at that instant
    uint32_t finishes;
    uint64_t events;
    const char *only;   // the one invariant that counts; NULL: all do
    const char *broken; // name of the invariant, NULL: none
    char why[400];
    bool verbose;
};

void scenario_draw(struct sim *sim);
struct policy scenario_policy(struct sim *sim);
void scenario_health(struct sim *sim, struct policy *policy); // draws what is about probes
void scenario_needs(struct sim *sim, struct roster *roster, const uint32_t *rank);

/* Another plan for the same stack: members go, come and change places, policies change. */
void reload(struct sim *sim);

void budget_groups(struct roster *roster);
void budget_read(const struct sim *sim, uint32_t member, struct reading *reading);
uint32_t budget_meets(struct sim *sim, uint32_t member); // a group around it its limit: which
bool budget_moved(const struct sim *sim, uint32_t member);
bool budget_late(const struct sim *sim, uint32_t member);
void note_budget(struct sim *sim, const struct event *event, uint32_t member);
void check_budget(struct sim *sim, const struct event *event, uint32_t member);

void check_cadence(struct sim *sim);

void tale_begin(struct sim *sim);
void tale_event(struct sim *sim, const struct event *event);
void tale_outcome(struct sim *sim);
void tale_rotate(struct sim *sim);
void tale_end(struct sim *sim);
void tale_finish(struct sim *sim);

#endif
