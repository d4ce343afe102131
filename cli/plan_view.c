/* See plan_view.h. */
#include "cli/plan_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t *plan_stages(const struct plan *plan)
{
    uint32_t *stages = calloc(plan->members_count + 1, sizeof(*stages));

    for (size_t i = 0; stages && i < plan->members_count; i++) {
        const struct plan_member *member = &plan->members[i];
        stages[i] = 1;
        for (size_t j = 0; j < member->needs_count; j++)
            if (stages[member->needs[j].member] >= stages[i])
                stages[i] = stages[member->needs[j].member] + 1;
    }
    return stages;
}

const char *plan_control(const struct launch *launch, const char *file)
{
    for (size_t i = 0; i < launch->controls_count; i++)
        if (strcmp(launch->controls[i].file, file) == 0)
            return launch->controls[i].value;
    return NULL;
}

static const char *condition_name(uint16_t condition)
{
    switch ((enum need_condition)condition) {
    case NEED_COMPLETED:
        return "completed";
    case NEED_HEALTHY:
        return "healthy";
    case NEED_STARTED:
    case NEEDS_COUNT:
        break;
    }
    return "started";
}

/* The instances of a service stand together, so one look back is enough. */
void plan_needs(const struct plan *plan, const struct plan_member *member, plan_need_fn *each,
                void *context)
{
    const char *last = "";

    for (size_t i = 0; i < member->needs_count; i++) {
        const struct need *need = &member->needs[i];
        const char *service = plan->members[need->member].service;
        if (strcmp(service, last) != 0)
            each(context, service, condition_name(need->condition), need->optional != 0);
        last = service;
    }
}

void plan_restart(const struct policy *policy, char *text, size_t size)
{
    const char *name = restart_name((enum restart)policy->restart);

    if (policy->restart_max > 0)
        snprintf(text, size, "%s:%" PRId64, name, policy->restart_max);
    else
        snprintf(text, size, "%s", name);
}
