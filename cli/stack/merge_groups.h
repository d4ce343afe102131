/* Groups of a running plan, brought into the table of the one that is to follow. Pure. */
#ifndef BULKHEAD_CLI_STACK_MERGE_GROUPS_H
#define BULKHEAD_CLI_STACK_MERGE_GROUPS_H

#include "core/group.h"

struct merged_groups {
    struct stack_group item[BUDGETS_MAX];
    uint32_t count;
};

/* The index of `from`'s group in the merged table, which gets it, and those it is in, where it
 * lacks them. 0; 1: another place has that name now, or the table is full. */
int merge_group(struct merged_groups *merged, const struct stack_group *from, uint32_t group,
                uint32_t *ret_index);

#endif
