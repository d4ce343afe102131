/* See supervisor.h: everything that is opened once, before the stack is said to be ready. */
#include "supervisor/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/handover.h"
#include "core/paths.h"
#include "core/planfile.h"
#include "supervisor/facts.h"
#include "supervisor/sys/cgroup.h"
#include "supervisor/sys/clock.h"
#include "supervisor/sys/fifo.h"

#define ENCLOSING_KNOWN 1 // levels of groups around a compartment: svc/

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

static int decode_index(const struct planfile_header *header, struct roster *roster,
                        const struct complaint *complaint)
{
    size_t size = (size_t)header->index_bytes;
    void *bytes = mmap(NULL, size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const char *why;
    int result;

    if (bytes == MAP_FAILED)
        return complain(complaint, "cannot read the plan", -errno);
    if (pread(HANDOVER_PLAN, bytes, size, PLANFILE_HEADER_BYTES) != (ssize_t)size) {
        result = complain(complaint, "cannot read the plan", -EBADMSG);
    } else {
        result = planfile_index(header, bytes, size, roster, &why);
        if (result > 0)
            snprintf(complaint->text, complaint->size, "%s", why);
        else if (result < 0)
            result = complain(complaint, "cannot read the plan", result);
    }
    munmap(bytes, size + 1);
    return result;
}

static int read_plan(struct supervisor *supervisor, const struct complaint *complaint)
{
    unsigned char bytes[PLANFILE_HEADER_BYTES];
    struct planfile_header header;

    if (pread(HANDOVER_PLAN, bytes, sizeof(bytes), 0) != sizeof(bytes) ||
        planfile_header(bytes, &header) != 0)
        return complain(complaint, "the plan is not one of this version", -EBADMSG);
    if (decode_index(&header, &supervisor->roster, complaint) != 0)
        return 1;
    if (supervisor->roster.enclosing > ENCLOSING_KNOWN)
        return complain(complaint, "the plan has groups in groups", -EOPNOTSUPP);
    return 0;
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

static int open_runtime(struct supervisor *supervisor, const struct complaint *complaint)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;

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
        const struct member *member = &supervisor->roster.members[i];
        struct slot *slot = &supervisor->slots[i];
        char name[INSTANCE_NAME_MAX + 4];
        int result;

        stpcpy(stpcpy(name, member->name), ".out");
        result = fifo_open(supervisor->fifos, name, &slot->output);
        if (result == 0) {
            stpcpy(stpcpy(name, member->name), ".err");
            result = fifo_open(supervisor->fifos, name, &slot->errors);
        }
        if (result == 0 && slot->errors >= supervisor->files_max)
            result = -EMFILE;
        if (result < 0)
            return complain(complaint, name, result);
    }
    return 0;
}

static int open_cgroups(struct supervisor *supervisor, const struct complaint *complaint)
{
    int result = cgroup_open(HANDOVER_CGROUP, CGROUP_SERVICES, &supervisor->services);

    if (result < 0)
        return complain(complaint, "cannot open the cgroup " CGROUP_SERVICES, result);
    supervisor->enclosing = -1;
    result = cgroup_watch(HANDOVER_CGROUP, CGROUP_SERVICES, "memory.events.local",
                          &supervisor->enclosing);
    if (result < 0 && result != -ENOENT)
        return complain(complaint, "cannot read the counters of " CGROUP_SERVICES, result);
    supervisor->counted = cgroup_hands_down(supervisor->services, "memory");
    return 0;
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

static int allocate(struct supervisor *supervisor, const struct complaint *complaint)
{
    uint32_t count = supervisor->roster.members_count;

    supervisor->slots = calloc((size_t)count + 1, sizeof(*supervisor->slots));
    /* Of effects: a birth, that it cannot be watched, that an aide cannot be started. Of the rest:
     * a request for everybody, and the facts before and behind it. */
    if (!supervisor->slots || fleet_init(&supervisor->fleet, &supervisor->roster) < 0 ||
        aides_reserve(&supervisor->aides, count) < 0 ||
        queue_init(&supervisor->results, 4 * count + 1) < 0 ||
        queue_init(&supervisor->events, count + 2 * FACTS_MAX(count)) < 0)
        return complain(complaint, "cannot hold the stack", -ENOMEM);
    for (uint32_t i = 0; i < count; i++)
        facts_init_slot(&supervisor->slots[i]);
    return 0;
}

static int open_journal_and_socket(struct supervisor *supervisor, const struct complaint *complaint)
{
    int result = journal_open(&supervisor->journal, supervisor->runtime, &supervisor->fleet, 0);

    if (result < 0)
        return complain(complaint, "cannot begin the journal", result);
    result = control_open(supervisor);
    return result < 0 ? complain(complaint, "cannot listen at " PATH_CONTROL, result) : 0;
}

int supervisor_prepare(struct supervisor *supervisor, const char *libexec_dir, char *why,
                       size_t why_size)
{
    const struct complaint complaint = {why, why_size};

    supervisor->libexec_dir = libexec_dir;
    supervisor->now = clock_now();
    supervisor->wall_ns = clock_wall_ns();
    supervisor->look_at = supervisor->leisure_at = supervisor->finish_by = INSTANT_NEVER;
    reaper_init(&supervisor->reaper, HANDOVER_KEEPER);
    recording_init(&supervisor->recording);
    raise_file_limit(supervisor);
    if (read_plan(supervisor, &complaint) != 0 || allocate(supervisor, &complaint) != 0 ||
        open_runtime(supervisor, &complaint) != 0 || open_cgroups(supervisor, &complaint) != 0 ||
        open_fifos(supervisor, &complaint) != 0 || open_loop(supervisor, &complaint) != 0)
        return 1;
    return open_journal_and_socket(supervisor, &complaint);
}
