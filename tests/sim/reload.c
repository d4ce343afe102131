/* Another plan for the same stack while it runs: members go, come and change places, policies and
 * dependencies change; what runs must run on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define GONE UINT32_MAX

struct change {
    uint32_t where[MEMBERS_MAX];    // the old member's new index; GONE
    int32_t old_index[MEMBERS_MAX]; // the new member's old one; -1: it is new
    uint32_t count;
};

static void shuffle(struct sim *sim, int32_t *items, uint32_t count)
{
    for (uint32_t i = count; i > 1; i--) {
        uint32_t other = (uint32_t)draw(sim, i);
        int32_t last = items[i - 1];
        items[i - 1] = items[other];
        items[other] = last;
    }
}

/* Who is not at rest must stay. */
static void draw_change(struct sim *sim, struct change *change)
{
    uint32_t added = (uint32_t)draw(sim, 3);

    change->count = 0;
    for (uint32_t i = 0; i < sim->roster.members_count; i++) {
        change->where[i] = GONE;
        if (!lifecycle_at_rest(&sim->fleet.members[i]) || chance(sim, 60))
            change->old_index[change->count++] = (int32_t)i;
    }
    for (; change->count < MEMBERS_MAX && (added > 0 || change->count == 0); added -= added > 0)
        change->old_index[change->count++] = -1;
    shuffle(sim, change->old_index, change->count);
    for (uint32_t i = 0; i < change->count; i++)
        if (change->old_index[i] >= 0)
            change->where[change->old_index[i]] = i;
}

/* The kernel has been told whether it kills the compartment as a whole: that does not change. */
static void change_policy(struct sim *sim, struct member *member, bool is_at_rest)
{
    int64_t oom_group = member->policy.oom_group;

    member->policy = scenario_policy(sim);
    if (!is_at_rest)
        member->policy.oom_group = oom_group;
}

static void draw_member(struct sim *sim, const struct change *change, uint32_t index,
                        struct member *member)
{
    int32_t old = change->old_index[index];

    if (old < 0) {
        *member = (struct member){
            .number = 1, .group = (uint32_t)draw(sim, SIM_GROUPS), .policy = scenario_policy(sim)};
        snprintf(member->name, sizeof(member->name), "m%u-1", sim->names++);
        member->service_length = (uint32_t)strlen(member->name) - 2;
        return;
    }
    *member = sim->roster.members[old];
    member->policy.strategy = sim->strategy;
    member->needs_count = 0;
    if (lifecycle_at_rest(&sim->fleet.members[old]) && chance(sim, 10))
        member->group = (uint32_t)draw(sim, SIM_GROUPS);
    if (chance(sim, 30)) {
        change_policy(sim, member, lifecycle_at_rest(&sim->fleet.members[old]));
        sim->shadows[old].is_vague = true;
    }
}

static struct roster draw_roster(struct sim *sim, const struct change *change)
{
    struct roster roster = {.members_count = change->count};
    uint32_t rank[MEMBERS_MAX];

    strcpy(roster.stack, "sim");
    budget_groups(&roster);
    roster.members = calloc(change->count, sizeof(*roster.members));
    roster.needs = calloc((size_t)change->count * 4, sizeof(*roster.needs));
    if (!roster.members || !roster.needs)
        abort();
    for (uint32_t i = 0; i < change->count; i++) {
        uint32_t other = (uint32_t)draw(sim, i + 1);
        draw_member(sim, change, i, &roster.members[i]);
        rank[i] = rank[other];
        rank[other] = i;
    }
    scenario_needs(sim, &roster, rank);
    return roster;
}

/* What is remembered of a member by its index moves with it. */
#define MOVE(table)                                                            \
    do {                                                                       \
        memset(sim->table, 0, sizeof(sim->table));                             \
        for (uint32_t i_ = 0; i_ < change->count; i_++)                        \
            if (change->old_index[i_] >= 0)                                    \
                memcpy(&sim->table[i_], &before->table[change->old_index[i_]], \
                       sizeof(sim->table[0]));                                 \
    } while (0)

static void move(struct sim *sim, const struct change *change)
{
    struct sim *before = malloc(sizeof(*before));

    if (!before)
        abort();
    *before = *sim;
    MOVE(boxes);
    MOVE(helpers);
    MOVE(left);
    MOVE(echoes);
    MOVE(shadows);
    MOVE(earlier);
    free(before);
    for (uint32_t i = 0; i < change->count; i++)
        for (int kind = 0; kind < EVENTS_COUNT; kind++)
            sim->echoes[i][kind].member = i;
    for (size_t i = 0; i < sim->agenda.count; i++) {
        struct happening *happening = &sim->agenda.heap[i];
        uint32_t to = change->where[happening->member];
        /* A command's last request must come, whom ever it is about. */
        bool is_for_all = happening->kind == HAPPENS_EVENT && !event_is_fact(happening->event.kind);
        if (to == GONE && !is_for_all)
            happening->kind = HAPPENS_NOTHING;
        happening->member = to == GONE ? 0 : to;
        happening->event.member = happening->member;
    }
}

static void start_the_new(struct sim *sim, const struct change *change)
{
    for (uint32_t i = 0; i < change->count; i++) {
        struct event start = {.kind = EVENT_START, .member = i};
        if (change->old_index[i] < 0 && chance(sim, 80))
            agenda_event(sim, instant_add(sim->now, draw_span(sim, 0, 1000)), &start);
    }
}

void reload(struct sim *sim)
{
    struct roster old_roster = sim->roster;
    struct fleet old = sim->fleet;
    struct change change;

    if (sim->is_down || sim->in_batch)
        return;
    draw_change(sim, &change);
    if (chance(sim, 30))
        sim->strategy = (int64_t)draw(sim, STRATEGIES_COUNT);
    sim->roster = draw_roster(sim, &change);
    move(sim, &change);
    note_reload(sim, change.where);
    old.roster = &old_roster;
    if (fleet_init(&sim->fleet, &sim->roster) < 0)
        abort();
    fleet_reload(&sim->fleet, &old, change.old_index);
    twin_reload(sim, change.old_index);
    for (uint32_t i = 0; i < change.count; i++)
        if (change.old_index[i] >= 0 &&
            !is_same(&sim->fleet.members[i], &old.members[change.old_index[i]]))
            break_rule(sim, "reload-keeps-what-runs", "m%u is another after a reload", i);
    if (!instant_reached(fleet_deadline(&sim->fleet), sim->now))
        break_rule(sim, "nobody-forgotten", "nobody will see what the reload has opened");
    tale_rotate(sim);
    start_the_new(sim, &change);
    fleet_finish(&old);
    roster_finish(&old_roster);
}
