/* The planner's first half: what decides about a service, and what this host cannot enforce. */
#ifndef BULKHEAD_CLI_PLAN_PLANNER_POLICY_H
#define BULKHEAD_CLI_PLAN_PLANNER_POLICY_H

#include "cli/plan/planner.h"

/* Every default of the house, with what is written over it. */
struct policy planner_policy(const struct spec_service *service, const struct host *host);
struct logging planner_logging(const struct spec_service *service);

/* A limit that cannot be enforced here is an error, never dropped. */
void planner_check_limits(const struct spec_service *service, const struct host *host,
                          struct faults *faults);

#endif
