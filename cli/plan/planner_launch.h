/* The planner's second half: what a child needs to become the program. */
#ifndef BULKHEAD_CLI_PLAN_PLANNER_LAUNCH_H
#define BULKHEAD_CLI_PLAN_PLANNER_LAUNCH_H

#include "cli/plan/planner.h"

/* Everything of *launch but its controls. 0, also when faults were added; -ENOMEM. */
int planner_launch(const struct planner_request *request, const struct spec_service *service,
                   struct arena *arena, struct launch *launch, struct faults *faults);

#endif
