/* See supervisor.h: everything that is opened once, before the stack is said to be ready. */
#include "supervisor/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/handover.h"
#include "core/paths.h"
#include "supervisor/planned.h"
#include "supervisor/slot.h"
#include "supervisor/sys/cgroup.h"
#include "supervisor/sys/clock.h"
#include "supervisor/sys/memory.h"

struct complaint {
    char *text;
    size_t size;
};

/* Says what cannot be done; returns 1. */
static int complain(const struct complaint *complaint, const char *what, int error)
{
    snprintf(complaint->text, complaint->size, "%s: %s%s", what, strerrordesc_np(-error),
             error == -EMFILE ? "; each service needs six: raise the limit (ulimit -n)" : "");
    return 1;
}

/* --- the plan ----------------------------------------------------------------------------- */

static int read_plan(struct supervisor *supervisor, const struct complaint *complaint)
{
    return planned_read(HANDOVER_PLAN, &supervisor->roster, complaint->text, complaint->size) != 0;
}

/* --- files -------------------------------------------------------------------------------- */

/* Our own limit goes up, children start with what was there. A few numbers are kept back, so that
 * evidence can be read and clients answered when members have used up the rest. */
static void raise_file_limit(struct supervisor *supervisor)
{
    struct rlimit limit;
    int spare;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        limit = (struct rlimit){1024, 1024};
    supervisor->files = limit;
    limit.rlim_cur = limit.rlim_max;
    supervisor->files_raised =
        limit.rlim_cur != supervisor->files.rlim_cur && setrlimit(RLIMIT_NOFILE, &limit) == 0;
    if (!supervisor->files_raised)
        limit = supervisor->files;
    supervisor->files_end = limit.rlim_cur > INT_MAX ? INT_MAX : (int)limit.rlim_cur;
    spare = CONTROL_CLIENTS_MAX + 2 * FILES_FOR_COUNTERS;
    if (spare > supervisor->files_end / 4)
        spare = supervisor->files_end / 4;
    supervisor->files_max = supervisor->files_end - spare;
}

static int open_runtime(struct supervisor *supervisor, bool adopts,
                        const struct complaint *complaint)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;

    supervisor->runtime = open(supervisor->roster.runtime_dir, flags);
    if (supervisor->runtime < 0 && errno == ENOENT && adopts && folder_make(supervisor) == 0)
        supervisor->runtime = open(supervisor->roster.runtime_dir, flags);
    if (supervisor->runtime < 0 || fchdir(supervisor->runtime) < 0)
        return complain(complaint, supervisor->roster.runtime_dir, -errno);
    if (mkdirat(supervisor->runtime, PATH_FIFO, 0700) < 0 && errno != EEXIST)
        return complain(complaint, "cannot make the folder " PATH_FIFO, -errno);
    supervisor->fifos = openat(supervisor->runtime, PATH_FIFO, flags);
    return supervisor->fifos < 0 ? complain(complaint, PATH_FIFO, -errno) : 0;
}

static int open_fifos(struct supervisor *supervisor, const struct complaint *complaint)
{
    for (uint32_t i = 0; i < supervisor->roster.members_count; i++) {
        int result =
            slot_open_fifos(supervisor, &supervisor->roster.members[i], &supervisor->slots[i]);
        if (result < 0)
            return complain(complaint, supervisor->roster.members[i].name, result);
    }
    return 0;
}

static int open_cgroups(struct supervisor *supervisor, const struct complaint *complaint)
{
    int result = cgroup_open(HANDOVER_CGROUP, CGROUP_SERVICES, &supervisor->services);

    if (result < 0)
        return complain(complaint, "cannot open the cgroup " CGROUP_SERVICES, result);
    result = supervisor_look_at_cgroups(supervisor);
    return result < 0
               ? complain(complaint, "cannot read the counters of the groups in " CGROUP_SERVICES,
                          result)
               : 0;
}

int supervisor_look_at_cgroups(struct supervisor *supervisor)
{
    supervisor->counted = cgroup_hands_down(supervisor->services, "memory");
    return levels_open(supervisor->services, &supervisor->roster, &supervisor->levels);
}

static int open_loop(struct supervisor *supervisor, const struct complaint *complaint)
{
    sigset_t set;
    int result = loop_init(&supervisor->loop);

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    supervisor->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (result == 0 && supervisor->signals < 0)
        result = -errno;
    if (result == 0)
        result = loop_add(&supervisor->loop, supervisor->signals, EPOLLIN, SOURCE_SIGNAL, 0);
    if (result == 0)
        result = loop_add(&supervisor->loop, HANDOVER_KEEPER, EPOLLIN, SOURCE_KEEPER, 0);
    return result < 0 ? complain(complaint, "cannot wait for events", result) : 0;
}

/* --- all of it ---------------------------------------------------------------------------- */

/* A birth, that it cannot be watched, that an aide cannot be started or is called off. */
uint32_t supervisor_results_max(uint32_t members)
{
    return 4 * members + 1;
}

/* A request for everybody, and the facts before and behind it. */
uint32_t supervisor_events_max(uint32_t members)
{
    return members + 2 * FACTS_MAX(members);
}

static int allocate(struct supervisor *supervisor, const struct complaint *complaint)
{
    uint32_t count = supervisor->roster.members_count;

    supervisor->slots = calloc((size_t)count + 1, sizeof(*supervisor->slots));
    if (!supervisor->slots || fleet_init(&supervisor->fleet, &supervisor->roster) < 0 ||
        aides_reserve(&supervisor->aides, count) < 0 ||
        queue_init(&supervisor->results, supervisor_results_max(count)) < 0 ||
        queue_init(&supervisor->events, supervisor_events_max(count)) < 0)
        return complain(complaint, "cannot hold the stack", -ENOMEM);
    for (uint32_t i = 0; i < count; i++)
        slot_init(&supervisor->slots[i]);
    return 0;
}

/* What is to go on; else a journal begins. */
static int open_journal(struct supervisor *supervisor, bool adopts,
                        const struct complaint *complaint)
{
    int result = adopts ? adopt(supervisor) : 0;

    if (result < 0)
        return complain(complaint, "cannot go on with what is there", result);
    if (!supervisor->adoption.is_done)
        result = journal_open(&supervisor->journal, supervisor->runtime, &supervisor->fleet, 0);
    return result < 0 ? complain(complaint, "cannot begin the journal", result) : 0;
}

static int open_rest(struct supervisor *supervisor, bool adopts, const struct complaint *complaint)
{
    int result;

    sampler_open(supervisor, adopts);
    if (open_journal(supervisor, adopts, complaint) != 0)
        return 1;
    folder_open(supervisor);
    if (adopts)
        supervisor->folder.look = supervisor->now; // it may be another, or lack something
    result = control_open(supervisor);
    if (supervisor->adoption.is_done)
        supervisor->control.started_wall_ns = adopt_started_wall_ns(supervisor);
    return result < 0 ? complain(complaint, "cannot listen at " PATH_CONTROL, result) : 0;
}

int supervisor_prepare(struct supervisor *supervisor, const char *libexec_dir, bool adopts,
                       char *why, size_t why_size)
{
    const struct complaint complaint = {why, why_size};

    supervisor->libexec_dir = libexec_dir;
    supervisor->now = clock_now();
    supervisor->wall_ns = clock_wall_ns();
    supervisor->look_at = supervisor->leisure_at = supervisor->finish_by = INSTANT_NEVER;
    supervisor->journal.fd = -1;
    reaper_init(&supervisor->reaper, HANDOVER_KEEPER);
    recording_init(&supervisor->recording);
    supervisor->reload = (struct reload){.plan = -1, .client = -1};
    supervisor->limits.client = -1;
    supervisor->adoption = (struct adoption){.records_by = INSTANT_NEVER, .look_at = INSTANT_NEVER};
    raise_file_limit(supervisor);
    supervisor->no_huge_pages = memory_without_huge_pages();
    if (read_plan(supervisor, &complaint) != 0 || allocate(supervisor, &complaint) != 0 ||
        open_runtime(supervisor, adopts, &complaint) != 0 ||
        open_cgroups(supervisor, &complaint) != 0 || open_fifos(supervisor, &complaint) != 0 ||
        open_loop(supervisor, &complaint) != 0)
        return 1;
    return open_rest(supervisor, adopts, &complaint);
}
