/* See group.h. */
#include "core/group.h"

#include <string.h>

#include "core/roster.h"

bool groups_are_valid(const struct stack_group *groups, uint32_t count)
{
    uint32_t depth[BUDGETS_MAX];

    if (count > BUDGETS_MAX)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct stack_group *group = &groups[i];
        bool is_stack = i == GROUP_STACK;
        if (group->limit_bytes < 0 || group->parent > i || (group->parent == i) != is_stack)
            return false;
        if (is_stack ? group->name[0] != '\0' : !roster_name_is_valid(group->name))
            return false;
        if (group_find(groups, i, group->name) >= 0)
            return false;
        depth[i] = is_stack ? 1 : depth[group->parent] + 1;
        if (depth[i] > ENCLOSING_MAX)
            return false;
    }
    return true;
}

uint32_t group_levels(const struct stack_group *groups, uint32_t count, uint32_t group,
                      uint32_t levels[ENCLOSING_MAX])
{
    uint32_t found = 0;

    while (group < count && found < ENCLOSING_MAX) {
        levels[found++] = group;
        if (group == GROUP_STACK)
            break;
        group = groups[group].parent;
    }
    return found;
}

int32_t group_level(const struct stack_group *groups, uint32_t count, uint32_t group,
                    uint32_t other)
{
    uint32_t levels[ENCLOSING_MAX];
    uint32_t found = group_levels(groups, count, group, levels);

    for (uint32_t i = 0; i < found; i++)
        if (levels[i] == other)
            return (int32_t)i;
    return -1;
}

ptrdiff_t group_find(const struct stack_group *groups, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(groups[i].name, name) == 0)
            return (ptrdiff_t)i;
    return -1;
}

bool group_is_same(const struct stack_group *a, uint32_t in_a, const struct stack_group *b,
                   uint32_t in_b)
{
    while (in_a != GROUP_STACK && in_b != GROUP_STACK) {
        if (strcmp(a[in_a].name, b[in_b].name) != 0)
            return false;
        in_a = a[in_a].parent;
        in_b = b[in_b].parent;
    }
    return in_a == in_b;
}
