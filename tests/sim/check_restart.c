/* Invariants about what follows a death: policy, budget, back-off. The formulas are written here a
 * second time, in floating point and closed form, so that the first has somebody to answer to. */
#include "tests/sim/check_restart.h"

#include <math.h>

#include "tests/sim/sim.h"

static bool is_success(enum verdict_kind kind)
{
    return kind == VERDICT_DONE || kind == VERDICT_STOPPED;
}

static bool is_listed(const struct exits *exits, int32_t code, int32_t number)
{
    for (int word = 0; number == 0 && word < EXIT_WORDS; word++)
        for (int bit = 0; bit < 64; bit++)
            if (word * 64 + bit == code && (uint64_t)exits->codes[word] & UINT64_C(1) << bit)
                return true;
    for (int bit = 0; bit < 64; bit++)
        if (bit + 1 == number && (uint64_t)exits->signals & UINT64_C(1) << bit)
            return true;
    return false;
}

bool is_success_end(const struct sim *sim, uint32_t member)
{
    const struct box *box = &sim->boxes[member];

    return is_listed(&sim->roster.members[member].policy.success, box->code, box->signal);
}

/* The program itself spoke, and what it said is on the list. */
static bool is_prevented(const struct sim *sim, uint32_t member, const struct verdict *told)
{
    const struct box *box = &sim->boxes[member];

    if (told->kind != VERDICT_DONE && told->kind != VERDICT_CRASHED &&
        told->kind != VERDICT_KILLED &&
        (told->kind != VERDICT_FAILED || told->hook || told->confidence == CONFIDENCE_UNKNOWN))
        return false;
    return is_listed(&sim->roster.members[member].policy.prevent, box->code, box->signal);
}

static enum next by_policy(const struct sim *sim, uint32_t member, enum verdict_kind kind)
{
    const struct policy *policy = &sim->roster.members[member].policy;
    const struct earlier *earlier = &sim->earlier[member];

    if (!earlier->want)
        return earlier->again ? NEXT_RESTART : NEXT_REST;
    if (policy->oom_policy == OOM_STOP && verdict_is_oom(kind))
        return NEXT_OOM_STOP;
    if (policy->restart == RESTART_NO ||
        (policy->restart == RESTART_ON_FAILURE && is_success(kind)))
        return NEXT_REST;
    if (policy->restart == RESTART_ON_FAILURE && policy->restart_max > 0 &&
        sim->shadows[member].restarts >= policy->restart_max)
        return NEXT_HOLD;
    return NEXT_RESTART;
}

/* What was never born was never up. */
static bool was_up(const struct sim *sim, uint32_t member, int64_t length_ns)
{
    const struct shadow *shadow = &sim->shadows[member];

    return !(shadow->is_prepared && shadow->failed_hook) &&
           shadow->verdict.kind != VERDICT_START_TIMEOUT &&
           instant_since(sim->now, shadow->spawned).ns >= length_ns;
}

static void check_delay(struct sim *sim, uint32_t member)
{
    const struct policy *policy = &sim->roster.members[member].policy;
    struct shadow *shadow = &sim->shadows[member];
    const struct verdict *told = &sim->fleet.members[member].last;
    double longest = (double)policy->backoff_max_ns;
    double floor_ns = told->kind == VERDICT_SPAWN_FAILED || shadow->is_prepared
                          ? (double)SPAWN_RETRY_FLOOR.ns
                          : 0;
    double delay, least, most, came = (double)told->delay.ns;

    if (was_up(sim, member, policy->backoff_reset_after_ns))
        shadow->failures = 0;
    shadow->failures++;
    delay = fmin(longest, (double)policy->backoff_initial_ns *
                              pow((double)policy->backoff_factor_milli / 1000.0,
                                  (double)(shadow->failures - 1)));
    least = delay * (1 - (double)policy->backoff_jitter_milli / 1000.0);
    most = fmin(longest, delay * (1 + (double)policy->backoff_jitter_milli / 1000.0));
    if (came < fmax(least, floor_ns) - 1000 || came > fmax(most, floor_ns) + 1000)
        break_rule(sim, "backoff-as-promised", "failure %lld: %.6f s, not %.6f to %.6f s",
                   (long long)shadow->failures, came / 1e9, fmax(least, floor_ns) / 1e9,
                   fmax(most, floor_ns) / 1e9);
}

/* OTP's supervisor:add_restart/1 as it stands there: the restart goes in front of the list, what is
 * older than the window falls out, and a list that is longer than the intensity is too long. */
static bool add_restart(struct decisions *decisions, const struct intensity *intensity, instant now)
{
    uint32_t length = 0;

    decisions->at[decisions->count++ % DECISIONS_KEPT] = now;
    for (uint32_t i = decisions->count; i > 0 && decisions->count - i < DECISIONS_KEPT; i--)
        if (instant_since(now, decisions->at[(i - 1) % DECISIONS_KEPT]).ns <= intensity->window_ns)
            length++;
    return (int64_t)length <= intensity->max_restarts;
}

static bool is_counted(enum cause cause, enum verdict_kind kind)
{
    switch (cause) {
    case CAUSE_ANY:
        return kind != VERDICT_OOM_OUTSIDE;
    case CAUSE_OOM:
        return kind == VERDICT_OOM;
    case CAUSE_CRASH:
        return kind == VERDICT_KILLED || kind == VERDICT_CRASHED || kind == VERDICT_FAILED ||
               kind == VERDICT_SPAWN_FAILED || kind == VERDICT_START_TIMEOUT;
    case CAUSE_UNHEALTHY:
        return kind == VERDICT_UNHEALTHY;
    case CAUSES_COUNT:
        break;
    }
    return false;
}

static enum next within_budgets(struct sim *sim, uint32_t member, const struct verdict *told)
{
    const struct policy *policy = &sim->roster.members[member].policy;
    enum next next = NEXT_RESTART;
    bool is_named = told->budget == 0;

    for (int cause = 0; cause < CAUSES_COUNT; cause++) {
        const struct intensity *intensity = &policy->intensity[cause];
        if (intensity->window_ns == 0 || !is_counted((enum cause)cause, told->kind) ||
            add_restart(&sim->shadows[member].decisions[cause], intensity, sim->now))
            continue;
        is_named |= told->budget == (uint32_t)cause + 1;
        if (next != NEXT_STOP_STACK)
            next = intensity->then == THEN_STOP_STACK ? NEXT_STOP_STACK : NEXT_HOLD;
    }
    if (!is_named || (told->budget == 0) != (next == NEXT_RESTART))
        break_rule(sim, "budget-kept", "budget %u is not what is used up", told->budget);
    return next;
}

static enum next expected_next(struct sim *sim, uint32_t member, const struct verdict *told)
{
    enum next next = by_policy(sim, member, told->kind);

    if (sim->earlier[member].want && next != NEXT_REST && is_prevented(sim, member, told))
        return NEXT_PREVENTED;
    if (sim->earlier[member].want && next == NEXT_RESTART)
        return within_budgets(sim, member, told);
    return next;
}

static bool gives_up(const struct incarnation *it)
{
    return it->last.next == NEXT_STOP_STACK && it->want &&
           (it->state == STATE_KILLING || it->state == STATE_QUARANTINED);
}

bool stops_stack(const struct sim *sim)
{
    for (uint32_t i = 0; i < sim->fleet.effects.count; i++) {
        const struct effect *effect = &sim->fleet.effects.item[i];
        if (effect->kind == EFFECT_VERDICT &&
            sim->fleet.members[effect->member].last.next == NEXT_STOP_STACK)
            return true;
    }
    return false;
}

void check_stack_stopped(struct sim *sim)
{
    for (uint32_t i = 0; stops_stack(sim) && i < sim->roster.members_count; i++)
        if (sim->fleet.members[i].again ||
            (sim->fleet.members[i].want && !gives_up(&sim->fleet.members[i])))
            break_rule(sim, "stack-stopped", "m%u is still wanted", i);
    for (uint32_t i = 0; i < sim->fleet.effects.count; i++) {
        const struct effect *effect = &sim->fleet.effects.item[i];
        const struct incarnation *it = &sim->fleet.members[effect->member];
        if (effect->kind == EFFECT_VERDICT && it->last.next == NEXT_STOP_STACK && !it->want &&
            it->state != STATE_HELD)
            break_rule(sim, "stack-stopped", "m%u is not to be held", effect->member);
    }
}

void check_restart(struct sim *sim, const struct effect *effect)
{
    uint32_t member = effect->member;
    const struct verdict *told = &sim->fleet.members[member].last;
    const struct policy *policy = &sim->roster.members[member].policy;
    enum next expected;

    if (sim->earlier[member].want && policy->restart_window_ns > 0 &&
        was_up(sim, member, policy->restart_window_ns))
        sim->shadows[member].restarts = 0;
    sim->shadows[member].budget = policy->restart == RESTART_ON_FAILURE && policy->restart_max > 0
                                      ? policy->restart_max
                                      : INT64_MAX;
    expected = expected_next(sim, member, told);

    if (told->next != expected)
        break_rule(sim, "policy-obeyed", "%s after %s, not %s", next_name(told->next),
                   verdict_name(told->kind), next_name(expected));
    else if (sim->earlier[member].want && told->next == NEXT_RESTART)
        check_delay(sim, member);
    if (sim->earlier[member].want && told->next == NEXT_RESTART)
        note_group(sim, member);
    if (told->uptime.ns != instant_since(sim->now, sim->shadows[member].spawned).ns)
        break_rule(sim, "policy-obeyed", "an uptime that is not");
}
