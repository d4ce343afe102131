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
#define TURNS_A_LOOK  8 // while there is enough to read
#define KEY_UNTIL     UINT64_MAX
#define KEY_BELL      (UINT64_MAX - 1)
#define HOLD_LOOK_MS  50

static const char *const stream_ends[STREAMS] = {"out", "err"};

struct fanin {
    struct store store;
    struct intake intake;
    int epoll;
};

static void lock(struct fanin *fanin)
{
    pthread_mutex_lock(&fanin->store.ring.lock);
}

static void unlock(struct fanin *fanin)
{
    pthread_mutex_unlock(&fanin->store.ring.lock);
}

/* The time to wait for an event. */
static int patience_ms(const struct fanin *fanin)
{
    if (fanin->intake.ready_count > 0)
        return 0;
    return fanin->intake.held > 0 ? HOLD_LOOK_MS : -1;
}

/* True: it is `until_fd`. */
static bool take_event(struct fanin *fanin, uint64_t key)
{
    eventfd_t rings;

    if (key == KEY_UNTIL)
        return true;
    if (key != KEY_BELL) {
        intake_ready(&fanin->intake, (uint32_t)key);
        return false;
    }
    (void)eventfd_read(fanin->store.bell, &rings);
    intake_retry(&fanin->intake);
    return false;
}

int fanin_run(struct fanin *fanin, int until_fd)
{
    struct epoll_event until = {.events = EPOLLIN, .data.u64 = KEY_UNTIL};
    struct epoll_event events[EVENTS_A_TURN];
    sigset_t no_signals; // is blocked while we wait: SIGIO interrupts us
    bool heard = false;
    uint32_t turns = 0;

    sigemptyset(&no_signals);
    if (epoll_ctl(fanin->epoll, EPOLL_CTL_ADD, until_fd, &until) < 0 && errno != EEXIST)
        return -errno;
    while (!heard) { // what else is ready is in the queue then
        bool looks = fanin->intake.ready_count == 0 || turns++ % TURNS_A_LOOK == 0;
        int count = looks ? epoll_pwait(fanin->epoll, events, EVENTS_A_TURN, patience_ms(fanin),
                                        &no_signals)
                          : 0;
        int i;

        if (count < 0 && errno != EINTR)
            return -errno;
        if (count < 0)
            intake_look(&fanin->intake);
        for (i = 0; i < count; i++)
            heard |= take_event(fanin, events[i].data.u64);
        if (count == 0 && looks)
            intake_retry(&fanin->intake);
        if (!intake_turns(&fanin->intake))
            return CREW_RELIEVED;
        intake_gather(&fanin->intake);
    }
    return 0;
}

void fanin_drain(struct fanin *fanin)
{
    uint32_t slot;

    fanin->intake.ending = true;
    for (slot = 0; slot < fanin->store.slots_count; slot++)
        if (fanin->store.slots[slot])
            intake_drain(&fanin->intake, slot);
}

void fanin_leave(struct fanin *fanin)
{
    uint32_t slot;

    for (slot = 0; slot < fanin->store.slots_count; slot++)
        if (fanin->store.slots[slot])
            intake_leave(&fanin->intake, slot);
}

void fanin_note(struct fanin *fanin, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    intake_note(&fanin->intake, format, arguments);
    va_end(arguments);
}

/* The file is the source's from now on. It is shared with the supervisor, which holds it open: it
 * is never at its end, and no writer gets SIGPIPE when we are gone. */
static void begin_stream(struct fanin *fanin, uint32_t slot, uint32_t stream, int fd)
{
    struct source *source = fanin->store.slots[slot];
    struct epoll_event event = {.events = EPOLLIN | EPOLLET,
                                .data.u64 = (uint64_t)slot * STREAMS + stream};
    struct stat status;
    int error = 0;

    if (source->fd[stream] >= 0) {
        close(fd);
        return;
    }
    if (fstat(fd, &status) < 0 || !S_ISFIFO(status.st_mode) || fcntl(fd, F_SETOWN, getpid()) < 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
        error = EINVAL;
    else if (epoll_ctl(fanin->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        error = errno;
    if (error == 0) {
        source->fd[stream] = fd;
        return;
    }
    close(fd);
    fanin_note(fanin, "recorder: cannot read fifo/%s.%s: %s; its output is not recorded",
               source->name, stream_ends[stream], strerror(error));
}

static void begin_source(struct fanin *fanin, struct handed *handed, uint32_t member)
{
    const struct member *from = &handed->roster.members[member];
    uint32_t slot;

    if (!store_add(&fanin->store, from->name, &from->logging, &slot)) {
        fanin_note(fanin, "recorder: no memory for %s; its output is not recorded", from->name);
        return;
    }
    begin_stream(fanin, slot, OUT, handed_take(handed, member, OUT));
    begin_stream(fanin, slot, ERR, handed_take(handed, member, ERR));
}

static void begin_sources(struct fanin *fanin, struct handed *handed)
{
    uint32_t i;

    for (i = 0; i < handed->roster.members_count; i++)
        begin_source(fanin, handed, i);
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
        if (!source)
            continue;
        source->queued += record->size;
        source->unfinished[record->stream] =
            !record->ends && record->length > 0 && record->bytes[record->length - 1] != '\n';
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

/* Our own programs' log is what our stderr leads to. */
static int begin_own(struct fanin *fanin)
{
    uint32_t slot;
    int fd;

    if (!store_add(&fanin->store, STORE_OWN_NAME, &LOGGING_DEFAULT, &slot))
        return -ENOMEM;
    fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    if (fd >= 0)
        begin_stream(fanin, slot, ERR, fd);
    return 0;
}

/* 0 or a negative errno. */
static int open_all(struct fanin *fanin, const struct place *place, int buffer,
                    const char **ret_what)
{
    bool fresh;
    int failed;

    *ret_what = "make an epoll instance";
    fanin->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (fanin->epoll < 0)
        return -errno;
    *ret_what = "make the buffer";
    failed = store_init(&fanin->store, place, buffer, &fresh);
    if (failed == 0)
        failed = watch_bell(fanin);
    if (failed == 0)
        failed = intake_init(&fanin->intake, &fanin->store);
    return failed == 0 ? begin_own(fanin) : failed;
}

int fanin_create(const struct place *place, int buffer, struct fanin **ret, const char **ret_what)
{
    struct fanin *fanin = calloc(1, sizeof(*fanin));
    int failed;

    *ret_what = "get memory";
    if (!fanin)
        return -ENOMEM;
    fanin->epoll = fanin->store.bell = -1;
    fanin->intake.tap = (struct tap){{-1, -1}, -1};
    failed = open_all(fanin, place, buffer, ret_what);
    if (failed != 0) {
        fanin_destroy(fanin);
        return failed;
    }
    *ret = fanin;
    return 0;
}

void fanin_begin(struct fanin *fanin, struct handed *handed)
{
    begin_sources(fanin, handed);
    add_strangers(fanin);
    recover(fanin);
}

int fanin_record(struct fanin *fanin, crew_read_fn *read, void *context, int *ret_result)
{
    return crew_run(&fanin->store, read, context, ret_result);
}

static void close_source(struct fanin *fanin, struct source *source)
{
    int stream;

    for (stream = OUT; stream < STREAMS; stream++) {
        if (source->fd[stream] < 0)
            continue;
        (void)epoll_ctl(fanin->epoll, EPOLL_CTL_DEL, source->fd[stream], NULL);
        close(source->fd[stream]);
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

void fanin_follow(struct fanin *fanin, struct handed *handed)
{
    uint32_t slot;

    bury_gone(fanin);
    for (slot = STORE_OWN + 1; slot < fanin->store.slots_count; slot++)
        if (is_read(fanin, slot) && !has_member(&handed->roster, fanin->store.slots[slot]->name))
            let_go(fanin, slot);
    begin_sources(fanin, handed);
}

/* --- how it is ------------------------------------------------------------------------------ */

uint32_t fanin_reads(const struct fanin *fanin)
{
    return fanin->intake.reads;
}

bool fanin_is_stuck(struct fanin *fanin)
{
    return crew_is_stuck(&fanin->store);
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
    if (fanin->epoll >= 0)
        close(fanin->epoll);
    free(fanin);
    return NULL;
}
