/* What the kernel does not let end: what a look at it finds, and how it goes on when the fleet has
 * given it up. */
#include "tests/sim/world.h"

#include "tests/sim/sim.h"

struct left *left_of(struct sim *sim, uint32_t member, uint32_t generation)
{
    for (int i = 0; i < LEFT_KEPT; i++)
        if (sim->left[member][i].generation == generation)
            return &sim->left[member][i];
    return NULL;
}

/* Not at once, and not always: there may be nobody left to say it. */
void world_examined(struct sim *sim, struct event *event)
{
    const struct box *box = &sim->boxes[event->member];

    event->known = sim->is_calm || chance(sim, 90);
    event->stuck = event->known && box->is_stuck && box_is_populated(box);
    event->held = event->known && box->holds && box_is_populated(box);
}

static void tell_released(struct sim *sim, uint32_t member, uint32_t generation)
{
    const struct event released = {
        .kind = EVENT_RELEASED, .member = member, .generation = generation};

    world_tell(sim, &released);
}

void world_act_stuck(struct sim *sim, const struct effect *effect)
{
    const struct box *box = &sim->boxes[effect->member];
    const struct event examined = {
        .kind = EVENT_EXAMINED, .member = effect->member, .generation = effect->generation};

    if (effect->kind == EFFECT_EXAMINE && box->generation == effect->generation)
        world_tell(sim, &examined);
    if (effect->kind != EFFECT_QUARANTINE)
        return;
    if (!box_is_populated(box)) // it is seen to be empty at the first look
        tell_released(sim, effect->member, effect->generation);
}

void world_empties(struct sim *sim, uint32_t member)
{
    struct left *left = left_of(sim, member, sim->boxes[member].generation);

    if (!left || !left->is_alive)
        return;
    left->is_alive = false;
    tell_released(sim, member, left->generation);
}

void world_lets_go(struct sim *sim, const struct happening *happening)
{
    struct left *left = left_of(sim, happening->member, happening->generation);

    if (!left || !left->is_alive)
        return;
    if (happening->kind == HAPPENS_THAW)
        left->is_stuck = false;
    else if (happening->kind != HAPPENS_SIGKILL || left->is_stuck)
        return;
    left->is_alive = false;
    tell_released(sim, happening->member, left->generation);
}
