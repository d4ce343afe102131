/* The simulated kernel: compartments and what runs in them, as it really is. */
#ifndef BULKHEAD_TESTS_SIM_WORLD_H
#define BULKHEAD_TESTS_SIM_WORLD_H

#include "core/fleet.h"
#include "tests/sim/agenda.h"

/* How a main process ends when nobody interferes. */
enum fate {
    FATE_EXIT_0,
    FATE_EXIT_1,
    FATE_CRASH,
    FATE_KILLED, // by somebody
    FATE_OOM,    // at its own limit
    FATE_OOM_GROUP,
    FATE_OOM_OUTSIDE,
    FATE_NONE,
    FATES_COUNT
};

/* A compartment and what runs in it, as it really is. */
struct box {
    uint32_t generation; // 0: none yet
    bool buried;
    bool is_born;
    bool is_alive;       // the main process
    bool is_program;     // it has executed
    bool is_stuck;       // in the kernel: signals wait for the thaw
    bool never_executes; // hangs on the way to the program
    bool kill_pending;
    bool ignores_stop;
    bool loses_record;  // nobody will say that it ended
    bool hides_status;  // that it ended is known, how is not
    bool children_stay; // until they are killed
    uint32_t children;
    enum fate fate;
    struct reading counters;
    int64_t enclosing_at_birth;
    instant spawned_told; // nothing else is told before
    /* the truth about its end */
    enum verdict_kind death;        // NONE: alive, or never born
    enum verdict_kind memory_death; // NONE: not to die for memory; else: at which limit
    uint32_t child_kills;           // for memory
    bool child_kill_news;           // and not told yet
    int32_t code;
    int32_t signal;
    int64_t step;
    int64_t error;
    instant died;
    instant ambiguous_until; // a child's OOM kill may be taken for the main process's until then
    bool met_limit;          // an allocation failed at its own limit
    bool told_step;          // SPAWN_FAILED was told
    instant told_empty;      // when first; NEVER: not yet
    instant taken_for_child; // its own death for memory: nobody could tell; NEVER: not so
    instant noticed;         // first notice of a kill for memory that is to end it all; NEVER: none
};

void world_happens(struct sim *sim, const struct happening *happening);
struct event world_echo(struct sim *sim, uint32_t member); // for ECHO: to be told at once
void world_act(struct sim *sim, const struct effect *effect);
bool box_is_populated(const struct box *box);
/* Before a fact reaches the fleet: the counters are read now. */
void world_read(struct sim *sim, struct event *event);

#endif
