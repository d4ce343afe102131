/* See leftovers.h. */
#include "cli/stack/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "cli/host/cgfile.h"
#include "cli/show/explain.h"
#include "cli/host/folders.h"
#include "cli/show/show_faults.h"
#include "cli/host/skeleton.h"
#include "cli/host/stack_roster.h"
#include "cli/stack/watch.h"
#include "core/paths.h"

#define EMPTY_DEADLINE_MS 10000
#define LOCK_DEADLINE_MS  15000
#define LOCK_LOOK_MS      100
#define NAMES_SHOWN       8

/* Processes found, with the names of their members. */
struct found {
    int count;
    char names[240];
};

/* What follows "s-" in ".../svc/g-backend/s-web.1.7"; "" where there is no such thing. */
static const char *in_compartment(const char *dir)
{
    static const char before[] = "/" CGROUP_SERVICES "/";
    const char *services = strstr(dir, before), *at = services ? services + strlen(before) : "";

    while (strncmp(at, CGROUP_GROUP, strlen(CGROUP_GROUP)) == 0 && strchr(at, '/'))
        at = strchr(at, '/') + 1;
    return strncmp(at, "s-", 2) == 0 ? at + 2 : "";
}

/* ".../svc/s-web.1.7" and what is below it is "web-1"; else the name of the process. */
static void member_of(const char *dir, pid_t pid, char name[INSTANCE_NAME_MAX])
{
    const char *start = in_compartment(dir);
    int end = (int)strcspn(start, "/"); // a service's name may have dots: count from the end
    int last, first;

    for (last = end; last > 0 && start[last] != '.'; last--)
        ;
    for (first = last - 1; first > 0 && start[first] != '.'; first--)
        ;
    if (first > 0)
        snprintf(name, INSTANCE_NAME_MAX, "%.*s-%.*s", first, start, last - first - 1,
                 start + first + 1);
    else
        cgfile_comm(pid, name);
}

static void note_process(void *context, const char *dir, pid_t pid)
{
    struct found *found = context;
    size_t used = strlen(found->names);
    char name[INSTANCE_NAME_MAX];

    if (!strstr(dir, "/" CGROUP_SERVICES "/"))
        return; // our own: they hold the lock for as long as they live, so they are just ending
    found->count++;
    member_of(dir, pid, name);
    if (found->count <= NAMES_SHOWN)
        snprintf(found->names + used, sizeof(found->names) - used, "%s%s (pid %d)",
                 used ? ", " : "", name, (int)pid);
    else if (found->count == NAMES_SHOWN + 1)
        snprintf(found->names + used, sizeof(found->names) - used, ", ...");
}

static void kill_one(void *context, const char *dir, pid_t pid)
{
    (void)context;
    (void)dir;
    if (pid > 0)
        (void)kill(pid, SIGKILL);
}

/* cgroup.kill reaches what forks meanwhile; kernels before 5.14 have none. */
static void kill_all(const char *cgroup_dir)
{
    char services[PATH_MAX];

    snprintf(services, sizeof(services), "%s/%s", cgroup_dir, CGROUP_SERVICES);
    (void)cgfile_write(services, "pids.max", "0");
    if (cgfile_write(cgroup_dir, "cgroup.kill", "1") != 0)
        (void)cgfile_processes(cgroup_dir, true, kill_one, NULL);
}

/* 0 when nothing alive is left, -ETIMEDOUT. */
static int wait_empty(const char *cgroup_dir)
{
    int64_t deadline = monotonic_ms() + EMPTY_DEADLINE_MS;
    char path[PATH_MAX], text[256];
    int result = 0;
    int fd;

    snprintf(path, sizeof(path), "%s/cgroup.events", cgroup_dir);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLPRI};
        ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
        text[got > 0 ? got : 0] = '\0';
        if (got < 0 || strstr(text, "populated 0"))
            break;
        if (monotonic_ms() >= deadline) {
            result = -ETIMEDOUT;
            break;
        }
        (void)poll(&wait, 1, 100);
    }
    close(fd);
    return result;
}

static bool is_cgroup(const char *path)
{
    struct statfs status;

    return statfs(path, &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC;
}

static int tell_stuck(const char *cgroup_dir, struct fault *ret_fault)
{
    struct found found = {0};

    (void)cgfile_processes(cgroup_dir, true, note_process, &found);
    return explain(
        ret_fault,
        "they wait inside the kernel, for a disk or a network share: mend that, or restart "
        "the host",
        "%d processes in %s cannot be ended: %s", found.count, cgroup_dir, found.names);
}

static int tell_error(const char *what, const char *path, int error, struct fault *ret_fault)
{
    return explain(ret_fault, NULL, "cannot %s %s: %s", what, path, strerror(error));
}

/* A directory stays busy for moments after its last process has gone. */
static int remove_cgroup(const char *cgroup_dir)
{
    struct timespec pause = {0, 5000000L};
    int result = skeleton_remove(cgroup_dir);

    for (int tries = 0; result == -EBUSY && tries < 200; tries++) {
        nanosleep(&pause, NULL);
        result = skeleton_remove(cgroup_dir);
    }
    return result;
}

/* A cgroup of that name may be somebody else's: ours has nothing but our leaves. */
static bool is_ours(const char *cgroup_dir)
{
    static const char *const leaves[] = {
        ".", "..", CGROUP_KEEPER, CGROUP_SUPERVISOR, CGROUP_RECORDER, CGROUP_SERVICES};
    DIR *folder = opendir(cgroup_dir);
    struct dirent *entry;
    size_t known = 0, folders = 0;

    while (folder && (entry = readdir(folder))) {
        folders += entry->d_type == DT_DIR;
        for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
            known += entry->d_type == DT_DIR && strcmp(entry->d_name, leaves[i]) == 0;
    }
    if (folder)
        closedir(folder);
    return known == folders && cgfile_processes(cgroup_dir, false, NULL, NULL) == 0;
}

static int clear_cgroup(const char *cgroup_dir, struct found *found, struct fault *ret_fault)
{
    int result;

    if (!is_cgroup(cgroup_dir))
        return 0;
    if (!is_ours(cgroup_dir))
        return explain(ret_fault, "give the stack another name: -p NAME",
                       "the cgroup %s is not a stack's: it has processes or cgroups of others",
                       cgroup_dir);
    if (cgfile_processes(cgroup_dir, true, note_process, found) > 0) {
        kill_all(cgroup_dir);
        if (wait_empty(cgroup_dir) == -ETIMEDOUT)
            return tell_stuck(cgroup_dir, ret_fault);
    }
    result = remove_cgroup(cgroup_dir);
    return result == 0 ? 0 : tell_error("remove the cgroup", cgroup_dir, -result, ret_fault);
}

/* The cgroup of the plan that lies in the runtime folder; it may differ from today's. */
static int clear_planned(const struct command_context *context, struct found *found,
                         struct fault *ret_fault)
{
    struct roster roster = {0};
    const char *why;
    int result = 0;

    if (stack_roster_load(context->runtime_dir, &roster, &why) == 0 && roster.cgroup_dir)
        result = clear_cgroup(roster.cgroup_dir, found, ret_fault);
    roster_finish(&roster);
    return result;
}

int leftovers_clear(const struct command_context *context, const char *cgroup_dir, int *ret_ended,
                    struct fault *ret_fault)
{
    struct found found = {0};
    int result = clear_planned(context, &found, ret_fault);

    if (result == 0 && cgroup_dir)
        result = clear_cgroup(cgroup_dir, &found, ret_fault);
    if (result == 0 && found.count > 0)
        command_note("ended %d process%s that a killed supervisor left behind: %s", found.count,
                     found.count == 1 ? "" : "es", found.names);
    if (result == 0) {
        int error = folders_clear_runtime(context->runtime_dir);
        if (error != 0)
            result = tell_error("clear the folder", context->runtime_dir, -error, ret_fault);
    }
    *ret_ended = found.count;
    return result;
}

void leftovers_end_keeper(const struct command_context *context)
{
    static const char *const leaves[] = {CGROUP_KEEPER, CGROUP_SUPERVISOR};
    struct roster roster = {0};
    char leaf[PATH_MAX];
    const char *why;

    if (stack_roster_load(context->runtime_dir, &roster, &why) == 0 && roster.cgroup_dir &&
        is_cgroup(roster.cgroup_dir) && is_ours(roster.cgroup_dir))
        for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
            snprintf(leaf, sizeof(leaf), "%s/%s", roster.cgroup_dir, leaves[i]);
            (void)cgfile_processes(leaf, true, kill_one, NULL);
        }
    roster_finish(&roster);
}

/* A supervisor that answers and does not end is another one than ours, which has ended. */
static bool is_started_anew(const struct command_context *context)
{
    struct watch watch = {.client.fd = -1};
    struct fault fault;
    bool anew = watch_snapshot(context->runtime_dir, context->stack, &watch, &fault) == 0 &&
                !watch.info.ending;

    watch_close(&watch);
    return anew;
}

/* As lock_wait(), or -ENOENT as soon as somebody has started the stack anew: nothing of ours is
 * left then. */
static int wait_for_lock(const struct command_context *context, int *ret_lock)
{
    int result = lock_take(context->runtime_dir, ret_lock);

    for (int waited = 0; result == 1 && waited < LOCK_DEADLINE_MS; waited += LOCK_LOOK_MS) {
        if (is_started_anew(context))
            return -ENOENT;
        result = lock_wait(context->runtime_dir, LOCK_LOOK_MS, ret_lock);
    }
    return result;
}

int stack_remove(const struct command_context *context, bool clean)
{
    struct fault fault;
    int lock, ended;
    int result = wait_for_lock(context, &lock);

    if (result == -ENOENT)
        return STATUS_DONE;
    if (result < 0)
        return command_failed("cannot lock %s: %s", context->runtime_dir, strerror(-result));
    if (result == 1)
        return command_failed("processes of stack %s still hold its lock %s/%s", context->stack,
                              context->runtime_dir, PATH_LOCK);
    result = leftovers_clear(context, NULL, &ended, &fault);
    if (result != 0)
        show_fault(&fault, context->colour_err);
    else
        result = folders_remove_runtime(context->runtime_dir);
    if (result < 0)
        (void)command_failed("cannot remove %s: %s", context->runtime_dir, strerror(-result));
    close(lock);
    return result == 0 && (clean || ended == 0) ? STATUS_DONE : STATUS_FAILED;
}

void stack_undo(const struct command_context *context, const char *cgroup_dir)
{
    struct found found = {0};
    struct fault fault;

    if (clear_cgroup(cgroup_dir, &found, &fault) != 0)
        show_fault(&fault, context->colour_err);
    (void)folders_remove_runtime(context->runtime_dir);
}
