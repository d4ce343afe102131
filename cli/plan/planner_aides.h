/* The planner's third part: what runs beside a service, its probe and its hooks. */
#ifndef BULKHEAD_CLI_PLAN_PLANNER_AIDES_H
#define BULKHEAD_CLI_PLAN_PLANNER_AIDES_H

#include "cli/plan/planner.h"

#define AIDE_MEMORY_BYTES ((int64_t)64 << 20) // memory.max of an aide's compartment
#define AIDE_PIDS         32                  // its pids.max
#define REPORT_TIMEOUT    span_sec(30)        // of on_oom and on_hold

/* Makes member->aides: the service's launch with another command, what a hook sets for itself over
 * it, and limits of its own. The policy says how many of a kind. 0, also when faults were added;
 * -ENOMEM. */
int planner_aides(const struct planner_request *request, const struct spec_service *service,
                  struct arena *arena, struct plan_member *member, struct faults *faults);

#endif
