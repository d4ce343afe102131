/* What will happen and when, and the dice. */
#ifndef BULKHEAD_TESTS_SIM_AGENDA_H
#define BULKHEAD_TESTS_SIM_AGENDA_H

#include "core/event.h"

struct sim;

enum happening_kind {
    HAPPENS_EVENT,       // `event` is told to the fleet
    HAPPENS_EXEC,        // the newborn becomes the program
    HAPPENS_EXEC_FAILS,  // the newborn says why and exits
    HAPPENS_FATE,        // the main process meets its fate
    HAPPENS_CHILD_OOM,   // a child is killed for memory
    HAPPENS_MISHAP,      // the limit is met and nobody is killed
    HAPPENS_MAIN_EXIT,   // the main process exits, on its own account or on a signal
    HAPPENS_CHILDREN_GO, // the children exit
    HAPPENS_SIGKILL,     // everything in the compartment that can die dies
    HAPPENS_THAW,        // what was stuck in the kernel goes on
    HAPPENS_AIDE_ENDS,   // a probe or a hook ends as `event` says
    HAPPENS_NOTHING,     // to one who is no member any more
    HAPPENS_ECHO,        // something that was told long ago is told again
};

struct happening {
    instant at;
    uint64_t order; // of two at the same instant
    enum happening_kind kind;
    uint32_t member;
    uint32_t generation;
    int32_t code; // MAIN_EXIT
    int32_t signal;
    enum verdict_kind death; // MAIN_EXIT: the true cause
    struct event event;
};

struct agenda {
    struct happening *heap;
    size_t count;
    size_t capacity;
    uint64_t order;
};

struct happening *agenda_add(struct sim *sim, instant at, enum happening_kind kind,
                             uint32_t member); // valid until the next call
void agenda_event(struct sim *sim, instant at, const struct event *event);
instant agenda_next(const struct sim *sim);
struct happening agenda_take(struct sim *sim);

/* Chance: all of it comes from the seed. */
uint64_t draw(struct sim *sim, uint64_t below);
bool chance(struct sim *sim, unsigned percent);
span draw_span(struct sim *sim, int64_t least_us, int64_t most_us);

#endif
