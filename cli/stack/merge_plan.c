/* See merge_plan.h. */
#include "cli/stack/merge_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/show/explain.h"
#include "cli/stack/merge_groups.h"

/* A member on its way into the merged plan. */
struct part {
    const struct plan *from;
    const struct plan_member *member;
    char name[INSTANCE_NAME_MAX];
    uint32_t place; // in the merged plan
};

struct merge {
    struct part *parts;
    size_t count;
    struct part **sorted; // by name
    struct plan *plan;    // under construction
    struct arena *arena;
};

static int compare_parts(const void *a, const void *b)
{
    return strcmp((*(struct part *const *)a)->name, (*(struct part *const *)b)->name);
}

static void name_of(const struct plan_member *member, char name[INSTANCE_NAME_MAX])
{
    snprintf(name, INSTANCE_NAME_MAX, "%s-%u", member->service, member->number);
}

static const struct plan_member *find_member(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->members_count; i++) {
        const char *service = plan->members[i].service;
        char other[INSTANCE_NAME_MAX];
        if (strncmp(service, name, strlen(service)) != 0)
            continue;
        name_of(&plan->members[i], other);
        if (strcmp(other, name) == 0)
            return &plan->members[i];
    }
    return NULL;
}

static struct part *find_part(const struct merge *merge, const char *name)
{
    struct part key, *at = &key, **found;

    snprintf(key.name, sizeof(key.name), "%s", name);
    found = bsearch(&at, merge->sorted, merge->count, sizeof(struct part *), compare_parts);
    return found ? *found : NULL;
}

/* --- which record of the two --------------------------------------------------------------------
 */

static bool stays_as_it_is(const struct reconcile_step *step)
{
    return step->action == RECONCILE_KEEP || step->action == RECONCILE_ORPHAN;
}

static void add_part(struct merge *merge, const struct plan *wanted, const struct plan *running,
                     const struct reconcile_step *step)
{
    const struct plan_member *before = step->row >= 0 ? find_member(running, step->name) : NULL;
    struct part *part = &merge->parts[merge->count];

    *part = (struct part){wanted, NULL, "", UINT32_MAX};
    if (before && stays_as_it_is(step)) {
        part->from = running;
        part->member = before;
    } else if (step->member >= 0) {
        part->member = &wanted->members[step->member];
    } else {
        return; // the running plan does not know it either
    }
    snprintf(part->name, sizeof(part->name), "%s", step->name);
    merge->sorted[merge->count++] = part;
}

static int take_parts(struct merge *merge, const struct plan *wanted, const struct plan *running,
                      const struct reconcile_step *steps, size_t steps_count)
{
    merge->parts = arena_array(merge->arena, steps_count + 1, sizeof(*merge->parts));
    merge->sorted = arena_array(merge->arena, steps_count + 1, sizeof(struct part *));
    if (!merge->parts || !merge->sorted)
        return -ENOMEM;
    for (size_t i = 0; i < steps_count; i++)
        if (steps[i].action != RECONCILE_STOP)
            add_part(merge, wanted, running, &steps[i]);
    qsort(merge->sorted, merge->count, sizeof(struct part *), compare_parts);
    return 0;
}

/* --- order --------------------------------------------------------------------------------------
 */

static struct part *find_needed(const struct merge *merge, const struct part *part, size_t need)
{
    char name[INSTANCE_NAME_MAX];

    name_of(&part->from->members[part->member->needs[need].member], name);
    return find_part(merge, name);
}

static bool is_ready(const struct merge *merge, const struct part *part)
{
    for (size_t i = 0; i < part->member->needs_count; i++) {
        const struct part *needed = find_needed(merge, part, i);
        if (needed && needed->place == UINT32_MAX)
            return false;
    }
    return true;
}

/* Old and new records together may go round in a circle, although neither plan does. */
static int place_parts(struct merge *merge, struct fault *ret_fault)
{
    uint32_t placed = 0;
    bool moved = true;

    while (placed < merge->count && moved) {
        moved = false;
        for (size_t i = 0; i < merge->count; i++) {
            if (merge->parts[i].place != UINT32_MAX || !is_ready(merge, &merge->parts[i]))
                continue;
            merge->parts[i].place = placed++;
            moved = true;
        }
    }
    if (placed == merge->count)
        return 0;
    return explain(ret_fault, "bring the whole stack up to date: `bulkhead up` without services",
                   "what runs and what is new would depend on each other in a circle");
}

/* --- records ------------------------------------------------------------------------------------
 */

static int take_needs(const struct merge *merge, const struct part *part, struct plan_member *to)
{
    struct need *needs = arena_array(merge->arena, part->member->needs_count + 1, sizeof(*needs));

    if (!needs)
        return -ENOMEM;
    to->needs = needs;
    to->needs_count = 0;
    for (size_t i = 0; i < part->member->needs_count; i++) {
        const struct part *needed = find_needed(merge, part, i);
        if (!needed)
            continue;
        needs[to->needs_count] = part->member->needs[i];
        needs[to->needs_count++].member = needed->place;
    }
    return 0;
}

/* Those of the new plan, and what is left alone keeps its own. */
static int make_groups(struct merge *merge, const struct plan *wanted, struct fault *ret_fault)
{
    struct merged_groups *merged = arena_alloc(merge->arena, sizeof(*merged));

    if (!merged)
        return -ENOMEM;
    for (merged->count = 0; merged->count < wanted->groups_count; merged->count++)
        merged->item[merged->count] = wanted->groups[merged->count];
    for (size_t i = 0; i < merge->count; i++) {
        const struct part *part = &merge->parts[i];
        uint32_t *group = &merge->plan->members[part->place].group;
        if (part->from == wanted || merge_group(merged, part->from->groups, *group, group) == 0)
            continue;
        return explain(ret_fault,
                       "bring the whole stack up to date: `bulkhead up` without services",
                       "%s is left alone in group %s, which is another one now", part->name,
                       part->from->groups[part->member->group].name);
    }
    merge->plan->groups = merged->item;
    merge->plan->groups_count = merged->count;
    return 0;
}

static int make_members(struct merge *merge)
{
    int result = 0;

    merge->plan->members = arena_array(merge->arena, merge->count + 1, sizeof(struct plan_member));
    merge->plan->members_count = merge->count;
    if (!merge->plan->members)
        return -ENOMEM;
    for (size_t i = 0; result == 0 && i < merge->count; i++) {
        const struct part *part = &merge->parts[i];
        struct plan_member *to = &merge->plan->members[part->place];
        *to = *part->member;
        result = take_needs(merge, part, to);
    }
    return result;
}

int merge_plan(const struct plan *wanted, const struct plan *running,
               const struct reconcile_step *steps, size_t steps_count, struct plan *ret,
               struct fault *ret_fault)
{
    struct plan plan = {
        .stack = wanted->stack,
        .cgroup_dir = running->cgroup_dir,
        .runtime_dir = wanted->runtime_dir,
        .state_dir = wanted->state_dir,
        .history = wanted->history,
    };
    struct merge merge = {.plan = &plan, .arena = &plan.arena};
    int result;

    arena_init(&plan.arena, 0);
    result = take_parts(&merge, wanted, running, steps, steps_count);
    if (result == 0)
        result = place_parts(&merge, ret_fault);
    if (result == 0)
        result = make_members(&merge);
    if (result == 0)
        result = make_groups(&merge, wanted, ret_fault);
    if (result == 0)
        *ret = plan;
    else
        plan_finish(&plan);
    return result;
}
