/* See planner_groups.h. */
#include "cli/plan/planner_groups.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static ptrdiff_t parent_of(const struct spec_group *from, const struct stack_group *groups,
                           uint32_t count)
{
    return from->parent.value ? group_find(groups, count, from->parent.value)
                              : (ptrdiff_t)GROUP_STACK;
}

/* As often as it takes: every pass places at least one, unless one is in itself. */
static uint32_t place(const struct spec_groups *from, struct stack_group *groups)
{
    uint32_t count = 1, before = 0;

    while (count > before) {
        before = count;
        for (size_t i = 0; i < from->count; i++) {
            const struct spec_group *it = &from->item[i];
            ptrdiff_t parent = parent_of(it, groups, count);
            if (parent < 0 || group_find(groups, count, it->name) >= 0)
                continue;
            groups[count].parent = (uint32_t)parent;
            groups[count].limit_bytes = it->mem_limit_bytes.value;
            snprintf(groups[count].name, sizeof(groups[count].name), "%s", it->name);
            count++;
        }
    }
    return count;
}

static void check_controller(const struct planner_request *request, struct mark at,
                             const char *what, const char *key, struct faults *faults)
{
    char why[320], remedy[320], whole[400];

    if (request->host->controllers[CONTROLLER_MEMORY] == CONTROLLER_USABLE)
        return;
    host_controller_trouble(request->host, CONTROLLER_MEMORY, why, sizeof(why), remedy,
                            sizeof(remedy));
    snprintf(whole, sizeof(whole), "%s, or leave %s out", remedy, key);
    faults_add(faults, FAULT_ERROR, at, whole, "the mem_limit of %s cannot be enforced: %s", what,
               why);
}

int planner_groups(const struct planner_request *request, struct plan *plan, struct faults *faults)
{
    const struct spec *spec = request->spec;
    struct stack_group *groups =
        arena_array(&plan->arena, spec->groups.count + 1, sizeof(*groups)); // zeroed

    if (!groups)
        return -ENOMEM;
    if (spec->mem_limit_bytes.set) {
        groups[GROUP_STACK].limit_bytes = spec->mem_limit_bytes.value;
        check_controller(request, spec->mem_limit_bytes.at, "the stack", "x-bulkhead.mem_limit",
                         faults);
    }
    for (size_t i = 0; i < spec->groups.count; i++) {
        char what[NAME_BYTES_MAX + 16];
        snprintf(what, sizeof(what), "group %s", spec->groups.item[i].name);
        check_controller(request, spec->groups.item[i].at, what, "the group", faults);
    }
    plan->groups = groups;
    plan->groups_count = place(&spec->groups, groups);
    return 0;
}

uint32_t planner_group_of(const struct plan *plan, const struct spec_service *service)
{
    ptrdiff_t index = service->cgroup_parent.value ? group_find(plan->groups, plan->groups_count,
                                                                service->cgroup_parent.value)
                                                   : -1;

    return index < 0 ? GROUP_STACK : (uint32_t)index;
}
