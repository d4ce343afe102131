/* How often which cell of the lifecycle's table was entered. */
#include "tests/sim/coverage.h"

#include <stdio.h>

#include "tests/sim/sim.h"

bool coverage_is_reachable(int state, int column)
{
    int kind = column + EVENT_START;
    bool has_hooks = state == STATE_PREPARING || state == STATE_RUNNING || state == STATE_LEAVING;

    if (state == STATE_PREPARING &&
        ((kind >= EVENT_SPAWNED && kind <= EVENT_EMPTY) || kind == EVENT_EXAMINED))
        return false; // nothing of that generation was born
    switch (kind) {
    case EVENT_PROBED:
        return state == STATE_RUNNING;
    case EVENT_HOOKED:
    case INNER_AIDE:
        return has_hooks;
    case INNER_OPEN:
        return state == STATE_WAITING;
    case INNER_RELEASE:
        return state == STATE_STARTING || state == STATE_RUNNING;
    case INNER_DEADLINE: // others have none
        return state != STATE_CREATED && state != STATE_WAITING && state != STATE_PREPARING &&
               state != STATE_HELD && state != STATE_EXITED;
    default:
        return true;
    }
}

static void enter(struct sim *sim, uint32_t member, int kind)
{
    sim->coverage->cells[sim->fleet.members[member].state][kind - EVENT_START]++;
}

static void count_due(struct sim *sim, const struct event *event)
{
    for (uint32_t i = 0; i < sim->roster.members_count; i++) {
        if (sim->fleet.members[i].deadline_ns <= event->at.ns)
            enter(sim, i, INNER_DEADLINE);
        else if (sim->fleet.members[i].aide_ns <= event->at.ns)
            enter(sim, i, INNER_AIDE);
    }
}

/* What the gates did shows in the effects. */
static void count_gates(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->fleet.effects.count; i++) {
        const struct effect *effect = &sim->fleet.effects.item[i];
        if (effect->kind != EFFECT_SHIFT)
            continue;
        if (effect->from == STATE_WAITING &&
            (effect->to == STATE_STARTING || effect->to == STATE_PREPARING))
            sim->coverage->cells[STATE_WAITING][INNER_OPEN - EVENT_START]++;
        else if ((effect->from == STATE_STARTING || effect->from == STATE_RUNNING) &&
                 effect->to == STATE_STOPPING)
            sim->coverage->cells[effect->from][INNER_RELEASE - EVENT_START]++;
    }
}

/* Before the step for what comes in; the gates of the step before are in its effects still. */
void coverage_count(struct sim *sim, const struct event *event)
{
    count_gates(sim);
    if (event->kind == EVENT_TICK)
        count_due(sim, event);
    else if (event->kind >= EVENT_START && !is_stale(sim, event))
        enter(sim, event->member, (int)event->kind);
}

static const char *column_name(int column)
{
    static const char *const inner[] = {"open", "release", "deadline", "aide"};
    int kind = column + EVENT_START;

    return kind < EVENTS_COUNT ? event_name((enum event_kind)kind) : inner[kind - INNER_OPEN];
}

void coverage_print(const struct coverage *coverage)
{
    printf("# %-11s", "");
    for (int column = 0; column < EVENT_TYPES; column++)
        printf(" %8.8s", column_name(column));
    for (int state = 0; state < STATES_COUNT; state++) {
        printf("\n# %-11s", state_id((enum state)state));
        for (int column = 0; column < EVENT_TYPES; column++)
            if (coverage_is_reachable(state, column))
                printf(" %8llu", (unsigned long long)coverage->cells[state][column]);
            else
                printf(" %8s", "-");
    }
    printf("\n");
}

unsigned coverage_missing(const struct coverage *coverage)
{
    unsigned missing = 0;

    for (int state = 0; state < STATES_COUNT; state++)
        for (int column = 0; column < EVENT_TYPES; column++)
            missing += coverage_is_reachable(state, column) && !coverage->cells[state][column];
    return missing;
}
