/* What the memory limit of a group of the plan, or of the stack as a whole, comes to. Pure. */
#ifndef BULKHEAD_CLI_HOST_BUDGET_H
#define BULKHEAD_CLI_HOST_BUDGET_H

#include "core/paths.h"
#include "core/plan.h"

/* What a group's cgroup files are to say. What is below has its own share of min, low and swap, and
 * has it only where every level above it has the sum. */
struct budget {
    char path[GROUP_PATH_MAX]; // below svc/; "": the stack, whose min and low are not kept here
    int64_t limit_bytes;       // memory.max, -1: none
    int64_t swap_bytes;        // memory.swap.max, -1: any
    int64_t min_bytes;         // memory.min
    int64_t low_bytes;         // memory.low
};

void budget_of(const struct plan *plan, uint32_t group, struct budget *ret);

/* Is there anything to be limited? */
bool budgets_any(const struct plan *plan);

#endif
