/* See budget.h. */
#include "cli/host/budget.h"

#include <stdlib.h>
#include <string.h>

#define NO_LIMIT INT64_C(-1)

static int64_t value_of(const struct launch *launch, const char *file)
{
    for (size_t i = 0; i < launch->controls_count; i++)
        if (strcmp(launch->controls[i].file, file) == 0)
            return strcmp(launch->controls[i].value, "max") == 0
                       ? NO_LIMIT
                       : strtoll(launch->controls[i].value, NULL, 10);
    return 0;
}

static void add(int64_t *sum, int64_t bytes)
{
    if (bytes == NO_LIMIT || *sum == NO_LIMIT)
        *sum = NO_LIMIT;
    else if (__builtin_add_overflow(*sum, bytes, sum))
        *sum = INT64_MAX;
}

void budget_of(const struct plan *plan, uint32_t group, struct budget *ret)
{
    const struct stack_group *it = &plan->groups[group];
    struct budget budget = {.limit_bytes = it->limit_bytes > 0 ? it->limit_bytes : NO_LIMIT};

    group_path(plan->groups, group, budget.path);
    for (size_t i = 0; i < plan->members_count; i++) {
        const struct plan_member *member = &plan->members[i];
        if (group_level(plan->groups, plan->groups_count, member->group, group) < 0)
            continue;
        add(&budget.swap_bytes, value_of(&member->launch, "memory.swap.max"));
        add(&budget.min_bytes, value_of(&member->launch, "memory.min"));
        add(&budget.low_bytes, value_of(&member->launch, "memory.low"));
    }
    if (budget.limit_bytes == NO_LIMIT)
        budget.swap_bytes = NO_LIMIT;
    *ret = budget;
}

bool budgets_any(const struct plan *plan)
{
    return plan->groups_count > 1 ||
           (plan->groups_count > 0 && plan->groups[GROUP_STACK].limit_bytes > 0);
}
