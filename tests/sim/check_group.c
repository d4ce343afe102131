/* Invariants of restart strategies: who is restarted with whom, and that they stop before they
 * start, as OTP's supervisor does: terminate_children, then start_children. */
#include "tests/sim/sim.h"

static bool is_of_group(const struct sim *sim, uint32_t culprit, uint32_t member)
{
    switch ((enum strategy)sim->roster.members[culprit].policy.strategy) {
    case STRATEGY_ONE_FOR_ALL:
        return true;
    case STRATEGY_REST_FOR_ONE:
        return member >= culprit;
    case STRATEGY_ONE_FOR_ONE:
    case STRATEGIES_COUNT:
        break;
    }
    return false;
}

static bool rests(enum state state)
{
    return state == STATE_CREATED || state == STATE_HELD || state == STATE_EXITED ||
           state == STATE_QUARANTINED;
}

/* Its death is followed by a restart. */
void note_group(struct sim *sim, uint32_t culprit)
{
    for (uint32_t i = 0; i < sim->roster.members_count; i++)
        if (is_of_group(sim, culprit, i) && (sim->earlier[i].want || sim->earlier[i].again) &&
            !rests(sim->shadows[i].state))
            sim->shadows[i].in_group = true;
}

void note_group_shift(struct sim *sim, const struct event *event, const struct effect *effect)
{
    struct shadow *shadow = &sim->shadows[effect->member];
    bool is_asked = event->member == effect->member &&
                    (event->kind == EVENT_START || event->kind == EVENT_RESTART);

    if (rests((enum state)effect->to))
        shadow->in_group = false;
    if (effect->to != STATE_WAITING)
        return;
    shadow->by_policy = !is_asked && sim->earlier[effect->member].want;
    if (!shadow->in_group || (is_asked && effect->from == STATE_BACKOFF)) {
        shadow->restarts = shadow->failures = 0;
        for (int cause = 0; cause < CAUSES_COUNT; cause++)
            shadow->decisions[cause].count = 0;
    }
}

bool is_restarted_with(const struct sim *sim, uint32_t member)
{
    for (uint32_t i = 0; i < sim->fleet.effects.count; i++) {
        const struct effect *effect = &sim->fleet.effects.item[i];
        if (effect->kind == EFFECT_VERDICT && sim->earlier[effect->member].want &&
            sim->fleet.members[effect->member].last.next == NEXT_RESTART &&
            is_of_group(sim, effect->member, member))
            return true;
    }
    return false;
}

int who_gathers(const struct sim *sim, uint32_t member)
{
    for (uint32_t i = 0; sim->shadows[member].in_group && i < sim->roster.members_count; i++)
        if (i != member && sim->shadows[i].in_group && sim->shadows[i].state != STATE_WAITING)
            return (int)i;
    return -1;
}

void check_others_stop(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->roster.members_count; i++) {
        const struct incarnation *it = &sim->fleet.members[i];
        bool is_up = it->state == STATE_STARTING || it->state == STATE_RUNNING;
        if (is_up && it->want && sim->shadows[i].in_group)
            break_rule(sim, "others-restarted", "m%u runs on", i);
    }
}
