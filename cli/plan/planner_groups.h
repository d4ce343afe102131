/* The planner's part that is about groups: the spec's as a table in which parents stand first. */
#ifndef BULKHEAD_CLI_PLAN_PLANNER_GROUPS_H
#define BULKHEAD_CLI_PLAN_PLANNER_GROUPS_H

#include "cli/plan/planner.h"

/* Fills plan->groups. 0, also with faults; -ENOMEM. */
int planner_groups(const struct planner_request *request, struct plan *plan, struct faults *faults);

/* Where the service is in it. */
uint32_t planner_group_of(const struct plan *plan, const struct spec_service *service);

#endif
