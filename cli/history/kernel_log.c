/* See kernel_log.h. */
#include "cli/history/kernel_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/nsec.h"

#define RECORD_BYTES 8192   // the kernel's longest, as read(2) gives it
#define RECORDS_MAX  200000 // that are looked at: somebody may write on and on
#define KEPT_MAX     4096
#define ABOUT_NS     (60 * NSEC_PER_SEC) // its clock is not corrected as ours is

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

/* False: no memory, or enough. */
static bool keep(struct kernel_log *log, const struct kmsg_record *record)
{
    if (log->count == log->capacity) {
        size_t capacity = log->capacity > 0 ? log->capacity * 2 : 32;
        struct kmsg_record *item =
            capacity > KEPT_MAX ? NULL : reallocarray(log->item, capacity, sizeof(*item));

        if (!item)
            return false;
        log->item = item;
        log->capacity = capacity;
    }
    log->item[log->count++] = *record;
    return true;
}

static bool is_about_a_kill(const char *text)
{
    return strstr(text, "oom-kill:") || strstr(text, "Killed process ") ||
           strstr(text, "memory.oom.group");
}

void kernel_log_read(struct kernel_log *log)
{
    int file = open("/dev/kmsg", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char bytes[RECORD_BYTES];
    struct kmsg_record record;

    memset(log, 0, sizeof(*log));
    log->boot_wall_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
    for (int i = 0; i < RECORDS_MAX && file >= 0; i++) {
        ssize_t got = read(file, bytes, sizeof(bytes));

        if (got < 0 && (errno == EPIPE || errno == EINTR || errno == EINVAL))
            continue; // one was written over meanwhile, or is too long
        if (got <= 0)
            break;
        if (kmsg_read(bytes, (size_t)got, &record) && is_about_a_kill(record.text) &&
            !keep(log, &record))
            break;
    }
    if (file >= 0)
        close(file);
}

void kernel_log_finish(struct kernel_log *log)
{
    free(log->item);
    memset(log, 0, sizeof(*log));
}

/* One that is killed with its group is told twice. */
static size_t add_line(const char *ret[KERNEL_LINES_MAX], size_t count, const char *line)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(ret[i], line) == 0)
            return count;
    ret[count] = line;
    return count + 1;
}

size_t kernel_log_select(const struct kernel_log *log, const char *stack, const char *compartment,
                         int64_t wall_ns, const char *ret[KERNEL_LINES_MAX])
{
    int64_t chosen = 0;
    size_t count = 0;

    for (size_t i = 0; i < log->count && count < KERNEL_LINES_MAX; i++) {
        const struct kmsg_record *record = &log->item[i];
        int64_t off_ns = record->at_ns + log->boot_wall_ns - wall_ns;
        int64_t pid;

        if (off_ns < -ABOUT_NS || off_ns > ABOUT_NS)
            continue;
        if (kmsg_names(record->text, stack, compartment, &pid)) {
            chosen = pid > 0 ? pid : chosen;
            count = add_line(ret, count, record->text);
        } else if (kmsg_killed(record->text, chosen)) {
            count = add_line(ret, count, record->text);
        }
    }
    return count;
}
