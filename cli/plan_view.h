/* What both forms of the report show of a plan; for plan_report's own files. */
#ifndef BULKHEAD_CLI_PLAN_VIEW_H
#define BULKHEAD_CLI_PLAN_VIEW_H

#include "core/plan.h"

/* By member: 1 for who needs nobody, else one more than the latest of those it needs. A malloc'ed
 * array, NULL: no memory. */
uint32_t *plan_stages(const struct plan *plan);

/* The value of a cgroup file in the launch, or NULL. */
const char *plan_control(const struct launch *launch, const char *file);

/* Calls `each` once for every service that the member needs: "db", "healthy", optional. */
typedef void plan_need_fn(void *context, const char *service, const char *condition, bool optional);
void plan_needs(const struct plan *plan, const struct plan_member *member, plan_need_fn *each,
                void *context);

/* "on-failure:3" */
void plan_restart(const struct policy *policy, char *text, size_t size);

#endif
