/* The simulated kernel, its processes, and who looks after the stack. Private to this room. */
#ifndef BULKHEAD_SIMULATION_WORLD_H
#define BULKHEAD_SIMULATION_WORLD_H

#include "core/fleet.h"
#include "simulation/calendar.h"
#include "simulation/simulate.h"

/* What takes its time although nothing is wrong. */
#define BIRTH_TAKES   span_ns(200 * NSEC_PER_USEC) // clone3
#define EXEC_TAKES    span_ms(2)                   // from there to the program
#define LEAVING_TAKES span_ms(100)                 // from the stop signal to the end
#define KILLING_TAKES span_ms(5)                   // from cgroup.kill to an empty compartment
#define AIDE_TAKES    span_ms(50)                  // a probe that is answered, a hook

/* A compartment and its main process, as it really is. */
struct box {
    uint32_t generation;
    bool is_alive;
    bool is_program;
    bool is_serving;  // it has come up, and still answers
    bool is_hung;     // and never will again
    bool is_awaited;  // somebody will come and start it
    bool is_away;     // something that it needs is
    uint64_t life;    // number of the last, from 1
    uint64_t dice;    // of the member; each life has its own of it
    double bytes;     // of memory, at `since`,
    double growth;    // and a second
    instant since;    //
    instant down;     // since when it does not serve and is to; NEVER: it serves or need not
    uint64_t outages; // dice of what it needs
    struct reading counters;
};

struct world {
    const struct simulation *simulation;
    struct fleet fleet;
    struct calendar calendar;
    struct box *boxes; // one a member
    struct simulation_result *result;
    int64_t *group_oom; // counters of the groups
    instant begun;
    instant now;
    instant held; // when the first was given up; NEVER: nobody was
    uint32_t forecast;
    bool had_outside;
    bool failed; // no memory
};

/* --- world.c --- */
int world_begin(struct world *world, const struct simulation *simulation, uint32_t run,
                struct simulation_result *result);
void world_finish(struct world *world);
void world_turn(struct world *world, instant end); // up to there
void world_close(struct world *world);             // counts what is still down

/* --- life.c: what happens to one incarnation --- */
void life_begin(struct world *world, uint32_t member, uint32_t generation); // SPAWN
void life_signal(struct world *world, uint32_t member, int32_t signal);     // SIGNAL
void life_kill(struct world *world, uint32_t member);                       // KILL
void life_happens(struct world *world, const struct happening *happening);
void life_dies_for_memory(struct world *world, uint32_t member, enum verdict_kind limit,
                          uint32_t level);
void life_down(struct world *world, uint32_t member); // it does not serve from now on
void life_up(struct world *world, uint32_t member);   // it does, or need not

/* --- full.c: memory that many share --- */
#define LEVEL_HOST UINT32_MAX
int64_t full_bytes(const struct world *world, uint32_t member); // that it has now
int64_t full_available(const struct world *world);              // 0: the host has no end
void full_forecast(struct world *world);                        // after each change
void full_happens(struct world *world, const struct happening *happening);

void world_step(struct world *world, struct event *event);
void world_plan(struct world *world, span after, const struct happening *happening);

#endif
