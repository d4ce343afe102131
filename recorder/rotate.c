/* See rotate.h. */
#include "recorder/rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/logging.h"
#include "core/paths.h"
#include "recorder/line.h"

#define FILE_NAME_MAX (INSTANCE_NAME_MAX + 24)

/* "web-1.log", "web-1.log.2" */
static void file_name(const struct rotate *log, int age, char text[FILE_NAME_MAX])
{
    if (age == 0)
        snprintf(text, FILE_NAME_MAX, "%.*s.log", INSTANCE_NAME_MAX, log->name);
    else
        snprintf(text, FILE_NAME_MAX, "%.*s.log.%d", INSTANCE_NAME_MAX, log->name, age);
}

void rotate_init(struct rotate *log, int folder, const char *name,
                 const struct rotate_limits *limits)
{
    memset(log, 0, sizeof(*log));
    log->limits = limits;
    log->name = name;
    log->folder = folder;
    log->fd = -1;
}

void rotate_finish(struct rotate *log)
{
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
}

/* A recorder that was killed while it wrote may have left a line without its end: it is written
 * again, from the ring, and what is written next is not to be glued to it. */
static void take_back_torn(struct rotate *log)
{
    int64_t end = log->size_bytes;
    char bytes[4096];

    while (end > 0 && log->size_bytes - end < (int64_t)LINE_FORMAT_MAX) {
        size_t size = end < (int64_t)sizeof(bytes) ? (size_t)end : sizeof(bytes);
        const char *newline;

        if (pread(log->fd, bytes, size, end - (int64_t)size) != (ssize_t)size)
            return;
        newline = memrchr(bytes, '\n', size);
        end -= newline ? (int64_t)(bytes + size - newline) - 1 : (int64_t)size;
        if (newline)
            break;
    }
    if (end < log->size_bytes && ftruncate(log->fd, end) == 0)
        log->size_bytes = end;
}

/* 0 or a negative errno. */
static int open_current(struct rotate *log)
{
    char name[FILE_NAME_MAX];
    struct stat status;
    int fd;

    if (log->fd >= 0)
        return 0;
    file_name(log, 0, name);
    fd = openat(log->folder, name, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0)
        return -errno;
    log->size_bytes = fstat(fd, &status) == 0 ? status.st_size : 0;
    log->fd = fd;
    take_back_torn(log);
    return 0;
}

/* What is more than there may be, after fewer are wanted than before. */
static void drop_older(struct rotate *log)
{
    char name[FILE_NAME_MAX];
    int age = log->limits->files;

    if (age == 1) {
        file_name(log, 0, name);
        unlinkat(log->folder, name, 0);
    }
    do
        file_name(log, age++, name);
    while (age <= LOGGING_FILES_MAX && unlinkat(log->folder, name, 0) == 0);
}

/* Moves every file one up; the oldest is overwritten. What cannot be moved is appended to further:
 * better a file that is too large than lines that are gone. */
static void shift_files(struct rotate *log)
{
    char from[FILE_NAME_MAX];
    char to[FILE_NAME_MAX];
    int age;

    for (age = log->limits->files - 2; age >= 0; age--) {
        file_name(log, age, from);
        file_name(log, age + 1, to);
        renameat(log->folder, from, log->folder, to);
    }
    drop_older(log);
    rotate_finish(log);
}

static size_t count_lines(const char *lines, size_t length)
{
    size_t count = 0;

    while (length > 0) {
        const char *newline = memchr(lines, '\n', length);
        size_t line = newline ? (size_t)(newline - lines) + 1 : length;

        count++;
        lines += line;
        length -= line;
    }
    return count;
}

void rotate_lose(struct rotate *log, uint64_t lines, int error)
{
    if (log->lost == 0)
        log->lost_error = error;
    log->lost += lines;
}

/* write(2) until all is out. Returns the bytes that are in the file; *ret is 0 or an errno. */
static size_t write_all(int fd, const char *bytes, size_t length, int *ret)
{
    size_t done = 0;

    *ret = 0;
    while (done < length) {
        ssize_t written = write(fd, bytes + done, length - done);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            *ret = written < 0 ? -errno : -EIO;
            break;
        }
        done += (size_t)written;
    }
    return done;
}

/* Writes whole lines or takes back what is torn. Returns the bytes that stay. */
static size_t append(struct rotate *log, const char *lines, size_t length, int *ret)
{
    size_t written = write_all(log->fd, lines, length, ret);
    const char *newline = memrchr(lines, '\n', written);
    size_t whole = newline ? (size_t)(newline - lines) + 1 : 0;

    log->size_bytes += (int64_t)whole;
    if (whole < written && ftruncate(log->fd, log->size_bytes) < 0)
        log->size_bytes += (int64_t)(written - whole);
    return whole;
}

static const char *why_lost(int error)
{
    const char *text = strerrordesc_np(error);

    if (error == ENOSPC || error == EDQUOT)
        return "the disk is full";
    if (error == ROTATE_TOO_SLOW)
        return "the disk is too slow";
    if (error == ROTATE_JOURNALD)
        return "journald is too slow";
    return text ? text : "unknown error";
}

/* "1,204 lines lost: the disk is full" */
void rotate_loss_text(uint64_t lines, int error, char text[ROTATE_LOSS_MAX])
{
    char digits[24], grouped[32];
    int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)lines);
    int used = 0, i;

    for (i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            grouped[used++] = ',';
        grouped[used++] = digits[i];
    }
    snprintf(text, ROTATE_LOSS_MAX, "%.*s line%s lost: %s", used, grouped, lines == 1 ? "" : "s",
             why_lost(error));
}

/* 0, or a negative errno: still nothing can be written. */
static int tell_losses(struct rotate *log, const char *time)
{
    char line[ROTATE_LOSS_MAX + LINE_TIME_MAX + 32];
    char text[ROTATE_LOSS_MAX];
    int failed;
    int length;

    if (log->lost == 0)
        return 0;
    rotate_loss_text(log->lost, log->lost_error, text);
    length = snprintf(line, sizeof(line), "%s stderr F " MARKER_TEXT "%s\n", time, text);
    append(log, line, (size_t)length, &failed);
    if (failed == 0) {
        log->told += log->lost;
        log->lost = 0;
    }
    return failed;
}

void rotate_write(struct rotate *log, const char *time, const char *lines, size_t length)
{
    size_t done = 0;
    int failed = open_current(log);

    if (failed == 0 && log->size_bytes > 0 &&
        log->size_bytes + (int64_t)length > log->limits->file_bytes) {
        shift_files(log);
        failed = open_current(log);
    }
    if (failed == 0)
        failed = tell_losses(log, time);
    if (failed == 0)
        done = append(log, lines, length, &failed);
    if (failed != 0) {
        rotate_lose(log, count_lines(lines + done, length - done), -failed);
        rotate_finish(log); // the next write starts afresh: the file may be gone, the disk another
    }
}
