/* Groups: the levels of a stack's tree between the stack itself and its members' compartments, each
 * with a memory limit that all below it share.
 *
 * A table of them starts with the stack itself (svc/); a group stands behind the one it is in. A
 * stack without a table has no levels that are known. */
#ifndef BULKHEAD_CORE_GROUP_H
#define BULKHEAD_CORE_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/limits.h"

#define GROUP_STACK UINT32_C(0)

struct stack_group {
    char name[NAME_BYTES_MAX + 1]; // "": the stack itself
    uint32_t parent;               // stands before it; the stack is its own
    int64_t limit_bytes;           // memory.max, 0: none
};

/* What a table must be: names that are valid and unique, parents before their children, at most
 * ENCLOSING_MAX levels and BUDGETS_MAX groups. An empty one is. */
bool groups_are_valid(const struct stack_group *groups, uint32_t count);

/* The levels around what is in `group`, innermost first, the stack last; how many they are. */
uint32_t group_levels(const struct stack_group *groups, uint32_t count, uint32_t group,
                      uint32_t levels[ENCLOSING_MAX]);

/* Which of the levels around what is in `group` is `other`: innermost 0; -1: none. */
int32_t group_level(const struct stack_group *groups, uint32_t count, uint32_t group,
                    uint32_t other);

/* The index of the group of that name, or -1. */
ptrdiff_t group_find(const struct stack_group *groups, uint32_t count, const char *name);

/* Do both tables have the two at the same place, whatever their limits? */
bool group_is_same(const struct stack_group *a, uint32_t in_a, const struct stack_group *b,
                   uint32_t in_b);

#endif
