/* What is read of the kernel at the moment in which a fact is told. */
#include "tests/sim/world.h"

#include "tests/sim/sim.h"

/* The kernel counts first, and then sends the signal. */
static bool is_seen_dying(struct sim *sim, const struct box *box)
{
    bool is_sent = instant_reached(instant_add(box->condemned, span_ms(1)), sim->now);

    return box->is_alive && box->memory_death != VERDICT_NONE && (is_sent || chance(sim, 50));
}

void world_read(struct sim *sim, struct event *event)
{
    struct box *box = &sim->boxes[event->member];
    const struct policy *policy = &sim->roster.members[event->member].policy;

    if (event->generation != box->generation || !event_is_fact(event->kind))
        return;
    if (event->kind == EVENT_DEAD || event->kind == EVENT_MEMORY || event->kind == EVENT_EMPTY) {
        event->reading = box->counters;
        budget_read(sim, event->member, &event->reading);
        event->reading.populated = box_is_populated(box);
        event->dying = event->kind == EVENT_MEMORY && is_seen_dying(sim, box);
        if (((policy->oom_group && box->counters.oom_kill > 0) || event->dying) &&
            event->kind == EVENT_MEMORY)
            box->noticed = instant_min(box->noticed, sim->now);
    }
    if (!policy->oom_group && !event->dying && box->memory_death != VERDICT_NONE &&
        event->kind == EVENT_MEMORY && box->taken_for_child.ns == INSTANT_NEVER.ns) {
        box->taken_for_child = sim->now;
        box->was_late = budget_late(sim, event->member);
    }
    if (event->kind == EVENT_MEMORY && box->child_kill_news) {
        box->child_kill_news = false;
        box->ambiguous_until = instant_add(sim->now, CHILD_SETTLED);
    }
    if (event->kind == EVENT_EXAMINED)
        world_examined(sim, event);
    if (event->kind != EVENT_RELEASED || !box_is_populated(box)) // else it was never true
        sim->echoes[event->member][event->kind] = *event;
    box->told_step |= event->kind == EVENT_SPAWN_FAILED;
    if (event->kind == EVENT_EMPTY)
        box->told_empty = instant_min(box->told_empty, sim->now);
}
