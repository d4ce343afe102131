/* See fanin.h. */
#include "recorder/fanin.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/paths.h"
#include "recorder/intake.h"
#include "recorder/store.h"
#include "recorder/writer.h"

#define EVENTS_A_TURN 64
#define KEY_UNTIL     UINT64_MAX
#define KEY_BELL      (UINT64_MAX - 1)
#define HOLD_LOOK_MS  50
#define FIFO_NAME_MAX (INSTANCE_NAME_MAX + 8)

static const char *const stream_ends[STREAMS] = {"out", "err"};

struct fanin {
    struct store store;
    struct intake intake;
    int epoll;
    int logs; // folder
};

static void lock(struct fanin *fanin)
{
    pthread_mutex_lock(&fanin->store.ring.lock);
}

static void unlock(struct fanin *fanin)
{
    pthread_mutex_unlock(&fanin->store.ring.lock);
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

/* The time to wait for an event. */
static int patience_ms(const struct fanin *fanin)
{
    if (fanin->intake.ready_count > 0)
        return 0;
    if (intake_owes_call(&fanin->intake))
        return INTAKE_CALL_MS;
    return fanin->intake.held > 0 ? HOLD_LOOK_MS : -1;
}

/* -EAGAIN, or what was heard of `until_fd`. */
static int take_event(struct fanin *fanin, uint64_t key, int until_fd)
{
    eventfd_t rings;

    if (key == KEY_UNTIL)
        return hear(until_fd);
    if (key != KEY_BELL) {
        intake_ready(&fanin->intake, (uint32_t)key);
        return -EAGAIN;
    }
    (void)eventfd_read(fanin->store.bell, &rings);
    intake_retry(&fanin->intake);
    return -EAGAIN;
}

int fanin_run(struct fanin *fanin, int until_fd)
{
    struct epoll_event until = {.events = EPOLLIN, .data.u64 = KEY_UNTIL};
    struct epoll_event events[EVENTS_A_TURN];
    sigset_t no_signals; // is blocked while we wait: SIGIO interrupts us

    sigemptyset(&no_signals);
    if (epoll_ctl(fanin->epoll, EPOLL_CTL_ADD, until_fd, &until) < 0 && errno != EEXIST)
        return -errno;
    for (;;) {
        int count =
            epoll_pwait(fanin->epoll, events, EVENTS_A_TURN, patience_ms(fanin), &no_signals);
        int heard = -EAGAIN, i;

        if (count < 0 && errno != EINTR)
            return -errno;
        if (count < 0)
            intake_look(&fanin->intake);
        for (i = 0; i < count; i++) {
            int word = take_event(fanin, events[i].data.u64, until_fd);

            heard = word >= 0 ? word : heard;
        }
        if (count == 0)
            intake_retry(&fanin->intake);
        if (count == 0 && fanin->intake.ready_count == 0 && intake_owes_call(&fanin->intake))
            intake_call(&fanin->intake);
        intake_turns(&fanin->intake);
        intake_gather(&fanin->intake);
        if (heard >= 0)
            return heard; // what else is ready is in the queue
    }
}

void fanin_drain(struct fanin *fanin)
{
    uint32_t slot;

    fanin->intake.ending = true;
    for (slot = 0; slot < fanin->store.slots_count; slot++)
        if (fanin->store.slots[slot])
            intake_drain(&fanin->intake, slot);
}

void fanin_note(struct fanin *fanin, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    intake_note(&fanin->intake, format, arguments);
    va_end(arguments);
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
    if (fstat(fd, &status) < 0 || !S_ISFIFO(status.st_mode) || fcntl(fd, F_SETOWN, getpid()) < 0) {
        close(fd);
        return -EINVAL;
    }
    return fd;
}

static void open_stream(struct fanin *fanin, int fifos, uint32_t slot, uint32_t stream)
{
    struct source *source = fanin->store.slots[slot];
    struct epoll_event event = {.events = EPOLLIN | EPOLLET,
                                .data.u64 = (uint64_t)slot * STREAMS + stream};
    int fd;

    if (source->fd[stream] >= 0)
        return;
    fd = open_fifo(fifos, source->name, stream_ends[stream]);
    if (fd >= 0 && epoll_ctl(fanin->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
        int error = errno;

        close(fd);
        fd = -error;
    }
    source->fd[stream] = fd < 0 ? -1 : fd;
    if (fd < 0)
        fanin_note(fanin, "recorder: cannot read fifo/%s.%s: %s; its output is not recorded",
                   source->name, stream_ends[stream], strerror(-fd));
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

static void open_source(struct fanin *fanin, int fifos, const struct member *member)
{
    uint32_t slot;

    if (!store_add(&fanin->store, member->name, &member->logging, &slot)) {
        fanin_note(fanin, "recorder: no memory for %s; its output is not recorded", member->name);
        return;
    }
    open_stream(fanin, fifos, slot, OUT);
    open_stream(fanin, fifos, slot, ERR);
}

static void open_sources(struct fanin *fanin, const struct roster *roster, int fifos)
{
    uint32_t i;

    open_stream(fanin, fifos, STORE_OWN, ERR);
    for (i = 0; i < roster->members_count; i++)
        open_source(fanin, fifos, &roster->members[i]);
}

/* What a recorder before this one had read, and was killed before it had written. */
static void recover(struct fanin *fanin)
{
    struct ring_taking *taking = ring_taking(&fanin->store.ring);
    struct ring_record *record = NULL;
    struct source *source;
    uint32_t slot;

    while ((record = ring_next(&fanin->store.ring, record))) {
        source = store_find(&fanin->store, record->name, &slot);
        record->slot = source ? slot : UINT32_MAX;
        if (source)
            source->queued += record->size;
    }
    source = taking->length > 0 ? store_find(&fanin->store, taking->name, &slot) : NULL;
    if (source)
        source->again[taking->stream == ERR ? ERR : OUT] = true;
    taking->length = 0;
}

/* Members of the ring that the plan no longer has: theirs is written, too. */
static void add_strangers(struct fanin *fanin)
{
    struct ring_record *record = NULL;
    uint32_t slot;

    while ((record = ring_next(&fanin->store.ring, record))) {
        struct source *source = store_find(&fanin->store, record->name, &slot);

        if (source || strchr(record->name, '/') || record->name[0] == '.')
            continue;
        source = store_add(&fanin->store, record->name, &LOGGING_DEFAULT, &slot);
        if (source)
            source->gone = true;
    }
}

static int watch_bell(const struct fanin *fanin)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = KEY_BELL};

    return epoll_ctl(fanin->epoll, EPOLL_CTL_ADD, fanin->store.bell, &event) < 0 ? -errno : 0;
}

static int open_store(struct fanin *fanin, int buffer)
{
    bool fresh;
    uint32_t slot;
    int failed = store_init(&fanin->store, fanin->logs, buffer, &fresh);

    if (failed != 0)
        return failed;
    if (!store_add(&fanin->store, STORE_OWN_NAME, &LOGGING_DEFAULT, &slot))
        return -ENOMEM;
    failed = watch_bell(fanin);
    return failed != 0 ? failed : intake_init(&fanin->intake, &fanin->store);
}

/* 0 or a negative errno. */
static int open_all(struct fanin *fanin, const struct roster *roster, int buffer,
                    const char **ret_what)
{
    int failed, fifos;

    *ret_what = "make an epoll instance";
    fanin->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (fanin->epoll < 0)
        return -errno;
    *ret_what = "open the folder of the logs";
    fanin->logs = open_folder(roster->state_dir, PATH_LOGS, true);
    if (fanin->logs < 0)
        return fanin->logs;
    *ret_what = "make the buffer";
    failed = open_store(fanin, buffer);
    if (failed != 0)
        return failed;
    *ret_what = "open the folder of the FIFOs";
    fifos = open_folder(roster->runtime_dir, PATH_FIFO, false);
    if (fifos < 0)
        return fifos;
    open_sources(fanin, roster, fifos);
    close(fifos);
    add_strangers(fanin);
    recover(fanin);
    *ret_what = "start a thread";
    return store_start(&fanin->store);
}

int fanin_create(const struct roster *roster, int buffer, struct fanin **ret, const char **ret_what)
{
    struct fanin *fanin = calloc(1, sizeof(*fanin));
    int failed;

    *ret_what = "get memory";
    if (!fanin)
        return -ENOMEM;
    fanin->epoll = fanin->logs = fanin->store.bell = -1;
    fanin->intake.tap = (struct tap){{-1, -1}, -1};
    failed = open_all(fanin, roster, buffer, ret_what);
    if (failed != 0) {
        fanin_destroy(fanin);
        return failed;
    }
    *ret = fanin;
    return 0;
}

static void close_source(struct fanin *fanin, struct source *source)
{
    int stream;

    for (stream = OUT; stream < STREAMS; stream++) {
        if (source->fd[stream] >= 0)
            close(source->fd[stream]); // and epoll forgets it: nobody else has this one open
        source->fd[stream] = -1;
    }
    intake_stop(&fanin->intake, source);
}

/* --- another roster --------------------------------------------------------------------- */

static bool has_member(const struct roster *roster, const char *name)
{
    return roster_find(roster, name) >= 0;
}

static void let_go(struct fanin *fanin, uint32_t slot)
{
    struct source *source = fanin->store.slots[slot];

    intake_drain(&fanin->intake, slot);
    close_source(fanin, source);
    lock(fanin);
    source->gone = true;
    fanin->store.losing++; // the writer looks
    pthread_cond_signal(&fanin->store.ring.work);
    unlock(fanin);
}

/* Those that the writer is done with. */
static void bury_gone(struct fanin *fanin)
{
    uint32_t slot;

    lock(fanin);
    for (slot = STORE_OWN + 1; slot < fanin->store.slots_count; slot++) {
        struct source *source = fanin->store.slots[slot];

        if (!source || !source->closed || source->is_ready[OUT] || source->is_ready[ERR])
            continue;
        fanin->store.slots[slot] = NULL;
        writer_forget(source);
    }
    unlock(fanin);
}

/* Is there a member in the slot that the reader still reads? */
static bool is_read(struct fanin *fanin, uint32_t slot)
{
    bool yes;

    lock(fanin);
    yes = fanin->store.slots[slot] && !fanin->store.slots[slot]->gone;
    unlock(fanin);
    return yes;
}

int fanin_follow(struct fanin *fanin, const struct roster *roster, const char **ret_what)
{
    int fifos = open_folder(roster->runtime_dir, PATH_FIFO, false);
    uint32_t slot;

    *ret_what = "open the folder of the FIFOs";
    if (fifos < 0)
        return fifos;
    bury_gone(fanin);
    for (slot = STORE_OWN + 1; slot < fanin->store.slots_count; slot++)
        if (is_read(fanin, slot) && !has_member(roster, fanin->store.slots[slot]->name))
            let_go(fanin, slot);
    open_sources(fanin, roster, fifos);
    close(fifos);
    return 0;
}

struct fanin *fanin_destroy(struct fanin *fanin)
{
    uint32_t slot;

    if (!fanin)
        return NULL;
    for (slot = 0; slot < fanin->store.slots_count; slot++)
        if (is_read(fanin, slot))
            close_source(fanin, fanin->store.slots[slot]);
    store_finish(&fanin->store);
    intake_finish(&fanin->intake);
    if (fanin->logs >= 0)
        close(fanin->logs);
    if (fanin->epoll >= 0)
        close(fanin->epoll);
    free(fanin);
    return NULL;
}
