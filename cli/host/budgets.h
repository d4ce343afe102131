/* The memory limits of a plan's groups and of the stack as a whole, brought into force.
 *
 * A limit is not lowered below what is in use: that would kill inside the write. Source:
 * Documentation/admin-guide/cgroup-v2.rst. */
#ifndef BULKHEAD_CLI_HOST_BUDGETS_H
#define BULKHEAD_CLI_HOST_BUDGETS_H

#include "core/fault.h"
#include "cli/host/budget.h"

/* For all groups, whose cgroups are there; all are checked before one is written. 0; 1: *ret_fault
 * says which cannot be had. */
int budgets_apply(const struct plan *plan, struct fault *ret_fault);

#endif
