/* See fleet.h. */
#include "core/fleet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/gates.h"

/* Most effects that one step can produce for one member: a death that is followed at once by the
 * next birth (VERDICT, REPORT, MARK, END_AIDE, SHIFT, SPAWN, BURY) or by an opened gate (SHIFT,
 * HOOK), with room to spare. */
#define EFFECTS_PER_MEMBER 14

/* After every change of a member. */
static void look_at(struct fleet *fleet, uint32_t index)
{
    const struct incarnation *member = &fleet->members[index];
    unsigned before = fleet->signs[index], now = gates_signs(member);

    fleet->deadlines[index] =
        instant_min((instant){member->deadline_ns}, (instant){member->aide_ns}).ns;
    if (now == before)
        return;
    /* A gate can open for what a member shows now, or because it is not leaving any more. */
    if (now & ~before & ~(unsigned)SIGN_LEAVING || before & ~now & SIGN_LEAVING)
        fleet->is_stirred = true;
    fleet->signs[index] = (uint16_t)now;
    fleet->waiting += ((now & SIGN_WAITING) != 0) - (uint32_t)((before & SIGN_WAITING) != 0);
    fleet->wishing += ((now & SIGN_WISH) != 0) - (uint32_t)((before & SIGN_WISH) != 0);
    fleet->gathering += ((now & SIGN_GATHERING) != 0) - (uint32_t)((before & SIGN_GATHERING) != 0);
    fleet->resting += ((now & SIGN_RESTING) != 0) - (uint32_t)((before & SIGN_RESTING) != 0);
}

int fleet_init(struct fleet *fleet, const struct roster *roster)
{
    uint32_t count = roster->members_count;

    *fleet = (struct fleet){.roster = roster, .culprit = UINT32_MAX};
    fleet->members = calloc((size_t)count + 1, sizeof(*fleet->members));
    fleet->spent = calloc((size_t)count + 1, sizeof(*fleet->spent));
    fleet->kept = calloc((size_t)count + 1, sizeof(*fleet->kept));
    fleet->effects.capacity = count * EFFECTS_PER_MEMBER + EFFECTS_PER_MEMBER;
    fleet->effects.item = calloc((size_t)fleet->effects.capacity + 1, sizeof(*fleet->effects.item));
    fleet->signs = calloc((size_t)count + 1, sizeof(*fleet->signs));
    fleet->deadlines = calloc((size_t)count + 1, sizeof(*fleet->deadlines));
    fleet->needed = calloc((size_t)count + 1, sizeof(*fleet->needed));
    fleet->queue = calloc((size_t)count + 1, sizeof(*fleet->queue));
    if (!fleet->members || !fleet->spent || !fleet->kept || !fleet->effects.item || !fleet->signs ||
        !fleet->deadlines || !fleet->needed || !fleet->queue) {
        fleet_finish(fleet);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < count; i++) {
        incarnation_init(&fleet->members[i]);
        look_at(fleet, i);
    }
    return 0;
}

void fleet_finish(struct fleet *fleet)
{
    free(fleet->members);
    free(fleet->spent);
    free(fleet->kept);
    free(fleet->effects.item);
    free(fleet->signs);
    free(fleet->deadlines);
    free(fleet->needed);
    free(fleet->queue);
    *fleet = (struct fleet){0};
}

/* A kill in this member was told, and with it what the groups around it had counted: they are not
 * blamed with that for the deaths of others later on. */
static void account(struct fleet *fleet, const struct context *context)
{
    const struct roster *roster = fleet->roster;
    uint32_t levels[ENCLOSING_MAX];
    uint32_t count = group_levels(roster->groups, roster->groups_count,
                                  roster->members[context->member].group, levels);

    for (uint32_t level = 0; level < count; level++)
        for (uint32_t i = 0; context->toll[level] && i < roster->members_count; i++) {
            int32_t theirs = group_level(roster->groups, roster->groups_count,
                                         roster->members[i].group, levels[level]);
            if (i != context->member && theirs >= 0)
                incarnation_pay(&fleet->members[i], theirs, context->toll[level], fleet->now);
        }
}

void fleet_step_member(struct fleet *fleet, uint32_t index, int kind, const struct event *event,
                       int64_t wall_ns)
{
    struct context context = {
        .policy = &fleet->roster->members[index].policy,
        .roster = fleet->roster,
        .member = index,
        .now = fleet->now,
        .wall_ns = wall_ns,
        .random = &fleet->random,
        .sequence = &fleet->sequence,
        .culprit = &fleet->culprit,
        .spent = &fleet->spent[index],
        .governor = &fleet->governor,
        .available_bytes = fleet->available_bytes,
        .stop_stack = &fleet->stop_stack,
        .effects = &fleet->effects,
    };

    lifecycle_step(&fleet->members[index], kind, event, &context);
    look_at(fleet, index);
    account(fleet, &context);
}

static void finish_if_done(struct fleet *fleet)
{
    if (!fleet->ending || fleet->finished)
        return;
    if (fleet->resting < fleet->roster->members_count)
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
        fleet_step_member(fleet, i, EVENT_STOP, &stop, event->wall_ns);
    }
}

/* A member whose budget is used up: it comes to be held once the rest of it is gone. */
static bool gives_up(const struct incarnation *self)
{
    bool is_dead = self->state == STATE_KILLING || self->state == STATE_QUARANTINED;

    return is_dead && self->want && self->judged && self->last.next == NEXT_STOP_STACK;
}

/* As if everybody was asked to stop; the supervisor stays, and what is asked for later is done. */
static void stop_stack(struct fleet *fleet, const struct event *cause)
{
    struct event stop = {.kind = EVENT_STOP, .grace_ns = EVENT_GRACE_POLICY, .at = cause->at};

    fleet->stop_stack = false;
    for (uint32_t i = 0; i < fleet->roster->members_count; i++) {
        stop.member = i;
        if (!gives_up(&fleet->members[i]))
            fleet_step_member(fleet, i, EVENT_STOP, &stop, cause->wall_ns);
    }
}

/* Who is up is stopped and comes back; who is on its way anyhow goes on. Together they start when
 * all have stopped, as their needs allow. */
static void restart_others(struct fleet *fleet, const struct event *cause)
{
    struct event restart = {.kind = EVENT_RESTART, .grace_ns = EVENT_GRACE_POLICY, .at = cause->at};
    uint32_t culprit = fleet->culprit;
    bool all = fleet->roster->members[culprit].policy.strategy == STRATEGY_ONE_FOR_ALL;

    fleet->culprit = UINT32_MAX;
    for (uint32_t i = all ? 0 : culprit; i < fleet->roster->members_count; i++) {
        struct incarnation *self = &fleet->members[i];
        bool is_up = self->state == STATE_PREPARING || self->state == STATE_STARTING ||
                     self->state == STATE_RUNNING;
        if ((!self->want && !self->again) || lifecycle_at_rest(self) ||
            self->state == STATE_QUARANTINED)
            continue;
        self->together = 1;
        restart.member = i;
        if (is_up && self->want)
            fleet_step_member(fleet, i, EVENT_RESTART, &restart, cause->wall_ns);
        else
            look_at(fleet, i);
    }
}

static bool is_due(const struct fleet *fleet, int64_t at_ns)
{
    return instant_reached((instant){at_ns}, fleet->now);
}

static void tick(struct fleet *fleet, const struct event *event)
{
    for (uint32_t i = 0; i < fleet->roster->members_count; i++) {
        if (!is_due(fleet, fleet->deadlines[i]))
            continue;
        if (is_due(fleet, fleet->members[i].deadline_ns))
            fleet_step_member(fleet, i, INNER_DEADLINE, NULL, event->wall_ns);
        if (is_due(fleet, fleet->members[i].aide_ns))
            fleet_step_member(fleet, i, INNER_AIDE, NULL, event->wall_ns);
    }
}

static bool is_to_come(const struct fleet *fleet, const struct need *need)
{
    const struct incarnation *on = &fleet->members[need->member];
    bool is_past = need->condition != NEED_HEALTHY && fleet->signs[need->member] & SIGN_COMPLETED;

    return on->want || on->again || is_past;
}

/* Starts or restarts a member, and starts what it needs and what is not there: it would wait for
 * that in vain. The graph has no cycles (the loader refuses them); a hostile one ends because what
 * is wanted already is not visited again. */
static void start_with_needs(struct fleet *fleet, uint32_t index, enum event_kind kind,
                             const struct event *event)
{
    const struct member *self = &fleet->roster->members[index];

    fleet_step_member(fleet, index, (int)kind, event, event->wall_ns);
    for (uint32_t i = 0; !event->alone && i < self->needs_count; i++) {
        const struct need *need = &fleet->roster->needs[self->first_need + i];
        if (!need->optional && !is_to_come(fleet, need))
            start_with_needs(fleet, need->member, EVENT_START, event);
    }
}

static bool restarts_with(const struct fleet *fleet, uint32_t index, uint32_t on)
{
    const struct member *self = &fleet->roster->members[index];

    for (uint32_t i = 0; i < self->needs_count; i++) {
        const struct need *need = &fleet->roster->needs[self->first_need + i];
        if (need->restart && need->member == on)
            return true;
    }
    return false;
}

/* Who depends on it with `restart: true` and is up is restarted, too, and so on. Ends because who
 * is restarted is not wanted before it rests. */
static void restart_dependents(struct fleet *fleet, uint32_t on, const struct event *event)
{
    for (uint32_t i = 0; i < fleet->roster->members_count; i++) {
        if (!(fleet->signs[i] & SIGN_PROCESS) || !fleet->members[i].want ||
            !restarts_with(fleet, i, on))
            continue;
        fleet_step_member(fleet, i, EVENT_RESTART, event, event->wall_ns);
        restart_dependents(fleet, i, event);
    }
}

static void member_event(struct fleet *fleet, const struct event *event)
{
    bool is_start = event->kind == EVENT_START || event->kind == EVENT_RESTART;

    if (event->member >= fleet->roster->members_count || (fleet->ending && is_start))
        return;
    if (is_start)
        start_with_needs(fleet, event->member, event->kind, event);
    else
        fleet_step_member(fleet, event->member, (int)event->kind, event, event->wall_ns);
    if (event->kind == EVENT_RESTART && !event->alone)
        restart_dependents(fleet, event->member, event);
}

void fleet_step(struct fleet *fleet, const struct event *event)
{
    fleet->effects.count = 0;
    fleet->available_bytes = event->available_bytes;
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
    case EVENT_ADOPT: // what has happened meanwhile follows as facts
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
    case EVENT_EXAMINED:
    case EVENT_RELEASED:
        member_event(fleet, event);
        break;
    case EVENTS_COUNT:
        break;
    }
    if (fleet->culprit != UINT32_MAX)
        restart_others(fleet, event);
    if (fleet->stop_stack)
        stop_stack(fleet, event);
    if (event_is_request(event->kind) && event->more)
        return;
    fleet->is_reloaded = false;
    gates_judge(fleet, event->wall_ns);
    finish_if_done(fleet);
}

instant fleet_deadline(const struct fleet *fleet)
{
    int64_t earliest = fleet->is_reloaded ? fleet->now.ns : INT64_MAX;

    for (uint32_t i = 0; i < fleet->roster->members_count; i++)
        earliest = fleet->deadlines[i] < earliest ? fleet->deadlines[i] : earliest;
    return (instant){earliest};
}

bool fleet_asks_for_memory(const struct fleet *fleet, instant now)
{
    return governor_reigns(&fleet->governor, now);
}

void fleet_restore(struct fleet *fleet, uint32_t member, const struct incarnation *incarnation,
                   const struct spent *spent)
{
    fleet->members[member] = *incarnation;
    spent_copy(&fleet->spent[member], spent);
    look_at(fleet, member);
}

void fleet_reload(struct fleet *fleet, const struct fleet *old, const int32_t *old_index)
{
    for (uint32_t i = 0; i < fleet->roster->members_count; i++) {
        if (old_index[i] < 0 || (uint32_t)old_index[i] >= old->roster->members_count)
            continue;
        fleet_restore(fleet, i, &old->members[old_index[i]], &old->spent[old_index[i]]);
        fleet->kept[i] = old->kept[old_index[i]];
    }
    fleet->random = old->random;
    fleet->governor = old->governor;
    fleet->sequence = old->sequence;
    fleet->now = old->now;
    fleet->ending = old->ending;
    fleet->finished = old->finished;
    fleet->is_reloaded = true; // there may be other needs now
}
