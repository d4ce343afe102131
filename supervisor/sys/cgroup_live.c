/* See cgroup_live.h. */
#include "supervisor/sys/cgroup_live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/memev.h"

/* In the order of writing: what protects, what is allowed, what kills last. */
static const struct {
    const char *file;
    const char *standard;
} live[] = {
    {"memory.min", "0"},        {"memory.low", "0"},   {"memory.high", "max"},
    {"memory.swap.max", "max"}, {"memory.max", "max"}, {"cpu.weight", "100"},
    {"cpu.max", "max 100000"},  {"pids.max", "max"},
};

static const char *value_of(const struct control *controls, size_t count, const char *file)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(controls[i].file, file) == 0)
            return controls[i].value;
    return NULL;
}

static int write_file(int cgroup, const char *file, const char *text)
{
    int fd = openat(cgroup, file, O_WRONLY | O_CLOEXEC);
    ssize_t written;

    if (fd < 0)
        return -errno;
    written = write(fd, text, strlen(text));
    close(fd); // it cannot fail, so errno is still that of the write
    return written < 0 ? -errno : 0;
}

static int read_number(int cgroup, const char *file, int64_t *ret)
{
    char text[64];
    int fd = openat(cgroup, file, O_RDONLY | O_CLOEXEC);
    ssize_t length;

    if (fd < 0)
        return -errno;
    length = read(fd, text, sizeof(text));
    close(fd);
    if (length < 0)
        return -errno;
    return memev_number(text, (size_t)length, ret) == 0 ? 0 : -EBADMSG;
}

int cgroup_live_check(int cgroup, const struct control *controls, size_t count,
                      int64_t *ret_current_bytes, int64_t *ret_limit_bytes)
{
    const char *value = value_of(controls, count, "memory.max");
    int64_t limit, current = 0;
    char text[32];
    int result;

    if (!value || memev_number(value, strlen(value), &limit) != 0 || limit < 0)
        return 0;
    result = read_number(cgroup, "memory.current", &current);
    if (result == 0 && current > limit) { // page cache may go; what stays is told
        snprintf(text, sizeof(text), "%lld", (long long)(current - limit));
        (void)write_file(cgroup, "memory.reclaim", text);
        result = read_number(cgroup, "memory.current", &current);
    }
    if (result < 0 || current <= limit)
        return result;
    *ret_current_bytes = current;
    *ret_limit_bytes = limit;
    return 1;
}

int cgroup_live_limit(int cgroup, const struct control *controls, size_t count,
                      const char **ret_file)
{
    for (size_t i = 0; i < sizeof(live) / sizeof(live[0]); i++) {
        const char *value = value_of(controls, count, live[i].file);
        int result = write_file(cgroup, live[i].file, value ? value : live[i].standard);
        /* Without its controller there is nothing to set back; and the planner knows what may be
         * absent on some kernels (memory.swap.max). */
        if (result == -ENOENT && (!value || strcmp(live[i].file, "memory.swap.max") == 0))
            continue;
        if (result < 0) {
            *ret_file = live[i].file;
            return result;
        }
    }
    return 0;
}

/* Without swap what is anonymous has to go, not only to move. */
int cgroup_live_squeeze(int cgroup, int64_t *ret_before_bytes, int64_t *ret_after_bytes)
{
    int64_t before = 0, after = 0;
    char text[32];
    int result = read_number(cgroup, "memory.current", &before);

    if (result < 0)
        return result;
    (void)write_file(cgroup, "memory.swap.max", "0"); // absent without swap accounting
    result = write_file(cgroup, "memory.max", "0");
    if (result == 0)
        result = read_number(cgroup, "memory.current", &after);
    if (result < 0)
        return result;
    snprintf(text, sizeof(text), "%lld", (long long)after);
    if (after > 0)
        (void)write_file(cgroup, "memory.reclaim", text); // less than asked for is -EAGAIN
    result = read_number(cgroup, "memory.current", &after);
    if (result < 0)
        return result;
    *ret_before_bytes = before;
    *ret_after_bytes = after;
    return 0;
}
