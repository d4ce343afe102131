/* The plan that a running stack goes on with: what is new or changed out of the new plan, what is
 * left alone out of the running one. Pure. */
#ifndef BULKHEAD_CLI_STACK_MERGE_PLAN_H
#define BULKHEAD_CLI_STACK_MERGE_PLAN_H

#include "core/fault.h"
#include "core/plan.h"
#include "cli/stack/reconcile.h"

/* Steps KEEP and ORPHAN take the member out of `running`, STOP drops it, every other takes it out
 * of `wanted`. Dependencies are found again by name; one on a member that is dropped goes with it.
 * Members are put in order again. *ret borrows from both plans; to be released with plan_finish()
 * before they are. 0; 1: *ret_fault; -ENOMEM. */
int merge_plan(const struct plan *wanted, const struct plan *running,
               const struct reconcile_step *steps, size_t steps_count, struct plan *ret,
               struct fault *ret_fault);

#endif
