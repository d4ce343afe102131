/* See cgroup.h: the end of a compartment. What is in it was made by the service: directories and
 * processes are visited with a bound on how many at once. */
#include "supervisor/sys/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEPTH_MAX  16  // of cgroups that a service made in its own
#define VISITS_MAX 512 // of them in one go
#define PASSES_MAX 32  // over the processes, where they may fork meanwhile
#define LIST_BYTES \
    2048 // of directory entries at once, kept small: it is on the stack at each level

static int open_directory(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

    return fd < 0 ? -errno : fd;
}

static int write_control(int cgroup, const char *file, const char *text)
{
    int fd = openat(cgroup, file, O_WRONLY | O_CLOEXEC);
    ssize_t written;

    if (fd < 0)
        return -errno;
    written = write(fd, text, strlen(text));
    close(fd);
    return written < 0 ? -errno : 0;
}

/* --- visiting ----------------------------------------------------------------------------- */

struct visit {
    int depth;
    int left; // directories that may still be visited
    bool found;
};

typedef int visitor(int parent, const char *name, struct visit *visit);

/* Calls `visit_one` for every cgroup directly below `directory`; the first error of one, else 0. */
static int visit_below(int directory, visitor *visit_one, struct visit *visit)
{
    _Alignas(struct dirent64) char list[LIST_BYTES];
    int result = 0;
    ssize_t length;

    while ((length = getdents64(directory, list, sizeof(list))) > 0) {
        for (ssize_t at = 0; at < length;) {
            const struct dirent64 *entry = (const struct dirent64 *)(const void *)(list + at);
            at += entry->d_reclen;
            if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
                strcmp(entry->d_name, "..") == 0)
                continue;
            if (visit->depth >= DEPTH_MAX || visit->left-- <= 0)
                return -EBUSY;
            visit->depth++;
            int below = visit_one(directory, entry->d_name, visit);
            visit->depth--;
            if (result == 0)
                result = below;
        }
    }
    return length < 0 ? -errno : result;
}

/* --- killing ------------------------------------------------------------------------------ */

/* Signals the processes of one cgroup.procs text; a number may be cut at the end of a read. */
static bool signal_listed(int procs)
{
    char text[512], digits[16];
    size_t used = 0;
    bool found = false;
    ssize_t length;

    while ((length = read(procs, text, sizeof(text))) > 0) {
        for (ssize_t i = 0; i < length; i++) {
            if (text[i] >= '0' && text[i] <= '9' && used < sizeof(digits) - 1) {
                digits[used++] = text[i];
                continue;
            }
            digits[used] = '\0';
            long pid = used ? strtol(digits, NULL, 10) : 0;
            used = 0;
            /* 0 is a process that this pid namespace does not see, and kill(0) would be us. */
            if (pid > 1 && kill((pid_t)pid, SIGKILL) == 0)
                found = true;
        }
    }
    return found;
}

static int signal_tree(int parent, const char *name, struct visit *visit)
{
    int directory = open_directory(parent, name), procs, result;

    if (directory < 0)
        return directory;
    procs = openat(directory, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    if (procs >= 0) {
        visit->found |= signal_listed(procs);
        close(procs);
    }
    result = visit_below(directory, signal_tree, visit);
    close(directory);
    return result;
}

/* For kernels without cgroup.kill (before 5.14). */
static int kill_each(int parent, const char *name)
{
    int result = 0;

    for (int pass = 0; pass < PASSES_MAX; pass++) {
        struct visit visit = {.left = VISITS_MAX};
        result = signal_tree(parent, name, &visit);
        if (!visit.found)
            break;
    }
    return result;
}

int cgroup_kill(int parent, const char *name)
{
    int cgroup = open_directory(parent, name), result;

    if (cgroup < 0)
        return cgroup;
    (void)write_control(cgroup, "pids.max", "0"); // absent without the pids controller
    result = write_control(cgroup, "cgroup.kill", "1");
    close(cgroup);
    return result == -ENOENT || result == -EOPNOTSUPP ? kill_each(parent, name) : result;
}

/* --- removal ------------------------------------------------------------------------------ */

static int remove_tree(int parent, const char *name, struct visit *visit)
{
    int directory, result;

    if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    if (errno != EBUSY)
        return -errno;
    directory = open_directory(parent, name);
    if (directory < 0)
        return directory;
    result = visit_below(directory, remove_tree, visit);
    close(directory);
    if (result < 0)
        return result;
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -errno;
}

int cgroup_remove(int parent, const char *name)
{
    struct visit visit = {.left = VISITS_MAX};

    return remove_tree(parent, name, &visit);
}
