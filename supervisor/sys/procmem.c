/* See procmem.h. */
#include "supervisor/sys/procmem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/smaps.h"

#define TEXT_BYTES 4096
#define LINE_BYTES 8192 // a path and more
#define PIDS_MAX   65536

struct candidate {
    int pid;
    int64_t pages; // resident
};

static int open_of(int pid, const char *file)
{
    char path[64];
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* Its text, NUL-terminated; the length, or negative errno. */
static ssize_t read_of(int pid, const char *file, char text[TEXT_BYTES])
{
    int fd = open_of(pid, file);
    ssize_t length;

    if (fd < 0)
        return fd;
    length = read(fd, text, TEXT_BYTES - 1);
    if (length < 0)
        length = -errno;
    else
        text[length] = '\0';
    close(fd);
    return length;
}

/* --- which -------------------------------------------------------------------------------- */

static void take_candidate(int pid, struct candidate biggest[SNAPSHOT_PROCESSES_MAX])
{
    struct candidate one = {.pid = pid};
    char text[TEXT_BYTES];
    long long pages;
    int at = SNAPSHOT_PROCESSES_MAX;

    if (pid <= 0 || read_of(pid, "statm", text) <= 0 || sscanf(text, "%*s %lld", &pages) != 1)
        return;
    one.pages = pages;
    while (at > 0 && (!biggest[at - 1].pid || biggest[at - 1].pages < one.pages))
        at--;
    if (at == SNAPSHOT_PROCESSES_MAX)
        return;
    memmove(&biggest[at + 1], &biggest[at],
            (size_t)(SNAPSHOT_PROCESSES_MAX - 1 - at) * sizeof(*biggest));
    biggest[at] = one;
}

static int choose(int parent, const char *name, struct candidate biggest[SNAPSHOT_PROCESSES_MAX])
{
    char path[512];
    int pid, fd;
    FILE *list;

    snprintf(path, sizeof(path), "%s/cgroup.procs", name);
    fd = openat(parent, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    list = fdopen(fd, "r");
    if (!list) {
        close(fd);
        return -ENOMEM;
    }
    for (int i = 0; i < PIDS_MAX && fscanf(list, "%d", &pid) == 1; i++)
        take_candidate(pid, biggest);
    fclose(list);
    return 0;
}

/* --- what they have ----------------------------------------------------------------------- */

/* "RssAnon:	     136 kB" of the status file, in bytes. */
static int64_t field_of(const char *status, const char *key)
{
    const char *found = strstr(status, key);
    long long kb;

    if (!found || sscanf(found + strlen(key), " %lld kB", &kb) != 1 || kb < 0)
        return 0;
    return kb > INT64_MAX / 1024 ? INT64_MAX : kb * 1024;
}

static int read_kinds(int pid, struct smaps *smaps)
{
    char line[LINE_BYTES];
    int fd = open_of(pid, "smaps");
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

    if (!file)
        return fd < 0 ? fd : -ENOMEM;
    while (fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        smaps_line(smaps, line);
    }
    fclose(file);
    return 0;
}

static int64_t rest(int64_t all, int64_t part)
{
    return all > part ? all - part : 0;
}

/* The kernel counts private, shared and file pages; heap and stacks are a part of the private. */
static int read_process(int pid, struct snapshot_process *ret)
{
    struct snapshot_process process = {.pid = pid};
    struct smaps smaps = {0};
    char text[TEXT_BYTES];
    ssize_t length = read_of(pid, "comm", text);
    int result;

    if (length < 0)
        return (int)length;
    text[strcspn(text, "\n")] = '\0';
    snprintf(process.comm, sizeof(process.comm), "%.*s", SNAPSHOT_COMM_MAX - 1, text);
    result = read_kinds(pid, &smaps);
    if (result < 0)
        return result;
    length = read_of(pid, "status", text);
    if (length < 0)
        return (int)length;
    process.heap_bytes = smaps.bytes[SMAPS_HEAP];
    process.stacks_bytes = smaps.bytes[SMAPS_STACK];
    process.anon_bytes =
        rest(field_of(text, "\nRssAnon:"), process.heap_bytes + process.stacks_bytes);
    process.shmem_bytes = field_of(text, "\nRssShmem:");
    process.file_bytes = field_of(text, "\nRssFile:");
    *ret = process;
    return 0;
}

int procmem_biggest(int parent, const char *name,
                    struct snapshot_process processes[SNAPSHOT_PROCESSES_MAX])
{
    struct candidate biggest[SNAPSHOT_PROCESSES_MAX] = {0};
    int count = 0, result = choose(parent, name, biggest), error = result;

    for (int i = 0; error == 0 && i < SNAPSHOT_PROCESSES_MAX && biggest[i].pid; i++) {
        result = read_process(biggest[i].pid, &processes[count]);
        count += result == 0;
    }
    return count > 0 ? count : result;
}
