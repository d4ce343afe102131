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

/* What probes and hooks of an incarnation have really done, by kind. */
struct care {
    uint32_t ended[AIDE_KINDS];
    uint32_t passed[AIDE_KINDS];
    unsigned illness; // percent of its probes that fail
};

#define HELPERS    4
#define LEFT_KEPT  16
#define SIM_GROUPS 4

/* A probe or a hook, as it really is. */
struct helper {
    uint32_t generation;
    uint32_t serial;
    uint32_t kind; // enum aide_kind
    uint32_t index;
    bool is_alive;
    bool is_stuck; // until a SIGKILL comes through
};

/* What the kernel did not let end, from when the fleet gave it up. */
struct left {
    uint32_t generation; // 0: free
    bool is_alive;
    bool is_stuck; // else it only takes its time
    bool holds;    // what the next one needs
    bool is_left;  // the fleet has gone on without it,
    bool is_buried;
};

/* A compartment and what runs in it, as it really is. */
struct box {
    struct care care;
    uint32_t generation; // 0: none yet
    bool buried;
    bool is_born;
    bool is_alive;       // the main process
    bool is_program;     // it has executed
    bool is_stuck;       // in the kernel: signals wait for the thaw
    bool never_executes; // hangs on the way to the program
    bool kill_pending;
    bool holds; // a port or a lock that the next one needs
    bool ignores_stop;
    bool loses_record;  // nobody will say that it ended
    bool hides_status;  // that it ended is known, how is not
    bool children_stay; // until they are killed
    uint32_t children;
    enum fate fate;
    struct reading counters;
    int64_t group_at_birth[SIM_GROUPS];
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
    bool was_late;           // budget_late when its kill was read for the first time
    bool told_step;          // SPAWN_FAILED was told
    instant told_empty;      // when first; NEVER: not yet
    instant taken_for_child; // its own death for memory: nobody could tell; NEVER: not so
    instant condemned;       // when that was decided
    instant noticed;         // first notice of a kill for memory that is to end it all; NEVER: none
};

void world_happens(struct sim *sim, const struct happening *happening);
struct event world_echo(struct sim *sim, uint32_t member);   // for ECHO: to be told at once
void world_tell(struct sim *sim, const struct event *event); // soon, and perhaps twice
void world_act_aide(struct sim *sim, const struct effect *effect);
void world_aide_ends(struct sim *sim, const struct happening *happening);
void world_act(struct sim *sim, const struct effect *effect);
bool box_is_populated(const struct box *box);
void world_act_stuck(struct sim *sim, const struct effect *effect);
void world_empties(struct sim *sim, uint32_t member); // the box; may be left behind
void world_lets_go(struct sim *sim, const struct happening *happening);
void world_examined(struct sim *sim, struct event *event); // what a look at it finds
/* Before a fact reaches the fleet: the counters are read now. */
void world_read(struct sim *sim, struct event *event);

#endif
