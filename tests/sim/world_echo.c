/* News that come again long after, and what was never true. */
#include "tests/sim/sim.h"

/* Old news, true once; of one who was never started; or of a failure to start what runs. */
struct event world_echo(struct sim *sim, uint32_t member)
{
    struct event event = {.kind = EVENT_SPAWNED +
                                  (enum event_kind)draw(sim, EVENTS_COUNT - EVENT_SPAWNED)};

    int64_t state = sim->fleet.members[member].state;

    event.member = member;
    if (sim->echoes[member][event.kind].generation)
        return sim->echoes[member][event.kind];
    if (event.kind == EVENT_SPAWN_FAILED &&
        (state == STATE_RUNNING || state == STATE_LEAVING || state == STATE_QUARANTINED)) {
        event.generation = sim->boxes[member].generation;
        event.born = 1;
    }
    if ((event.kind == EVENT_EXAMINED && state != STATE_KILLING) ||
        (event.kind == EVENT_RELEASED &&
         !left_of(sim, member, sim->boxes[member].generation))) // nobody asked
        event.generation = sim->boxes[member].generation;
    return event;
}
