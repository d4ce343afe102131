/* See journald.h. */
#include "recorder/journald.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/paths.h"

#define PATIENCE_MS 250 // with a journald that takes nothing; the others' files wait meanwhile

/* syslog(3) */
#define WARNING 4
#define ERROR   3
#define INFO    6

static int priority(bool is_error, const char *text, size_t length)
{
    size_t own = sizeof(MARKER_TEXT) - 1;

    if (!is_error)
        return INFO;
    return length >= own && memcmp(text, MARKER_TEXT, own) == 0 ? WARNING : ERROR;
}

size_t journald_format(const char *stack, const char *member, const char *line, size_t length,
                       char out[JOURNALD_BYTES_MAX])
{
    const char *stream = memchr(line, ' ', length);
    const char *number = strrchr(member, '-');
    size_t head = stream ? (size_t)(stream - line) + sizeof(" stdout F ") - 1 : 0;
    bool is_error;
    int used;

    if (!stream || head >= LINE_TIME_MAX + 16 || head > length || length > LINE_FORMAT_MAX ||
        !number)
        return 0;
    is_error = memcmp(stream, " stderr ", 8) == 0;
    used =
        snprintf(out, JOURNALD_BYTES_MAX - LINE_FORMAT_MAX,
                 "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nSYSLOG_TIMESTAMP=%.*s\n"
                 "BULKHEAD_STACK=%s\nBULKHEAD_SERVICE=%.*s\nBULKHEAD_INSTANCE=%s\n"
                 "BULKHEAD_STREAM=%s\n%sMESSAGE=",
                 priority(is_error, line + head, length - head), member, (int)(stream - line), line,
                 stack, (int)(number - member), member, number + 1, is_error ? "stderr" : "stdout",
                 line[head - 2] == 'P' ? "CONTAINER_PARTIAL_MESSAGE=true\n" : "");
    memcpy(out + used, line + head, length - head);
    out[(size_t)used + length - head] = '\n';
    return (size_t)used + length - head + 1;
}

/* 0 or an errno. */
static int send_datagram(struct journald *journald, bool patient, const char *bytes, size_t length)
{
    int wait_ms = patient ? -1 : journald->stuffed ? 0 : PATIENCE_MS;
    struct pollfd file = {.fd = journald->socket, .events = POLLOUT};

    if (journald->socket < 0)
        return ENOTCONN;
    while (send(journald->socket, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return errno;
        if (poll(&file, 1, wait_ms) == 0) {
            journald->stuffed = true;
            return ROTATE_JOURNALD;
        }
    }
    journald->stuffed = false;
    return 0;
}

static int send_line(struct journald *journald, const char *member, bool patient, const char *line,
                     size_t length)
{
    char bytes[JOURNALD_BYTES_MAX];
    size_t size = journald_format(journald->stack, member, line, length, bytes);

    return size > 0 ? send_datagram(journald, patient, bytes, size) : EINVAL;
}

static int tell_losses(struct journald *journald, struct rotate *log, bool patient,
                       const char *time)
{
    char line[ROTATE_LOSS_MAX + LINE_TIME_MAX + 32], text[ROTATE_LOSS_MAX];
    int error;

    if (log->lost == 0)
        return 0;
    rotate_loss_text(log->lost, log->lost_error, text);
    snprintf(line, sizeof(line), "%s stderr F " MARKER_TEXT "%s", time, text);
    error = send_line(journald, log->name, patient, line, strlen(line));
    if (error == 0) {
        log->told += log->lost;
        log->lost = 0;
    }
    return error;
}

void journald_write(struct journald *journald, struct rotate *log, bool patient, const char *time,
                    const char *lines, size_t length)
{
    int error = tell_losses(journald, log, patient, time);

    while (length > 0) {
        const char *newline = memchr(lines, '\n', length);
        size_t line = newline ? (size_t)(newline - lines) : length;
        size_t eaten = newline ? line + 1 : line;

        if (error == 0)
            error = send_line(journald, log->name, patient, lines, line);
        if (error != 0)
            rotate_lose(log, 1, error);
        lines += eaten;
        length -= eaten;
    }
}
