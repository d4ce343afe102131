/* See tasks.h. */
#include "supervisor/sys/tasks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/proctext.h"

#define TEXT_BYTES 4096
#define DEPTH_MAX  8   // of cgroups that a service made in its own
#define VISITS_MAX 256 // of them

struct visit {
    struct stuck_task *tasks;
    size_t count;
    size_t max;
    int left; // cgroups that may still be visited
};

/* Its text, NUL-terminated; the length, or negative errno. */
static ssize_t read_of(int32_t pid, int32_t tid, const char *file, char text[TEXT_BYTES])
{
    char path[64];
    ssize_t length;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, file);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    length = read(fd, text, TEXT_BYTES - 1);
    length = length < 0 ? -errno : length;
    text[length > 0 ? length : 0] = '\0';
    close(fd);
    return length;
}

static void take_task(struct visit *visit, int32_t pid, int32_t tid)
{
    struct proctext_stat stat;
    char text[TEXT_BYTES];
    int64_t switches;

    if (visit->count == visit->max || read_of(pid, tid, "status", text) <= 0)
        return;
    switches = proctext_switches(text);
    if (read_of(pid, tid, "stat", text) <= 0 || !proctext_stat(text, &stat))
        return;
    visit->tasks[visit->count++] =
        (struct stuck_task){.pid = pid, .tid = tid, .state = stat.state, .switches = switches};
}

/* A PID from a name or a line; 0: it is none. */
static int32_t to_pid(const char *text)
{
    char *end;
    long pid = strtol(text, &end, 10);

    return (*end == '\0' || *end == '\n') && pid > 0 && pid <= INT32_MAX ? (int32_t)pid : 0;
}

static void take_process(struct visit *visit, int32_t pid)
{
    char path[32];
    struct dirent *entry;
    DIR *directory;

    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    directory = opendir(path);
    while (directory && visit->count < visit->max && (entry = readdir(directory)))
        if (to_pid(entry->d_name))
            take_task(visit, pid, to_pid(entry->d_name));
    if (directory)
        closedir(directory);
}

static void take_listed(struct visit *visit, int cgroup)
{
    int fd = openat(cgroup, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    FILE *list = fd >= 0 ? fdopen(fd, "r") : NULL;
    char line[32];

    if (!list) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while (visit->count < visit->max && fgets(line, sizeof(line), list))
        if (to_pid(line)) // 0: one that this pid namespace does not see
            take_process(visit, to_pid(line));
    fclose(list);
}

static int visit_cgroup(int parent, const char *name, int depth, struct visit *visit)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    struct dirent *entry;
    DIR *directory;

    if (fd < 0)
        return -errno;
    take_listed(visit, fd);
    directory = fdopendir(fd);
    if (!directory) {
        close(fd);
        return -ENOMEM;
    }
    while (depth < DEPTH_MAX && (entry = readdir(directory)))
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.' && visit->left-- > 0)
            (void)visit_cgroup(fd, entry->d_name, depth + 1, visit);
    closedir(directory);
    return 0;
}

int tasks_read(int parent, const char *name, struct stuck_task *tasks, size_t max)
{
    struct visit visit = {.tasks = tasks, .max = max, .left = VISITS_MAX};
    int result = visit_cgroup(parent, name, 0, &visit);

    return result < 0 ? result : (int)visit.count;
}

void tasks_name(const struct stuck_task *task, char *text, size_t size)
{
    struct proctext_stat stat = {.comm = "?"};
    char stat_text[TEXT_BYTES], comm[PROCTEXT_COMM_MAX];

    if (read_of(task->pid, task->tid, "stat", stat_text) > 0)
        (void)proctext_stat(stat_text, &stat);
    (void)proctext_safe(stat.comm, comm, sizeof(comm));
    snprintf(text, size, "%d (%s)", task->tid, comm);
}

void tasks_wchan(const struct stuck_task *task, char *text, size_t size)
{
    char wchan[TEXT_BYTES];

    if (read_of(task->pid, task->tid, "wchan", wchan) <= 0 || strcmp(wchan, "0") == 0)
        wchan[0] = '\0';
    (void)proctext_safe(wchan, text, size);
}
