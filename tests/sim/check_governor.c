/* Invariants of the governor: after a blow restarts are spread and wait for memory, else they are
 * not held back. */
#include "tests/sim/sim.h"

static bool is_blow(const struct sim *sim, const struct effect *effect)
{
    enum verdict_kind kind = sim->fleet.members[effect->member].last.kind;

    return effect->kind == EFFECT_VERDICT &&
           (kind == VERDICT_OOM_OUTSIDE || kind == VERDICT_OOM_USERSPACE);
}

static uint32_t count(uint64_t members)
{
    return (uint32_t)__builtin_popcountll(members);
}

/* Moments stand one after the other; in one of them each member counts once. */
static void note_death(struct sim *sim, uint32_t member)
{
    struct reign_book *reign = &sim->reign;

    if (!reign->fallen || instant_since(sim->now, reign->moment).ns > GOVERNOR_MOMENT.ns) {
        reign->moment = sim->now;
        reign->fallen = 0;
    }
    reign->fallen |= UINT64_C(1) << member;
}

/* Who died and has no place any more has died nevertheless. */
void note_reload(struct sim *sim, const uint32_t *where)
{
    uint64_t fallen = 0, gone = UINT64_C(1) << 63;

    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        if (!(sim->reign.fallen >> i & 1))
            continue;
        if (where[i] != UINT32_MAX)
            fallen |= UINT64_C(1) << where[i];
        else
            for (; gone; gone >>= 1)
                if (!(sim->reign.fallen & gone)) {
                    fallen |= gone;
                    gone >>= 1;
                    break;
                }
    }
    for (uint32_t i = MEMBERS_MAX; i < 64; i++)
        fallen |= sim->reign.fallen & UINT64_C(1) << i;
    sim->reign.fallen = fallen;
}

static void note_blows(struct sim *sim)
{
    struct reign_book *reign = &sim->reign;

    for (uint32_t i = 0; i < sim->fleet.effects.count; i++) {
        const struct effect *effect = &sim->fleet.effects.item[i];
        const struct incarnation *it = &sim->fleet.members[effect->member];
        if (effect->kind != EFFECT_VERDICT)
            continue;
        if (is_blow(sim, effect))
            reign->blow = sim->now;
        if (!sim->earlier[effect->member].want || it->last.next != NEXT_RESTART ||
            it->last.kind == VERDICT_SPAWN_FAILED)
            continue;
        note_death(sim, effect->member);
        if (count(reign->fallen) >= (uint32_t)GOVERNOR_MASS)
            reign->blow = sim->now;
    }
}

static bool reigns(const struct sim *sim, span length)
{
    return sim->reign.blow.ns && instant_since(sim->now, sim->reign.blow).ns < length.ns;
}

static int64_t had_bytes(const struct sim *sim, uint32_t member)
{
    int64_t limit = sim->roster.members[member].policy.mem_limit_bytes;
    int64_t peak = sim->fleet.members[member].last.peak_bytes;

    return limit > 0 && peak > limit ? limit : peak;
}

static void check_turn(struct sim *sim, const struct event *event, uint32_t member)
{
    struct reign_book *reign = &sim->reign;
    const struct shadow *shadow = &sim->shadows[member];
    bool is_patient =
        !shadow->queued.ns || instant_since(sim->now, shadow->queued).ns < GOVERNOR_PATIENCE.ns;

    if (reign->started.ns && instant_since(sim->now, reign->started).ns < GOVERNOR_SHORTEST.ns)
        break_rule(sim, "no-storm", "m%u starts %lld ms after another", member,
                   (long long)span_to_ms(instant_since(sim->now, reign->started)));
    if (event->available_bytes && event->available_bytes < had_bytes(sim, member) && is_patient)
        break_rule(sim, "memory-awaited", "m%u had %lld bytes, there are %lld", member,
                   (long long)had_bytes(sim, member), (long long)event->available_bytes);
    reign->started = sim->now;
}

static void check_queue(struct sim *sim, const struct effect *effect)
{
    struct shadow *shadow = &sim->shadows[effect->member];

    if (effect->from == STATE_BACKOFF && effect->to == STATE_BACKOFF) {
        if (!reigns(sim, span_ns(2 * GOVERNOR_REIGN.ns)))
            break_rule(sim, "governor-at-rest", "m%u is held back, and nothing has happened",
                       effect->member);
        shadow->queued = sim->now;
    }
}

/* By its policy: not on request, nor by an opened gate. */
static bool is_restart(const struct sim *sim, const struct event *event,
                       const struct effect *effect)
{
    bool begins = effect->to == STATE_STARTING || effect->to == STATE_PREPARING;
    bool is_asked = event_is_request(event->kind) && event->member == effect->member;

    if (effect->from == STATE_BACKOFF)
        return !is_asked && (begins || effect->to == STATE_WAITING);
    return begins && effect->from != STATE_PREPARING && effect->from != STATE_WAITING &&
           sim->earlier[effect->member].state != STATE_WAITING && !is_asked;
}

void check_governor(struct sim *sim, const struct event *event)
{
    note_blows(sim);
    for (uint32_t i = 0; i < sim->fleet.effects.count; i++) {
        const struct effect *effect = &sim->fleet.effects.item[i];
        if (effect->kind != EFFECT_SHIFT)
            continue;
        check_queue(sim, effect);
        if (is_restart(sim, event, effect) && reigns(sim, GOVERNOR_REIGN))
            check_turn(sim, event, effect->member);
        if (effect->to != STATE_BACKOFF)
            sim->shadows[effect->member].queued = INSTANT_NONE;
    }
}
