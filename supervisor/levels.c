/* See levels.h. */
#include "supervisor/levels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/paths.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/cgroup.h"

static int open_one(int services, const struct roster *roster, uint32_t group, int *events)
{
    char path[GROUP_PATH_MAX];
    int cgroup, result;

    group_path(roster->groups, group, path);
    result = cgroup_open(services, *path ? path : ".", &cgroup);
    if (result < 0)
        return result;
    result = cgroup_watch(cgroup, ".", "memory.events.local", events);
    close(cgroup);
    return result == -ENOENT ? 0 : result; // no memory controller
}

int levels_open(int services, const struct roster *roster, struct levels *levels)
{
    int result = 0;

    if (!levels->events) {
        levels->events = calloc((size_t)roster->groups_count + 1, sizeof(*levels->events));
        if (!levels->events)
            return -ENOMEM;
        levels->count = roster->groups_count;
        for (uint32_t i = 0; i < levels->count; i++)
            levels->events[i] = -1;
    }
    for (uint32_t i = 0; i < levels->count && result == 0; i++)
        if (levels->events[i] < 0)
            result = open_one(services, roster, i, &levels->events[i]);
    return result;
}

void levels_close(struct levels *levels)
{
    for (uint32_t i = 0; i < levels->count; i++)
        if (levels->events[i] >= 0)
            close(levels->events[i]);
    free(levels->events);
    *levels = (struct levels){0};
}

uint32_t levels_around(const struct levels *levels, const struct roster *roster, uint32_t member,
                       int events[ENCLOSING_MAX])
{
    uint32_t around[ENCLOSING_MAX];
    uint32_t count =
        group_levels(roster->groups, levels->count, roster->members[member].group, around);

    for (uint32_t i = 0; i < count; i++)
        events[i] = levels->events[around[i]];
    return count;
}

/* --- who else ----------------------------------------------------------------------------- */

/* Sorted in, the largest first; who is smaller than all that are told falls out. */
static void take(struct record_other *told, uint32_t *count, const struct record_other *other)
{
    uint32_t at = *count;

    while (at > 0 && told[at - 1].current_bytes < other->current_bytes)
        at--;
    if (at == LEVELS_TOLD_MAX)
        return;
    *count += *count < LEVELS_TOLD_MAX;
    memmove(&told[at + 1], &told[at], (*count - at - 1) * sizeof(*told));
    told[at] = *other;
}

/* Who grew fastest is told, however little it has yet: it may be the guilty one. */
static void take_fastest(struct record_other *told, uint32_t count,
                         const struct record_other *fastest)
{
    for (uint32_t i = 0; i < count; i++)
        if (told[i].member == fastest->member)
            return;
    if (fastest->growth > 0 && count > 0)
        told[count - 1] = *fastest;
}

uint32_t levels_others(const struct supervisor *supervisor, uint32_t member,
                       struct record_other told[LEVELS_TOLD_MAX])
{
    const struct roster *roster = &supervisor->roster;
    const struct verdict *verdict = &supervisor->fleet.members[member].last;
    ptrdiff_t group = group_find(roster->groups, roster->groups_count, verdict->group);
    struct record_other other, fastest = {0};
    uint32_t count = 0, looked = 0;

    for (uint32_t i = 0; group >= 0 && i < roster->members_count && looked < LEVELS_READ_MAX; i++) {
        char name[COMPARTMENT_NAME_MAX];
        if (i == member || !supervisor->slots[i].pid ||
            group_level(roster->groups, roster->groups_count, roster->members[i].group,
                        (uint32_t)group) < 0)
            continue;
        looked++;
        compartment_name(roster, i, supervisor->slots[i].generation, name);
        other = (struct record_other){.member = i, .growth = sampler_growth(supervisor, i)};
        if (cgroup_memory(supervisor->services, name, &other.current_bytes, &other.peak_bytes) < 0)
            continue;
        take(told, &count, &other);
        if (other.growth > fastest.growth)
            fastest = other;
    }
    take_fastest(told, count, &fastest);
    return count;
}

void levels_tell_others(struct supervisor *supervisor, uint32_t member)
{
    struct record_other told[LEVELS_TOLD_MAX];
    uint32_t count = levels_others(supervisor, member, told);

    for (uint32_t i = 0; i < count; i++)
        journal_other(&supervisor->journal, member, supervisor->slots[member].generation, &told[i]);
}

/* --- leaving ------------------------------------------------------------------------------ */

static bool has_place(const struct roster *roster, const struct stack_group *groups, uint32_t group)
{
    for (uint32_t i = 0; i < roster->groups_count; i++)
        if (group_is_same(roster->groups, i, groups, group))
            return true;
    return false;
}

void levels_remove(struct supervisor *supervisor, const struct roster *old,
                   const struct roster *new)
{
    for (uint32_t i = old->groups_count; i-- > 1;) { // those in others first
        char path[GROUP_PATH_MAX];
        int result;
        if (has_place(new, old->groups, i))
            continue;
        group_path(old->groups, i, path);
        result = cgroup_remove(supervisor->services, path);
        if (result < 0)
            supervisor_say(supervisor,
                           "the cgroup %s cannot be removed: %s; it is left for "
                           "`bulkhead down`",
                           path, strerrordesc_np(-result));
    }
}
