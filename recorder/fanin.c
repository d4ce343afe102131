/* See fanin.h. */
#include "recorder/fanin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/paths.h"
#include "recorder/line.h"
#include "recorder/rotate.h"

#define BATCH_BYTES    (LINE_FORMAT_MAX * 2)
#define EVENTS_A_TURN  64
#define KEY_UNTIL      UINT64_MAX
#define DRAIN_READS    16 // of one FIFO at the end: its default capacity is one read
#define OWN_LOG        "bulkhead"
#define FIFO_NAME_MAX  (INSTANCE_NAME_MAX + 8)
#define NANOSECONDS(t) ((int64_t)(t).tv_sec * NSEC_PER_SEC + (t).tv_nsec)

enum { OUT, ERR, STREAMS };

static const char *const stream_names[STREAMS] = {"stdout", "stderr"};
static const char *const stream_ends[STREAMS] = {"out", "err"};
static const struct rotate_limits limits = {.file_bytes = (int64_t)10 << 20, .files = 3};

struct source {
    int fd[STREAMS]; // -1: none
    struct line_stream stream[STREAMS];
    struct rotate log;
};

struct fanin {
    int epoll;
    int logs; // folder
    struct source *sources;
    uint32_t sources_count; // members, and one for our own programs
    char time[LINE_TIME_MAX];
    size_t batch_used;
    char batch[BATCH_BYTES]; // formatted lines of the source at hand
    char read_buffer[STREAMS]
                    [FANIN_READ_BYTES]; // stdout is drained while a chunk of stderr is open
};

/* What line_feed gives its lines to. */
struct sink {
    struct fanin *fanin;
    struct source *source;
    int stream;
};

static void read_clock(struct fanin *fanin)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    line_time(NANOSECONDS(now), fanin->time);
}

static void flush_batch(struct fanin *fanin, struct source *source)
{
    if (fanin->batch_used > 0)
        rotate_write(&source->log, fanin->time, fanin->batch, fanin->batch_used);
    fanin->batch_used = 0;
}

static void drain_stream(struct sink *sink);

static void give_line(void *context, enum line_kind kind, const char *text, size_t length)
{
    struct sink *sink = context;
    struct fanin *fanin = sink->fanin;

    if (kind == LINE_MARKER && sink->stream == ERR) {
        struct sink out = {fanin, sink->source, OUT};

        drain_stream(
            &out); // all the dead wrote is in the pipe by now: it belongs before the marker
    }
    if (fanin->batch_used + LINE_FORMAT_MAX > BATCH_BYTES)
        flush_batch(fanin, sink->source);
    fanin->batch_used += line_format(fanin->batch + fanin->batch_used, fanin->time,
                                     stream_names[sink->stream], kind, text, length);
}

/* One read. Returns its bytes; 0 when there is nothing (or no such stream). */
static size_t read_stream(struct sink *sink)
{
    char *buffer = sink->fanin->read_buffer[sink->stream];
    int fd = sink->source->fd[sink->stream];
    ssize_t got = fd >= 0 ? read(fd, buffer, FANIN_READ_BYTES) : 0;

    if (got <= 0)
        return 0;
    line_feed(&sink->source->stream[sink->stream], buffer, (size_t)got, give_line, sink);
    return (size_t)got;
}

/* Takes what is in the pipe at this moment, and ends an unfinished line. */
static void drain_stream(struct sink *sink)
{
    int fd = sink->source->fd[sink->stream];
    int waiting = 0;
    size_t left;

    if (fd >= 0 && ioctl(fd, FIONREAD, &waiting) < 0)
        waiting = 0;
    left = (size_t)waiting;
    while (left > 0) {
        size_t got = read_stream(sink);

        if (got == 0)
            break;
        left -= got < left ? got : left;
    }
    line_end(&sink->source->stream[sink->stream], give_line, sink);
}

/* A turn of one FIFO. */
static void take_turn(struct fanin *fanin, uint64_t key)
{
    struct source *source = &fanin->sources[key / STREAMS];
    struct sink sink = {fanin, source, (int)(key % STREAMS)};

    read_clock(fanin);
    read_stream(&sink);
    flush_batch(fanin, source);
}

/* 0: the end of file, 1: a word, -EAGAIN: nothing. */
static int hear(int until_fd)
{
    char bytes[64];
    ssize_t got = read(until_fd, bytes, sizeof(bytes));

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return -EAGAIN;
    return got > 0 ? 1 : 0;
}

int fanin_run(struct fanin *fanin, int until_fd)
{
    struct epoll_event until = {.events = EPOLLIN, .data.u64 = KEY_UNTIL};
    struct epoll_event events[EVENTS_A_TURN];

    if (epoll_ctl(fanin->epoll, EPOLL_CTL_ADD, until_fd, &until) < 0 && errno != EEXIST)
        return -errno;
    for (;;) {
        int count = epoll_wait(fanin->epoll, events, EVENTS_A_TURN, -1);
        int i, heard;

        if (count < 0 && errno != EINTR)
            return -errno;
        for (i = 0; i < count; i++) {
            if (events[i].data.u64 != KEY_UNTIL) {
                take_turn(fanin, events[i].data.u64);
                continue;
            }
            heard = hear(until_fd);
            if (heard >= 0)
                return heard; // what else is ready is ready again
        }
    }
}

static void drain_source(struct fanin *fanin, struct source *source)
{
    int stream;

    for (stream = OUT; stream < STREAMS; stream++) {
        struct sink sink = {fanin, source, stream};
        int reads = 0;

        while (reads++ < DRAIN_READS && read_stream(&sink) > 0)
            ;
        line_end(&source->stream[stream], give_line, &sink);
    }
    flush_batch(fanin, source);
    if (source->log.lost > 0)
        rotate_write(&source->log, fanin->time, "", 0);
}

void fanin_drain(struct fanin *fanin)
{
    uint32_t i;

    read_clock(fanin);
    for (i = 0; i < fanin->sources_count; i++)
        drain_source(fanin, &fanin->sources[i]);
}

void fanin_note(struct fanin *fanin, const char *format, ...)
{
    struct source *own = &fanin->sources[fanin->sources_count - 1];
    struct sink sink = {fanin, own, ERR};
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    read_clock(fanin);
    give_line(&sink, LINE_FULL, text, strlen(text));
    flush_batch(fanin, own);
}

/* Opened read-write: never at its end of file, and no writer gets SIGPIPE while we live. */
static int open_fifo(int folder, const char *name, const char *end)
{
    char path[FIFO_NAME_MAX];
    struct stat status;
    int fd;

    snprintf(path, sizeof(path), "%s.%s", name, end);
    fd = openat(folder, path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) < 0 || !S_ISFIFO(status.st_mode)) {
        close(fd);
        return -EINVAL;
    }
    return fd;
}

static void open_stream(struct fanin *fanin, int fifos, uint32_t index, int stream)
{
    struct source *source = &fanin->sources[index];
    struct epoll_event event = {.events = EPOLLIN,
                                .data.u64 = (uint64_t)index * STREAMS + (uint64_t)stream};
    int fd = open_fifo(fifos, source->log.name, stream_ends[stream]);

    if (fd >= 0 && epoll_ctl(fanin->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
        int error = errno;

        close(fd);
        fd = -error;
    }
    source->fd[stream] = fd < 0 ? -1 : fd;
    if (fd < 0)
        fanin_note(fanin, "recorder: cannot read fifo/%s.%s: %s; its output is not recorded",
                   source->log.name, stream_ends[stream], strerror(-fd));
}

/* Folder <dir>/<name>, or -errno. */
static int open_folder(const char *dir, const char *name, bool make)
{
    int parent = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd;

    if (parent < 0)
        return -errno;
    if (make)
        mkdirat(parent, name, 0700);
    fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        fd = -errno;
    close(parent);
    return fd;
}

static void init_source(struct fanin *fanin, uint32_t index, const char *name)
{
    fanin->sources[index].fd[OUT] = fanin->sources[index].fd[ERR] = -1;
    rotate_init(&fanin->sources[index].log, fanin->logs, name, &limits);
}

static void open_source(struct fanin *fanin, int fifos, uint32_t index, const char *name)
{
    init_source(fanin, index, name);
    open_stream(fanin, fifos, index, OUT);
    open_stream(fanin, fifos, index, ERR);
}

static void open_sources(struct fanin *fanin, const struct roster *roster, int fifos)
{
    uint32_t own = fanin->sources_count - 1;
    uint32_t i;

    init_source(fanin, own, OWN_LOG);
    open_stream(fanin, fifos, own, ERR);
    for (i = 0; i < own; i++)
        open_source(fanin, fifos, i, roster->members[i].name);
}

/* 0 or a negative errno. */
static int open_all(struct fanin *fanin, const struct roster *roster, const char **ret_what)
{
    int fifos;

    *ret_what = "make an epoll instance";
    fanin->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (fanin->epoll < 0)
        return -errno;
    *ret_what = "open the folder of the logs";
    fanin->logs = open_folder(roster->state_dir, PATH_LOGS, true);
    if (fanin->logs < 0)
        return fanin->logs;
    *ret_what = "open the folder of the FIFOs";
    fifos = open_folder(roster->runtime_dir, PATH_FIFO, false);
    if (fifos < 0)
        return fifos;
    open_sources(fanin, roster, fifos);
    close(fifos);
    return 0;
}

int fanin_create(const struct roster *roster, struct fanin **ret, const char **ret_what)
{
    struct fanin *fanin = calloc(1, sizeof(*fanin));
    int failed = -ENOMEM;

    *ret_what = "get memory";
    if (!fanin)
        return -ENOMEM;
    fanin->epoll = fanin->logs = -1;
    fanin->sources = calloc((size_t)roster->members_count + 1, sizeof(*fanin->sources));
    if (fanin->sources) {
        fanin->sources_count = roster->members_count + 1;
        failed = open_all(fanin, roster, ret_what);
    }
    if (failed != 0) {
        fanin->sources_count = 0; // nothing of them is open
        fanin_destroy(fanin);
        return failed;
    }
    *ret = fanin;
    return 0;
}

static void close_source(struct source *source)
{
    int stream;

    for (stream = OUT; stream < STREAMS; stream++) {
        if (source->fd[stream] >= 0)
            close(source->fd[stream]); // and epoll forgets it: nobody else has this one open
        free(source->stream[stream].partial);
    }
    rotate_finish(&source->log);
}

/* --- another roster --------------------------------------------------------------------- */

static struct source *find_source(struct source *sources, uint32_t count, const char *name)
{
    uint32_t i;

    for (i = 0; i < count; i++)
        if (strcmp(sources[i].log.name, name) == 0)
            return &sources[i];
    return NULL;
}

/* Its events name the new place from now on. */
static void move_source(struct fanin *fanin, struct source *from, uint32_t to, const char *name)
{
    struct source *source = &fanin->sources[to];
    int stream;

    *source = *from;
    source->log.name = name;
    from->fd[OUT] = from->fd[ERR] = -1;
    from->log.name = ""; // nobody's
    for (stream = OUT; stream < STREAMS; stream++) {
        struct epoll_event event = {.events = EPOLLIN,
                                    .data.u64 = (uint64_t)to * STREAMS + (uint64_t)stream};

        if (source->fd[stream] >= 0)
            epoll_ctl(fanin->epoll, EPOLL_CTL_MOD, source->fd[stream], &event);
    }
}

int fanin_follow(struct fanin *fanin, const struct roster *roster, const char **ret_what)
{
    uint32_t count = roster->members_count + 1, old_count = fanin->sources_count, i;
    struct source *old = fanin->sources, *sources = calloc(count, sizeof(*sources));
    int fifos = open_folder(roster->runtime_dir, PATH_FIFO, false);

    *ret_what = sources ? "open the folder of the FIFOs" : "get memory";
    if (!sources || fifos < 0) {
        free(sources);
        if (fifos >= 0)
            close(fifos);
        return sources ? fifos : -ENOMEM;
    }
    fanin->sources = sources;
    fanin->sources_count = count;
    move_source(fanin, &old[old_count - 1], count - 1, OWN_LOG);
    for (i = 0; i + 1 < count; i++) {
        struct source *known = find_source(old, old_count - 1, roster->members[i].name);

        if (known)
            move_source(fanin, known, i, roster->members[i].name);
        else
            open_source(fanin, fifos, i, roster->members[i].name);
    }
    read_clock(fanin);
    for (i = 0; i + 1 < old_count; i++)
        if (old[i].log.name[0] != '\0') {
            drain_source(fanin, &old[i]);
            close_source(&old[i]);
        }
    free(old);
    close(fifos);
    return 0;
}

struct fanin *fanin_destroy(struct fanin *fanin)
{
    uint32_t i;

    if (!fanin)
        return NULL;
    for (i = 0; i < fanin->sources_count; i++)
        close_source(&fanin->sources[i]);
    if (fanin->logs >= 0)
        close(fanin->logs);
    if (fanin->epoll >= 0)
        close(fanin->epoll);
    free(fanin->sources);
    free(fanin);
    return NULL;
}
