/* See process.h. */
#include "supervisor/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

#define TEXT_BYTES  8192
#define PREFIX      "0::" // of the one line that is about the v2 hierarchy
#define NSEC_OF_SEC INT64_C(1000000000)

/* The flag "forked, but has not called exec" in /proc/PID/stat: include/linux/sched.h. */
#define FORKED_NOT_EXECED 0x40

/* The text of a file in /proc, with a NUL: its length or negative errno. */
static ssize_t read_file(pid_t pid, const char *file, char text[TEXT_BYTES])
{
    char path[64];
    ssize_t length;
    int fd;

    if (pid > 0)
        snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    else
        snprintf(path, sizeof(path), "/proc/self/%s", file);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? -ESRCH : -errno;
    length = read(fd, text, TEXT_BYTES - 1);
    if (length < 0)
        length = -errno;
    else
        text[length] = '\0';
    close(fd);
    return length;
}

/* The field of that number, of which `at` is number 2: the name in parentheses. */
static const char *find_field(const char *at, int number)
{
    for (int field = 3; at && field <= number; field++)
        at = strchr(at + 1, ' ');
    return at ? at + 1 : NULL;
}

int process_look(pid_t pid, struct process *ret)
{
    char text[TEXT_BYTES];
    ssize_t length = read_file(pid, "stat", text);
    const char *name, *parent, *flags, *start;

    if (length < 0)
        return (int)length;
    name = strrchr(text, ')'); // it may hold anything
    parent = find_field(name, 4);
    flags = find_field(name, 9);
    start = find_field(name, 22);
    if (!parent || !flags || !start)
        return -EBADMSG;
    *ret = (struct process){
        .parent = (pid_t)strtol(parent, NULL, 10),
        .start = strtoull(start, NULL, 10),
        .is_program = !(strtoul(flags, NULL, 10) & FORKED_NOT_EXECED),
    };
    return 0;
}

int process_open(pid_t pid)
{
    int fd = pidfd_open(pid, 0);

    return fd < 0 ? -errno : fd;
}

int process_cgroup(pid_t pid, char *path, size_t size)
{
    char text[TEXT_BYTES];
    ssize_t length = read_file(pid, "cgroup", text);
    char *rest = text;
    const char *line;

    if (length < 0)
        return (int)length;
    while ((line = strsep(&rest, "\n"))) {
        if (strncmp(line, PREFIX, strlen(PREFIX)) != 0)
            continue;
        line += strlen(PREFIX);
        if (strlen(line) >= size)
            return -ENAMETOOLONG;
        memcpy(path, line, strlen(line) + 1);
        return 0;
    }
    return -ENOENT;
}

int64_t process_age_ns(uint64_t start)
{
    int64_t tick = NSEC_OF_SEC / sysconf(_SC_CLK_TCK), age;
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    if (start > (uint64_t)(INT64_MAX / tick))
        return 0;
    age = (int64_t)now.tv_sec * NSEC_OF_SEC + now.tv_nsec - (int64_t)start * tick;
    return age > 0 ? age : 0;
}
