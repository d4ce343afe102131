/* Groups with a memory limit: what the kernel counts for them, and what may be said about it. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

static const struct stack_group table[SIM_GROUPS] = {
    {"", 0, INT64_C(8) << 30}, {"a", 0, 4 << 20}, {"b", 1, 3 << 20}, {"c", 0, 2 << 20}};

void budget_groups(struct roster *roster)
{
    roster->groups = malloc(sizeof(table));
    if (!roster->groups)
        abort();
    memcpy(roster->groups, table, sizeof(table));
    roster->groups_count = SIM_GROUPS;
}

static uint32_t around(const struct sim *sim, uint32_t member, uint32_t levels[ENCLOSING_MAX])
{
    return group_levels(table, SIM_GROUPS, sim->roster.members[member].group, levels);
}

void budget_read(const struct sim *sim, uint32_t member, struct reading *reading)
{
    uint32_t levels[ENCLOSING_MAX];
    uint32_t count = around(sim, member, levels);

    for (uint32_t i = 0; i < count; i++)
        reading->enclosing_oom[i] = sim->group_oom[levels[i]];
}

uint32_t budget_meets(struct sim *sim, uint32_t member)
{
    uint32_t levels[ENCLOSING_MAX];
    uint32_t group = levels[draw(sim, around(sim, member, levels))];

    sim->group_oom[group] += 1 + (int64_t)draw(sim, 3);
    return group;
}

bool budget_moved(const struct sim *sim, uint32_t member)
{
    uint32_t levels[ENCLOSING_MAX];
    uint32_t count = around(sim, member, levels);

    for (uint32_t i = 0; i < count; i++)
        if (sim->group_oom[levels[i]] != sim->boxes[member].group_at_birth[levels[i]])
            return true;
    return false;
}

/* Not told as anybody else's death, as far as that is settled at `look`. */
static bool is_open(const struct sim *sim, uint32_t member, instant look)
{
    const struct box *box = &sim->boxes[member];
    uint32_t levels[ENCLOSING_MAX];
    uint32_t count = around(sim, member, levels);
    instant last = {0};

    for (uint32_t i = 0; i < count; i++)
        if (sim->accounts[levels[i]].any_at.ns > last.ns)
            last = sim->accounts[levels[i]].any_at;
    for (uint32_t i = 0; i < count; i++) {
        int64_t told = instant_reached(instant_add(last, OOM_NOTICE_DEADLINE), look)
                           ? sim->accounts[levels[i]].oom
                           : 0;
        if (sim->group_oom[levels[i]] > box->group_at_birth[levels[i]] &&
            sim->group_oom[levels[i]] > told)
            return true;
    }
    return false;
}

static instant last_look(const struct sim *sim, const struct box *box)
{
    return instant_min(sim->now, instant_min(box->noticed, box->told_empty));
}

/* Its limit was met, others were told to have died of that long ago, and only now it is seen. */
bool budget_late(const struct sim *sim, uint32_t member)
{
    uint32_t levels[ENCLOSING_MAX];
    uint32_t count = around(sim, member, levels);

    for (uint32_t i = 0; i < count; i++)
        if (sim->accounts[levels[i]].any_at.ns &&
            instant_reached(instant_add(sim->accounts[levels[i]].any_at, OOM_NOTICE_DEADLINE),
                            sim->now))
            return true;
    return false;
}

static void check_name(struct sim *sim, uint32_t member)
{
    const struct verdict *told = &sim->fleet.members[member].last;
    ptrdiff_t group = group_find(table, SIM_GROUPS, told->group);

    if (group < 0 || group_level(table, SIM_GROUPS, sim->roster.members[member].group,
                                 (uint32_t)group) != told->enclosing)
        break_rule(sim, "group-named", "level %d is not group \"%s\"", told->enclosing,
                   told->group);
    else if (sim->group_oom[group] == sim->boxes[member].group_at_birth[group])
        break_rule(sim, "group-named", "group \"%s\" never met its limit", told->group);
    else if (told->limit_bytes != table[group].limit_bytes)
        break_rule(sim, "group-named", "group \"%s\" has another limit", told->group);
}

/* The members of one group do not all die of its one meeting with its limit. */
static void check_blame_once(struct sim *sim, const struct event *event, uint32_t member)
{
    const struct box *box = &sim->boxes[member];
    const struct verdict *told = &sim->fleet.members[member].last;
    bool is_clear = event->kind == EVENT_DEAD && event->member == member && event->known &&
                    box->child_kills == 0 && sim->roster.members[member].policy.oom_group;

    if (!is_clear || box->memory_death != VERDICT_OOM_OUTSIDE)
        return;
    if (!is_open(sim, member, last_look(sim, box)))
        break_rule(sim, "group-blamed-once", "of what killed in \"%s\" others have died long ago",
                   told->group);
    if (told->confidence == CONFIDENCE_CERTAIN && !is_open(sim, member, INSTANT_NEVER))
        break_rule(sim, "confidence-honest", "certain, and others have died of it");
}

void note_budget(struct sim *sim, const struct event *event, uint32_t member)
{
    const struct verdict *told = &sim->fleet.members[member].last;
    uint32_t levels[ENCLOSING_MAX];
    uint32_t count = around(sim, member, levels);

    if (told->oom > 0 || (told->oom_kill == 0 && told->oom_group_kill == 0))
        return;
    for (uint32_t i = 0; i < count; i++) {
        struct account *account = &sim->accounts[levels[i]];
        int64_t oom = event->reading.enclosing_oom[i];
        account->any_at = sim->now;
        if (event->member != member || oom <= sim->boxes[member].group_at_birth[levels[i]])
            continue;
        account->at = sim->now;
        if (oom > account->oom)
            account->oom = oom;
    }
}

void check_budget(struct sim *sim, const struct event *event, uint32_t member)
{
    const struct verdict *told = &sim->fleet.members[member].last;

    if (told->kind == VERDICT_OOM_GROUP) {
        check_name(sim, member);
        check_blame_once(sim, event, member);
    }
}
