/* See paths.h. */
#include "core/paths.h"

#include <stdio.h>

void group_path(const struct stack_group *groups, uint32_t group, char path[GROUP_PATH_MAX])
{
    uint32_t levels[ENCLOSING_MAX];
    uint32_t count = groups ? group_levels(groups, BUDGETS_MAX, group, levels) : 0;
    size_t used = 0;

    path[0] = '\0';
    for (uint32_t i = count; i-- > 0;)
        if (levels[i] != GROUP_STACK)
            used += (size_t)snprintf(path + used, GROUP_PATH_MAX - used, "%s" CGROUP_GROUP "%s",
                                     used ? "/" : "", groups[levels[i]].name);
}

void compartment_name(const struct roster *roster, uint32_t member, uint32_t generation,
                      char name[COMPARTMENT_NAME_MAX])
{
    const struct member *self = &roster->members[member];
    char path[GROUP_PATH_MAX];

    group_path(roster->groups, self->group, path);
    snprintf(name, COMPARTMENT_NAME_MAX, "%s%ss-%.*s.%u.%u", path, *path ? "/" : "",
             (int)self->service_length, self->name, self->number, generation);
}
