/* See fleet.h. */
#include "core/fleet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Most effects that one step can produce for one member: a death that is followed at once by the
 * next birth (VERDICT, MARK, SHIFT, SPAWN, BURY) or by an opened gate, with room to spare. */
#define EFFECTS_PER_MEMBER 10

int fleet_init(struct fleet *fleet, const struct roster *roster)
{
    uint32_t count = roster->members_count;

    *fleet = (struct fleet){.roster = roster};
    fleet->members = calloc((size_t)count + 1, sizeof(*fleet->members));
    fleet->effects.capacity = count * EFFECTS_PER_MEMBER + EFFECTS_PER_MEMBER;
    fleet->effects.item = calloc((size_t)fleet->effects.capacity + 1, sizeof(*fleet->effects.item));
    fleet->needed = calloc((size_t)count + 1, sizeof(*fleet->needed));
    fleet->queue = calloc((size_t)count + 1, sizeof(*fleet->queue));
    if (!fleet->members || !fleet->effects.item || !fleet->needed || !fleet->queue) {
        fleet_finish(fleet);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < count; i++)
        incarnation_init(&fleet->members[i]);
    return 0;
}

void fleet_finish(struct fleet *fleet)
{
    free(fleet->members);
    free(fleet->effects.item);
    free(fleet->needed);
    free(fleet->queue);
    *fleet = (struct fleet){0};
}

static void step_member(struct fleet *fleet, uint32_t index, int kind, const struct event *event,
                        int64_t wall_ns)
{
    struct context context = {
        .policy = &fleet->roster->members[index].policy,
        .member = index,
        .now = fleet->now,
        .wall_ns = wall_ns,
        .random = &fleet->random,
        .sequence = &fleet->sequence,
        .effects = &fleet->effects,
    };

    lifecycle_step(&fleet->members[index], kind, event, &context);
}

/* --- dependency gates --------------------------------------------------------------------- */

static bool completed(const struct incarnation *incarnation)
{
    return incarnation->state == STATE_EXITED && incarnation->last.kind == VERDICT_DONE;
}

static bool need_met(const struct fleet *fleet, const struct need *need)
{
    const struct incarnation *on = &fleet->members[need->member];

    if (completed(on))
        return true;
    /* What is about to leave is not there any more. */
    if (need->condition == NEED_STARTED && on->state == STATE_RUNNING && on->want)
        return true;
    return need->optional && (lifecycle_at_rest(on) || on->state == STATE_QUARANTINED);
}

ptrdiff_t fleet_waits_for(const struct fleet *fleet, uint32_t member)
{
    const struct member *self = &fleet->roster->members[member];

    for (uint32_t i = 0; i < self->needs_count; i++) {
        const struct need *need = &fleet->roster->needs[self->first_need + i];
        if (!need_met(fleet, need))
            return (ptrdiff_t)need->member;
    }
    return -1;
}

static bool is_leaving(const struct incarnation *incarnation)
{
    switch ((enum state)incarnation->state) {
    case STATE_PREPARING:
    case STATE_STARTING:
    case STATE_RUNNING:
    case STATE_KILLING:
        return !incarnation->want;
    case STATE_LEAVING:
        return true;
    case STATE_STOPPING: // without a deadline (a signal on request) it may stay for ever
        return incarnation->deadline_ns != INSTANT_NEVER.ns;
    case STATE_CREATED:
    case STATE_WAITING:
    case STATE_BACKOFF:
    case STATE_HELD:
    case STATE_EXITED:
    case STATE_QUARANTINED: // may stay for ever: nobody waits for it
    case STATES_COUNT:
        break;
    }
    return false;
}

static bool has_process(const struct incarnation *incarnation)
{
    return incarnation->state == STATE_STARTING || incarnation->state == STATE_RUNNING ||
           incarnation->state == STATE_STOPPING || incarnation->state == STATE_KILLING;
}

static uint32_t mark_needs(struct fleet *fleet, uint32_t member, uint32_t end)
{
    const struct member *self = &fleet->roster->members[member];

    for (uint32_t i = 0; i < self->needs_count; i++) {
        uint32_t on = fleet->roster->needs[self->first_need + i].member;
        if (!fleet->needed[on]) {
            fleet->needed[on] = true;
            fleet->queue[end++] = on;
        }
    }
    return end;
}

/* Those who need a member and are going down as well go first; a member in between that has no
 * process passes the need on to what it needs itself. */
static void mark_needed(struct fleet *fleet)
{
    uint32_t count = fleet->roster->members_count, end = 0;

    memset(fleet->needed, 0, count * sizeof(*fleet->needed));
    for (uint32_t i = 0; i < count; i++)
        if (is_leaving(&fleet->members[i]))
            end = mark_needs(fleet, i, end);
    while (end > 0) {
        uint32_t member = fleet->queue[--end];
        if (!has_process(&fleet->members[member]))
            end = mark_needs(fleet, member, end);
    }
}

static bool wants_to_leave(const struct incarnation *incarnation)
{
    return (incarnation->state == STATE_STARTING || incarnation->state == STATE_RUNNING) &&
           !incarnation->want;
}

static bool somebody_wants_to_leave(const struct fleet *fleet)
{
    for (uint32_t i = 0; i < fleet->roster->members_count; i++)
        if (wants_to_leave(&fleet->members[i]))
            return true;
    return false;
}

/* One look at a member's gates; true when something came of it. */
static bool judge_gate(struct fleet *fleet, uint32_t index, int64_t wall_ns)
{
    const struct incarnation *self = &fleet->members[index];
    int64_t before = self->changed;

    if (self->state == STATE_WAITING) {
        if (!fleet->ending && fleet_waits_for(fleet, index) < 0)
            step_member(fleet, index, INNER_OPEN, NULL, wall_ns);
    } else if (wants_to_leave(self)) {
        if (self->grace_ns == 0 || !fleet->needed[index])
            step_member(fleet, index, INNER_RELEASE, NULL, wall_ns);
    }
    return self->changed != before;
}

static void judge_gates(struct fleet *fleet, int64_t wall_ns)
{
    bool changed = true;

    while (changed) {
        changed = false;
        if (somebody_wants_to_leave(fleet))
            mark_needed(fleet);
        for (uint32_t i = 0; i < fleet->roster->members_count; i++)
            changed |= judge_gate(fleet, i, wall_ns);
    }
}

static void finish_if_done(struct fleet *fleet)
{
    if (!fleet->ending || fleet->finished)
        return;
    for (uint32_t i = 0; i < fleet->roster->members_count; i++)
        if (!lifecycle_at_rest(&fleet->members[i]) && fleet->members[i].state != STATE_QUARANTINED)
            return;
    fleet->finished = true;
    effects_add(&fleet->effects, EFFECT_FINISH, 0);
}

/* --- events ------------------------------------------------------------------------------- */

static void go_down(struct fleet *fleet, const struct event *event)
{
    fleet->ending = true;
    for (uint32_t i = 0; i < fleet->roster->members_count; i++) {
        struct event stop = *event;
        stop.kind = EVENT_STOP;
        stop.member = i;
        step_member(fleet, i, EVENT_STOP, &stop, event->wall_ns);
    }
}

static void tick(struct fleet *fleet, const struct event *event)
{
    for (uint32_t i = 0; i < fleet->roster->members_count; i++)
        if (instant_reached((instant){fleet->members[i].deadline_ns}, fleet->now))
            step_member(fleet, i, INNER_DEADLINE, NULL, event->wall_ns);
}

/* Starts or restarts a member, and starts what it needs and what is not there: it would wait for
 * that in vain. The graph has no cycles (the loader refuses them); a hostile one ends because what
 * is wanted already is not visited again. */
static void start_with_needs(struct fleet *fleet, uint32_t index, enum event_kind kind,
                             const struct event *event)
{
    const struct member *self = &fleet->roster->members[index];

    step_member(fleet, index, (int)kind, event, event->wall_ns);
    for (uint32_t i = 0; i < self->needs_count; i++) {
        const struct need *need = &fleet->roster->needs[self->first_need + i];
        const struct incarnation *on = &fleet->members[need->member];
        if (!need->optional && !on->want && !on->again && !completed(on))
            start_with_needs(fleet, need->member, EVENT_START, event);
    }
}

static void member_event(struct fleet *fleet, const struct event *event)
{
    if (event->member >= fleet->roster->members_count)
        return;
    if (fleet->ending && (event->kind == EVENT_START || event->kind == EVENT_RESTART))
        return;
    if (event->kind == EVENT_START || event->kind == EVENT_RESTART)
        start_with_needs(fleet, event->member, event->kind, event);
    else
        step_member(fleet, event->member, (int)event->kind, event, event->wall_ns);
}

void fleet_step(struct fleet *fleet, const struct event *event)
{
    fleet->effects.count = 0;
    if (event->at.ns > fleet->now.ns)
        fleet->now = event->at;
    switch (event->kind) {
    case EVENT_BEGIN:
        fleet->random = (uint64_t)event->seed;
        break;
    case EVENT_DOWN:
        go_down(fleet, event);
        break;
    case EVENT_TICK:
        tick(fleet, event);
        break;
    case EVENT_START:
    case EVENT_STOP:
    case EVENT_RESTART:
    case EVENT_KILL:
    case EVENT_FORGET:
    case EVENT_SPAWNED:
    case EVENT_SPAWN_FAILED:
    case EVENT_EXECED:
    case EVENT_DEAD:
    case EVENT_MEMORY:
    case EVENT_EMPTY:
    case EVENT_PROBED:
    case EVENT_HOOKED:
        member_event(fleet, event);
        break;
    case EVENTS_COUNT:
        break;
    }
    if (event_is_request(event->kind) && event->more)
        return;
    judge_gates(fleet, event->wall_ns);
    finish_if_done(fleet);
}

instant fleet_deadline(const struct fleet *fleet)
{
    instant earliest = INSTANT_NEVER;

    for (uint32_t i = 0; i < fleet->roster->members_count; i++)
        earliest = instant_min(earliest, (instant){fleet->members[i].deadline_ns});
    return earliest;
}

void fleet_reload(struct fleet *fleet, const struct fleet *old, const int32_t *old_index)
{
    for (uint32_t i = 0; i < fleet->roster->members_count; i++)
        if (old_index[i] >= 0 && (uint32_t)old_index[i] < old->roster->members_count)
            fleet->members[i] = old->members[old_index[i]];
    fleet->random = old->random;
    fleet->sequence = old->sequence;
    fleet->now = old->now;
    fleet->ending = old->ending;
    fleet->finished = old->finished;
}
