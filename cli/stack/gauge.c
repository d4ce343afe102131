/* See gauge.h. Source: Documentation/admin-guide/cgroup-v2.rst. */
#include "cli/stack/gauge.h"

#include <stdio.h>
#include <string.h>

#include "cli/host/stack_roster.h"
#include "core/memev.h"
#include "core/paths.h"

static bool has_compartment(const struct wire_row *row)
{
    switch ((enum state)row->state) {
    case STATE_CREATED:
    case STATE_WAITING:
    case STATE_BACKOFF:
    case STATE_HELD:
    case STATE_EXITED:
    case STATES_COUNT:
        return false;
    default:
        return row->generation > 0;
    }
}

static bool join(const struct roster *roster, const char *compartment, char path[GAUGE_PATH_MAX])
{
    int length = snprintf(path, GAUGE_PATH_MAX, "%s/" CGROUP_SERVICES "/%s", roster->cgroup_dir,
                          compartment);

    if (length < 0 || length >= GAUGE_PATH_MAX)
        path[0] = '\0';
    return path[0] != '\0';
}

bool gauge_cgroup(const struct roster *roster, const struct wire_row *row,
                  char path[GAUGE_PATH_MAX])
{
    char name[COMPARTMENT_NAME_MAX];
    ptrdiff_t index = row->member;

    path[0] = '\0';
    if (!has_compartment(row) || !roster->cgroup_dir)
        return false;
    if (index >= roster->members_count || strcmp(roster->members[index].name, row->name) != 0)
        index = roster_find(roster, row->name); // another plan has it in another place
    if (index < 0)
        return false;
    compartment_name(roster, (uint32_t)index, row->generation, name);
    return join(roster, name, path);
}

bool gauge_left(const struct roster *roster, const struct wire_left *left,
                char path[GAUGE_PATH_MAX])
{
    path[0] = '\0';
    if (!roster->cgroup_dir || strstr(left->compartment, ".."))
        return false;
    return join(roster, left->compartment, path);
}

int64_t gauge_number(const char *cgroup, const char *file, int64_t otherwise)
{
    char text[64];
    int64_t value;
    ssize_t length = stack_file_read(cgroup, file, text, sizeof(text));

    if (length <= 0 || memev_number(text, (size_t)length, &value) != 0 || value < 0)
        return otherwise;
    return value;
}

static int64_t read_processor(const char *cgroup)
{
    char text[2048];
    int64_t used_us;
    ssize_t length = stack_file_read(cgroup, "cpu.stat", text, sizeof(text));

    if (length <= 0 || memev_keyed(text, (size_t)length, "usage_usec", &used_us) != 0)
        return GAUGE_NONE;
    return used_us > INT64_MAX / NSEC_PER_USEC ? GAUGE_NONE : used_us * NSEC_PER_USEC;
}

void gauge_read(const char *cgroup, struct gauge *ret)
{
    ret->current_bytes = gauge_number(cgroup, "memory.current", GAUGE_NONE);
    ret->peak_bytes = gauge_number(cgroup, "memory.peak", GAUGE_NONE);
    ret->high_bytes = gauge_number(cgroup, "memory.high", GAUGE_NONE);
    ret->limit_bytes = gauge_number(cgroup, "memory.max", GAUGE_NONE);
    ret->processor_ns = read_processor(cgroup);
    ret->processes = gauge_number(cgroup, "pids.current", GAUGE_NONE);
    ret->processes_limit = gauge_number(cgroup, "pids.max", GAUGE_NONE);
}
