/* Invariants of a step: what the fleet may do, to whom, and when. */
#include "tests/sim/check.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/sim.h"

void break_rule(struct sim *sim, const char *invariant, const char *format, ...)
{
    va_list arguments;

    if (sim->broken || (sim->only && strcmp(sim->only, invariant) != 0))
        return;
    sim->broken = invariant;
    va_start(arguments, format);
    vsnprintf(sim->why, sizeof(sim->why), format, arguments);
    va_end(arguments);
}

const struct need *need_of(const struct sim *sim, uint32_t member, uint32_t index)
{
    return &sim->roster.needs[sim->roster.members[member].first_need + index];
}

static bool has_process(const struct sim *sim, uint32_t member)
{
    int64_t state = sim->fleet.members[member].state;

    return state == STATE_PREPARING || state == STATE_STARTING || state == STATE_RUNNING ||
           state == STATE_LEAVING || state == STATE_STOPPING || state == STATE_KILLING;
}

/* Going down, and sure to have gone some day. */
static bool is_leaving(const struct sim *sim, uint32_t member)
{
    const struct incarnation *it = &sim->fleet.members[member];

    return has_process(sim, member) && !it->want &&
           !(it->state == STATE_STOPPING && it->deadline_ns == INT64_MAX);
}

/* Does `from` need `to`, directly or over members without a process? */
static bool leads_to(const struct sim *sim, uint32_t from, uint32_t to, uint64_t *seen)
{
    for (uint32_t i = 0; i < sim->roster.members[from].needs_count; i++) {
        uint32_t on = need_of(sim, from, i)->member;
        if (on == to)
            return true;
        if (!(*seen >> on & 1) && !has_process(sim, on)) {
            *seen |= UINT64_C(1) << on;
            if (leads_to(sim, on, to, seen))
                return true;
        }
    }
    return false;
}

static int who_must_go_first(const struct sim *sim, uint32_t member)
{
    for (uint32_t i = 0; i < sim->roster.members_count; i++) {
        uint64_t seen = 0;
        if (i != member && is_leaving(sim, i) && leads_to(sim, i, member, &seen))
            return (int)i;
    }
    return -1;
}

static bool is_at_rest(const struct sim *sim, uint32_t member)
{
    int64_t state = sim->fleet.members[member].state;

    return state == STATE_CREATED || state == STATE_HELD || state == STATE_EXITED;
}

static bool is_well(const struct sim *sim, uint32_t member)
{
    if (sim->shadows[member].is_vague)
        return sim->fleet.members[member].health == HEALTH_HEALTHY;
    return expected_health(sim, member) == HEALTH_HEALTHY;
}

static bool is_there(const struct sim *sim, const struct need *need)
{
    const struct incarnation *on = &sim->fleet.members[need->member];

    bool is_up = on->state == STATE_RUNNING && on->want && sim->shadows[need->member].book.is_ready;

    if (need->condition != NEED_HEALTHY && on->state == STATE_EXITED &&
        on->last.kind == VERDICT_DONE)
        return true;
    if (need->condition == NEED_STARTED && is_up)
        return true;
    if (need->condition == NEED_HEALTHY && is_up && is_well(sim, need->member))
        return true;
    return need->optional && (is_at_rest(sim, need->member) || on->state == STATE_QUARANTINED);
}

static int missing_need(const struct sim *sim, uint32_t member)
{
    for (uint32_t i = 0; i < sim->roster.members[member].needs_count; i++)
        if (!is_there(sim, need_of(sim, member, i)))
            return (int)need_of(sim, member, i)->member;
    return -1;
}

/* --- before a step ------------------------------------------------------------------------ */

void check_before(struct sim *sim, const struct event *event)
{
    for (uint32_t i = 0; i < sim->roster.members_count; i++) {
        const struct incarnation *it = &sim->fleet.members[i];
        sim->earlier[i] = (struct earlier){
            it->state,       it->want,
            it->again,       instant_min((instant){it->deadline_ns}, (instant){it->aide_ns}).ns,
            it->deadline_ns, it->grace_ns,
            it->alone,       it->aide_ended != 0};
    }
    coverage_count(sim, event);
    sim->is_stale = is_stale(sim, event);
    note_victims(sim, event);
    if (sim->is_stale)
        sim->stale = sim->fleet.members[event->member];
    if (event_is_request(event->kind))
        note_request(sim, event);
    if (event->kind == EVENT_DOWN) {
        sim->is_down = true;
        for (uint32_t i = 0; i < sim->roster.members_count; i++)
            sim->shadows[i].owed = false;
    }
}

/* --- effects ------------------------------------------------------------------------------ */

static bool is_due(const struct sim *sim, const struct event *event, uint32_t member)
{
    return event->kind == EVENT_TICK && sim->earlier[member].deadline_ns <= event->at.ns;
}

/* Is this about a member that the event names, or of which its own time has come? */
static bool is_its_own(const struct sim *sim, const struct event *event, uint32_t member)
{
    if (event->kind == EVENT_DOWN || is_due(sim, event, member))
        return true;
    return event->kind >= EVENT_START && event->member == member;
}

/* Does `member` go down and come up with `on`? */
static bool restarts_with(const struct sim *sim, uint32_t member, uint32_t on)
{
    for (uint32_t i = 0; i < sim->roster.members[member].needs_count; i++) {
        const struct need *need = need_of(sim, member, i);
        if (need->restart && (need->member == on || restarts_with(sim, need->member, on)))
            return true;
    }
    return false;
}

/* Others are touched by gates alone, or because a started member needs them. */
static void check_cause(struct sim *sim, const struct event *event, const struct effect *effect)
{
    const struct earlier *earlier = &sim->earlier[effect->member];
    bool is_touch = effect->kind == EFFECT_SIGNAL || effect->kind == EFFECT_KILL;
    bool is_start = event->kind == EVENT_START || event->kind == EVENT_RESTART;

    if (effect->kind == EFFECT_FINISH)
        return;
    if (!is_its_own(sim, event, effect->member)) {
        bool opened = earlier->state == STATE_WAITING && !is_touch && effect->kind != EFFECT_BURY;
        bool released =
            !earlier->want && (earlier->state == STATE_STARTING || earlier->state == STATE_RUNNING);
        bool needed = is_start && !event->alone && !is_touch && !earlier->want;
        bool restarted = event->kind == EVENT_RESTART && !event->alone && earlier->want &&
                         restarts_with(sim, effect->member, event->member);
        if (!opened && !released && !needed && !restarted && !stops_stack(sim) &&
            !is_restarted_with(sim, effect->member))
            break_rule(sim, "siblings-untouched", "m%u: %s because of m%u's %s", effect->member,
                       effect_name(effect->kind), event->member, event_name(event->kind));
        return;
    }
    if (is_touch && event->kind != EVENT_DOWN && !is_due(sim, event, effect->member) &&
        earlier->want && event->kind != EVENT_STOP && event->kind != EVENT_RESTART &&
        event->kind != EVENT_KILL && event->kind != EVENT_DEAD && event->kind != EVENT_PROBED &&
        event->kind != EVENT_HOOKED && !sim->shadows[effect->member].toll.victims)
        break_rule(sim, "siblings-untouched", "m%u: %s without a cause (%s)", effect->member,
                   effect_name(effect->kind), event_name(event->kind));
}

/* Started by its policy. */
static void check_again(struct sim *sim, uint32_t member)
{
    struct shadow *shadow = &sim->shadows[member];

    shadow->restarts++;
    if (!instant_reached(instant_add(shadow->told_at, shadow->verdict.delay), sim->now) ||
        !instant_reached(shadow->announced, sim->now))
        break_rule(sim, "no-start-before-deadline", "started too early");
    if (shadow->restarts > shadow->budget)
        break_rule(sim, "budget-kept", "restart %lld of %lld", (long long)shadow->restarts,
                   (long long)shadow->budget);
    if (sim->is_down)
        break_rule(sim, "no-start-after-down", "started by policy");
}

/* Begun: its first hook, or its birth. */
static void check_begin(struct sim *sim, const struct event *event, const struct effect *effect)
{
    uint32_t member = effect->member;
    struct shadow *shadow = &sim->shadows[member];
    bool is_asked_alone = event->alone && event->member == member;
    int missing;

    if (effect->generation != shadow->generation + 1)
        break_rule(sim, "generations-fresh", "generation %u after %u", effect->generation,
                   shadow->generation);
    if (shadow->generation && shadow->judged != shadow->generation)
        break_rule(sim, "one-verdict", "generation %u went without a verdict", shadow->generation);
    if (shadow->waited) {
        bool is_late = sim->earlier[member].state == STATE_BACKOFF;
        bool is_alone = sim->earlier[member].alone || is_asked_alone;
        if (shadow->in_group && shadow->by_policy)
            check_again(sim, member);
        if (!shadow->in_group) {
            shadow->restarts = shadow->failures = 0;
            memset(shadow->decisions, 0, sizeof(shadow->decisions));
        }
        if (who_gathers(sim, member) >= 0)
            break_rule(sim, "started-together", "started before m%d has stopped",
                       who_gathers(sim, member));
        missing = is_late || is_alone ? -1 : missing_need(sim, member);
        if (missing >= 0 || (sim->earlier[member].alone && !shadow->asked_alone))
            break_rule(sim, "gates-not-early", "started before m%d is there", missing);
    } else {
        check_again(sim, member);
    }
    shadow->waited = shadow->owed = shadow->asked = shadow->asked_alone = false;
    shadow->in_group = shadow->by_policy = false;
    shadow->is_unhealthy = false;
    shadow->toll = (struct toll_book){0};
    shadow->is_late = false;
    shadow->failed_hook = 0;
    shadow->told_health = HEALTH_NONE;
    shadow->aide.serial = 0;
    for (int kind = 0; kind < AIDE_KINDS; kind++)
        shadow->hooks_begun[kind] = 0;
    shadow->announced = INSTANT_NONE;
    shadow->spawned = sim->now;
    shadow->generation = effect->generation;
}

static void check_spawn(struct sim *sim, const struct event *event, const struct effect *effect)
{
    struct shadow *shadow = &sim->shadows[effect->member];
    const struct box *box = &sim->boxes[effect->member];

    check_beside_left(sim, effect->member);
    if (box_is_populated(box) && !left_of(sim, effect->member, box->generation))
        break_rule(sim, "no-start-while-alive", "generation %u: main process %s, %u others",
                   box->generation, box->is_alive ? "alive" : "dead", box->children);
    if (!shadow->is_prepared)
        check_begin(sim, event, effect);
    else if (effect->generation != shadow->generation)
        break_rule(sim, "generations-fresh", "generation %u, prepared for %u", effect->generation,
                   shadow->generation);
    if (sim->roster.members[effect->member].policy.pre_start > 0)
        check_start_hooks(sim, effect->member);
    shadow->is_prepared = false;
    shadow->spawned = sim->now;
    shadow->owed = false;
    shadow->spawns++;
}

/* On the way out without anything that forces it: only when nobody has to go first. */
static void check_order(struct sim *sim, const struct event *event, uint32_t member)
{
    bool forced =
        is_due(sim, event, member) ||
        (event->member == member &&
         (event->kind == EVENT_KILL || event->kind == EVENT_DEAD || event->kind == EVENT_EMPTY)) ||
        is_ended_by_us(sim, member);
    int other;

    if (forced || sim->fleet.members[member].grace_ns == 0)
        return;
    other = who_must_go_first(sim, member);
    if (other >= 0)
        break_rule(sim, "stopped-in-order", "m%u goes before m%d, which needs it", member, other);
}

static void check_shift(struct sim *sim, const struct event *event, const struct effect *effect)
{
    struct shadow *shadow = &sim->shadows[effect->member];
    bool was_up = effect->from == STATE_STARTING || effect->from == STATE_RUNNING;
    bool own = event->member == effect->member &&
               (event->kind == EVENT_DEAD || event->kind == EVENT_EMPTY);
    bool ours = is_ended_by_us(sim, effect->member);

    shadow->state = (enum state)effect->to;
    if (effect->from == STATE_QUARANTINED)
        note_left(sim, effect->member);
    note_group_shift(sim, event, effect);
    check_aide_left(sim, effect);
    check_stop_hooks(sim, event, effect);
    if (effect->to == STATE_PREPARING) {
        check_begin(sim, event, effect);
        shadow->is_prepared = true;
    } else if (effect->from == STATE_PREPARING && effect->to != STATE_STARTING) {
        shadow->is_prepared = false;
    }
    if (effect->to == STATE_RUNNING)
        note_program(sim, effect->member);
    if (effect->to == STATE_KILLING) {
        shadow->killing = sim->now;
        if (sim->fleet.members[effect->member].populated &&
            instant_since(effect->deadline, sim->now).ns > 500 * NSEC_PER_MSEC)
            break_rule(sim, "stuck-costs-a-second", "looked at after %lld ms",
                       (long long)span_to_ms(instant_since(effect->deadline, sim->now)));
        shadow->is_late = sim->fleet.members[effect->member].blame == BLAME_START;
    }
    if (was_up && (effect->to == STATE_STOPPING || effect->to == STATE_KILLING ||
                   effect->to == STATE_LEAVING)) {
        check_order(sim, event, effect->member);
        if (!own && !ours &&
            !(is_due(sim, event, effect->member) && sim->earlier[effect->member].want &&
              (!(stops_stack(sim) || is_restarted_with(sim, effect->member)) ||
               sim->earlier[effect->member].own_ns <= event->at.ns)))
            shadow->asked = true;
    }
    if (effect->to == STATE_BACKOFF)
        shadow->announced = effect->deadline;
    if (effect->to == STATE_WAITING)
        shadow->waited = true;
    if (effect->from == STATE_WAITING && effect->to != STATE_STARTING &&
        effect->to != STATE_PREPARING)
        shadow->waited = false;
    if (shadow->owed &&
        (effect->to == STATE_EXITED || effect->to == STATE_HELD || effect->to == STATE_CREATED))
        break_rule(sim, "requests-honoured", "m%u was asked to start and is %s", effect->member,
                   state_name((enum state)effect->to));
}

static void check_finish(struct sim *sim)
{
    if (++sim->finishes > 1)
        break_rule(sim, "finish-once", "finished again");
    if (!sim->is_down)
        break_rule(sim, "finish-once", "finished, and nobody asked");
    for (uint32_t i = 0; i < sim->roster.members_count; i++)
        if (!is_at_rest(sim, i) && sim->fleet.members[i].state != STATE_QUARANTINED)
            break_rule(sim, "finish-once", "finished while m%u is %s", i,
                       state_name((enum state)sim->fleet.members[i].state));
}

static void check_effect(struct sim *sim, const struct event *event, const struct effect *effect)
{
    check_cause(sim, event, effect);
    switch (effect->kind) {
    case EFFECT_SPAWN:
        check_spawn(sim, event, effect);
        break;
    case EFFECT_SIGNAL:
    case EFFECT_KILL:
        if (effect->generation != sim->shadows[effect->member].generation)
            break_rule(sim, "siblings-untouched", "a signal to generation %u", effect->generation);
        break;
    case EFFECT_BURY:
        check_bury(sim, effect);
        break;
    case EFFECT_FINISH:
        check_finish(sim);
        break;
    case EFFECT_VERDICT:
        check_verdict(sim, event, effect);
        break;
    case EFFECT_SHIFT:
        check_shift(sim, event, effect);
        break;
    case EFFECT_PROBE:
    case EFFECT_HOOK:
        check_aide(sim, event, effect);
        break;
    case EFFECT_END_AIDE:
        check_end_aide(sim, effect);
        break;
    case EFFECT_HEALTH:
        check_health(sim, effect);
        break;
    case EFFECT_QUARANTINE:
        check_quarantine(sim, effect);
        break;
    case EFFECT_REPORT: // check_reports
    case EFFECT_EXAMINE:
    case EFFECT_MARK:
    case EFFECTS_COUNT:
        break;
    }
}

/* --- after a step ------------------------------------------------------------------------- */

static void check_member(struct sim *sim, uint32_t member)
{
    const struct incarnation *it = &sim->fleet.members[member];
    const struct box *box = &sim->boxes[member];
    bool is_up = it->state == STATE_STARTING || it->state == STATE_RUNNING;

    if ((it->state == STATE_STARTING || it->state == STATE_KILLING || it->state == STATE_BACKOFF ||
         it->state == STATE_QUARANTINED) &&
        it->deadline_ns == INT64_MAX)
        break_rule(sim, "nobody-forgotten", "m%u is %s without a deadline", member,
                   state_name((enum state)it->state));
    if (it->state == STATE_WAITING && !sim->is_down && who_gathers(sim, member) < 0 &&
        (it->alone || missing_need(sim, member) < 0))
        break_rule(sim, "nobody-forgotten", "m%u waits for nobody", member);
    if (is_up && !it->want && (it->grace_ns == 0 || who_must_go_first(sim, member) < 0))
        break_rule(sim, "nobody-forgotten", "m%u is to leave, and nobody lets it", member);
    check_aides_of(sim, member);
    check_victims(sim, member);
    check_start(sim, member);
    if (is_at_rest(sim, member) && it->want)
        break_rule(sim, "nobody-forgotten", "m%u is wanted and %s", member,
                   state_name((enum state)it->state));
    if (is_at_rest(sim, member) && sim->shadows[member].buried != sim->shadows[member].generation)
        break_rule(sim, "buried-once", "m%u rests, generation %u is not buried", member,
                   sim->shadows[member].generation);
    if ((is_up || it->state == STATE_STOPPING) && box->generation == (uint32_t)it->generation &&
        sim->now.ns > instant_add(box->noticed, span_sec(4)).ns)
        break_rule(sim, "oom-notice-acted-on", "m%u: noticed %lld ms ago", member,
                   (long long)span_to_ms(instant_since(sim->now, box->noticed)));
}

static void check_time(struct sim *sim, const struct event *event)
{
    if (event->kind != EVENT_TICK)
        return;
    if (instant_reached(fleet_deadline(&sim->fleet), sim->now))
        break_rule(sim, "deadlines-met", "a tick left a deadline in the past");
    sim->ticks = event->at.ns == sim->ticked.ns ? sim->ticks + 1 : 1;
    sim->ticked = event->at;
    if (sim->ticks > 3 * sim->roster.members_count)
        break_rule(sim, "deadlines-met", "ticks without end at one instant");
}

static bool all_at_rest(const struct sim *sim)
{
    for (uint32_t i = 0; i < sim->roster.members_count; i++)
        if (!is_at_rest(sim, i) && sim->fleet.members[i].state != STATE_QUARANTINED)
            return false;
    return true;
}

bool is_same(const struct incarnation *a, const struct incarnation *b)
{
    return memcmp(a, b, offsetof(struct incarnation, last)) == 0 && a->last.kind == b->last.kind;
}

void check_after(struct sim *sim, const struct event *event)
{
    const struct effects *effects = &sim->fleet.effects;

    if (effects->overflowed)
        break_rule(sim, "effects-bounded", "more than %u effects", effects->capacity);
    if (sim->is_stale && !is_same(&sim->stale, &sim->fleet.members[event->member]))
        break_rule(sim, "stale-facts-dropped", "m%u: %s of generation %u did something",
                   event->member, event_name(event->kind), event->generation);
    note_aides(sim, event);
    for (uint32_t i = 0; stops_stack(sim) && i < sim->roster.members_count; i++)
        sim->shadows[i].owed = false;
    for (uint32_t i = 0; i < effects->count; i++)
        check_effect(sim, event, &effects->item[i]);
    check_governor(sim, event);
    check_stuck(sim, event);
    check_request(sim, event);
    check_stack_stopped(sim);
    check_others_stop(sim);
    sim->in_batch = event_is_request(event->kind) && event->more;
    if (sim->in_batch)
        return;
    for (uint32_t i = 0; i < sim->roster.members_count; i++)
        check_member(sim, i);
    check_time(sim, event);
    if (sim->is_down && all_at_rest(sim) && sim->finishes == 0)
        break_rule(sim, "finish-once", "all are at rest, and it is not finished");
}

void check_end(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->roster.members_count; i++) {
        const struct box *box = &sim->boxes[i];
        if (sim->fleet.members[i].state == STATE_RUNNING && !box_is_populated(box) &&
            sim->now.ns > instant_add(box->died, span_sec(30)).ns)
            break_rule(sim, "nobody-forgotten", "m%u is dead and said to be running", i);
    }
    if (sim->is_down && sim->finishes != 1)
        break_rule(sim, "finish-once", "down, and not finished in an hour");
}
