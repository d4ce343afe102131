/* See merge_groups.h. */
#include "cli/stack/merge_groups.h"

int merge_group(struct merged_groups *merged, const struct stack_group *from, uint32_t group,
                uint32_t *ret_index)
{
    ptrdiff_t found;
    uint32_t parent;

    if (group == GROUP_STACK) {
        *ret_index = GROUP_STACK;
        return 0;
    }
    if (merge_group(merged, from, from[group].parent, &parent) != 0)
        return 1;
    found = group_find(merged->item, merged->count, from[group].name);
    if (found >= 0 ? merged->item[found].parent != parent : merged->count == BUDGETS_MAX)
        return 1;
    if (found < 0) {
        found = (ptrdiff_t)merged->count++;
        merged->item[found] = from[group];
        merged->item[found].parent = parent;
    }
    *ret_index = (uint32_t)found;
    return 0;
}
