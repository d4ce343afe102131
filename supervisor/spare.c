/* See spare.h. */
#include "supervisor/spare.h"

#include <errno.h>
#include <unistd.h>

#include "core/handover.h"
#include "core/paths.h"
#include "supervisor/act.h"
#include "supervisor/loaded.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/cgroup.h"

void spare_ask(struct supervisor *supervisor, uint32_t index, uint32_t generation)
{
    /* The first incarnation may well be the last one. */
    if (generation < 2)
        return;
    supervisor->slots[index].spare_asked = true;
    supervisor_at_leisure(supervisor);
}

static int make(const struct supervisor *supervisor, uint32_t index, const char *name)
{
    const struct member *member = &supervisor->roster.members[index];
    struct loaded loaded;
    int cgroup, result;

    result = loaded_read(HANDOVER_PLAN, member->launch_offset, member->launch_bytes, &loaded);
    if (result < 0)
        return result;
    result = cgroup_create(supervisor->services, name, &cgroup);
    if (result == 0) {
        result = cgroup_limit(cgroup, loaded.record.launch.controls,
                              loaded.record.launch.controls_count);
        close(cgroup);
        if (result < 0)
            (void)cgroup_remove(supervisor->services, name);
    }
    loaded_finish(&loaded);
    return result;
}

static void make_asked(struct supervisor *supervisor, uint32_t index)
{
    struct slot *slot = &supervisor->slots[index];
    char name[COMPARTMENT_NAME_MAX];

    if (!slot->spare_asked)
        return;
    slot->spare_asked = false;
    if (!slot->pid) // it is dead again
        return;
    spare_drop(supervisor, index);
    compartment_name(&supervisor->roster, index, slot->generation + 1, name);
    if (make(supervisor, index, name) == 0)
        slot->spare = slot->generation + 1;
}

void spare_make_all(struct supervisor *supervisor)
{
    for (uint32_t i = 0; i < supervisor->roster.members_count && !supervisor->fleet.ending; i++)
        make_asked(supervisor, i);
}

/* Nobody was ever in it. */
static void remove_spare(struct supervisor *supervisor, const char *name)
{
    if (cgroup_remove(supervisor->services, name) < 0)
        act_bury(supervisor, name);
}

int spare_take(struct supervisor *supervisor, uint32_t index, uint32_t generation, int *ret_cgroup)
{
    struct slot *slot = &supervisor->slots[index];
    char name[COMPARTMENT_NAME_MAX];

    if (slot->spare != generation) {
        spare_drop(supervisor, index);
        return -ENOENT;
    }
    slot->spare = 0;
    compartment_name(&supervisor->roster, index, generation, name);
    if (cgroup_open(supervisor->services, name, ret_cgroup) == 0)
        return 0;
    remove_spare(supervisor, name); // one is made as for everybody else
    return -ENOENT;
}

void spare_drop(struct supervisor *supervisor, uint32_t index)
{
    struct slot *slot = &supervisor->slots[index];
    char name[COMPARTMENT_NAME_MAX];

    if (slot->spare) {
        compartment_name(&supervisor->roster, index, slot->spare, name);
        remove_spare(supervisor, name);
    }
    slot->spare = 0;
}

void spare_drop_all(struct supervisor *supervisor)
{
    for (uint32_t i = 0; i < supervisor->roster.members_count; i++)
        spare_drop(supervisor, i);
}
