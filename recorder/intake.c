/* See intake.h. */
#include "recorder/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/paths.h"

#define DRAIN_READS 16           // of one FIFO at the end: its default capacity is one read
#define HOLD        span_ms(250) // a service waits for the disk no longer than this
#define NOTE_BYTES  512
#define CALL_BYTES  (INTAKE_BYTES * 4) // so much wakes the writer at once
#define KEYS_MAX    ((size_t)STORE_SLOTS_MAX * STREAMS)

enum turn { TURN_EMPTY, TURN_MORE, TURN_HELD };

int intake_init(struct intake *intake, struct store *store)
{
    intake->store = store;
    intake->waste = malloc(INTAKE_BYTES);
    intake->ready = calloc(KEYS_MAX, sizeof(*intake->ready));
    return intake->waste && intake->ready ? tap_open(&intake->tap) : -ENOMEM;
}

void intake_finish(struct intake *intake)
{
    tap_close(&intake->tap);
    free(intake->ready);
    free(intake->waste);
    intake->ready = NULL;
    intake->waste = NULL;
}

static instant monotonic(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (instant){(int64_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec};
}

static int64_t wall_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static void lock(struct intake *intake)
{
    pthread_mutex_lock(&intake->store->ring.lock);
}

static void unlock(struct intake *intake)
{
    pthread_mutex_unlock(&intake->store->ring.lock);
}

void intake_ready(struct intake *intake, uint32_t key)
{
    struct source *source = intake->store->slots[key / STREAMS];

    if (!source || source->is_ready[key % STREAMS] || source->fd[key % STREAMS] < 0)
        return;
    source->is_ready[key % STREAMS] = true;
    intake->ready[(intake->ready_first + intake->ready_count++) % KEYS_MAX] = key;
}

static uint32_t pop_ready(struct intake *intake)
{
    uint32_t key = intake->ready[intake->ready_first];

    intake->ready_first = (intake->ready_first + 1) % KEYS_MAX;
    intake->ready_count--;
    if (intake->store->slots[key / STREAMS])
        intake->store->slots[key / STREAMS]->is_ready[key % STREAMS] = false;
    return key;
}

/* Room for one read, with the lock held; NULL: no. A member may hold no more than is free, so that
 * those who flood leave room to those who do not. */
static struct ring_record *find_room(struct intake *intake, const struct source *source)
{
    struct ring *ring = &intake->store->ring;
    size_t most = (size_t)source->logging.buffer_bytes;
    size_t free = ring_free(ring);

    if (most > free)
        most = free;
    if (source->flow == FLOW_DROP)
        most /= 2; // and only then is it read as it comes again
    if (source->queued > 0 && source->queued + INTAKE_BYTES > most)
        return NULL;
    return ring_reserve(ring, INTAKE_BYTES);
}

/* With the lock held. */
static void call(struct intake *intake)
{
    intake->called = monotonic();
    ring_call(&intake->store->ring);
}

/* The writer's next sleep is deeper than a few reads are apart: waking it for each would cost more
 * than what it then does. */
static void call_at_times(struct intake *intake)
{
    if (ring_unheard(&intake->store->ring) >= CALL_BYTES ||
        instant_since(monotonic(), intake->called).ns >= span_ms(INTAKE_CALL_MS).ns)
        call(intake);
}

static struct ring_record *wait_for_room(struct intake *intake, const struct source *source)
{
    struct ring_record *record = find_room(intake, source);

    if (!record && intake_owes_call(intake))
        call(intake);
    while (!record && intake->ending) {
        pthread_cond_wait(&intake->store->ring.room, &intake->store->ring.lock);
        record = find_room(intake, source);
    }
    if (!record)
        intake->store->bell_wanted = true;
    return record;
}

static void publish(struct intake *intake, struct source *source, uint32_t key,
                    struct ring_record *record, size_t length, bool ends)
{
    uint32_t stream = key % STREAMS;

    record->time_ns = wall_ns();
    record->slot = key / STREAMS;
    record->stream = (uint8_t)stream;
    record->ends = ends;
    record->again = source->again[stream];
    memcpy(record->name, source->name, sizeof(record->name));
    source->again[stream] = false;
    source->unfinished[stream] = !ends && length > 0 && record->bytes[length - 1] != '\n';
    lock(intake);
    record->lost = source->lost;
    source->lost = 0;
    ring_publish(&intake->store->ring, record, length);
    source->queued += record->size;
    call_at_times(intake);
    unlock(intake);
    intake->taken += length;
}

/* Who writes more than there is room for wakes a poll only if the FIFO was empty before, and then
 * waits for somebody to read (pipe_write in the kernel): with an unfinished line left in it, nobody
 * would. SIGIO is sent in any case. */
static void set_left(struct source *source, uint32_t stream, bool left)
{
    if (source->left[stream] == left)
        return;
    source->left[stream] = left;
    (void)fcntl(source->fd[stream], F_SETFL, O_NONBLOCK | (left ? O_ASYNC : 0));
}

/* In the ring first, out of the FIFO then: a SIGKILL between the two doubles and loses nothing. */
static void put(struct intake *intake, struct source *source, uint32_t key,
                struct ring_record *record, size_t length, bool ends)
{
    struct ring_taking *taking = ring_taking(&intake->store->ring);

    memcpy(taking->name, source->name, sizeof(taking->name));
    taking->stream = key % STREAMS;
    __atomic_store_n(&taking->length, length, __ATOMIC_RELEASE);
    publish(intake, source, key, record, length, ends);
    set_left(source, key % STREAMS, false); // our own reading is not to be told of
    tap_take(&intake->tap, source->fd[key % STREAMS], length);
    __atomic_store_n(&taking->length, 0, __ATOMIC_RELEASE);
    intake->reads++;
}

/* How much of what was peeked at is whole lines. A line without its end stays in the FIFO, where a
 * SIGKILL does not reach it, until it is too long for that. */
static size_t whole_lines(int fd, const char *bytes, size_t length)
{
    const char *newline = memrchr(bytes, '\n', length);
    int capacity;

    if (newline)
        return (size_t)(newline - bytes) + 1;
    capacity = fcntl(fd, F_GETPIPE_SZ);
    return length >= LINE_PART_MAX || capacity < 0 || length * 2 >= (size_t)capacity ? length : 0;
}

static uint64_t count_lines(const char *bytes, size_t length)
{
    const char *end = bytes + length;
    uint64_t count = 0;

    while ((bytes = memchr(bytes, '\n', (size_t)(end - bytes)))) {
        count++;
        bytes++;
    }
    return count;
}

/* What is there is no whole line. More may have come before it was arranged to be told of that. */
static enum turn leave(struct source *source, uint32_t stream, size_t there)
{
    if (there == 0 || source->left[stream])
        return TURN_EMPTY;
    set_left(source, stream, true);
    return TURN_MORE;
}

/* Nobody waits for what nothing has room for. */
static enum turn drop(struct intake *intake, struct source *source, uint32_t stream)
{
    int fd = source->fd[stream];
    size_t there = tap_peek(&intake->tap, fd, intake->waste, INTAKE_BYTES);
    size_t length = source->logging.none ? there : whole_lines(fd, intake->waste, there);

    if (length == 0)
        return leave(source, stream, there);
    set_left(source, stream, false);
    tap_take(&intake->tap, fd, length);
    intake->taken += length;
    intake->reads++;
    if (source->logging.none)
        return TURN_MORE;
    lock(intake);
    source->lost += count_lines(intake->waste, length);
    intake->store->losing++;
    pthread_cond_signal(&intake->store->ring.work);
    unlock(intake);
    return TURN_MORE;
}

/* Both streams were left alone meanwhile, and nothing else would tell of them. */
static void set_flow(struct intake *intake, uint32_t slot, enum source_flow flow)
{
    struct source *source = intake->store->slots[slot];
    bool was_held = source->flow == FLOW_HELD;

    source->flow = flow;
    if (!was_held)
        return;
    intake->held--;
    intake_ready(intake, slot * STREAMS + OUT);
    intake_ready(intake, slot * STREAMS + ERR);
}

static enum turn no_room(struct intake *intake, uint32_t key)
{
    struct source *source = intake->store->slots[key / STREAMS];

    if (source->flow == FLOW_READ) {
        source->flow = FLOW_HELD;
        source->held_since = monotonic();
        intake->held++;
    }
    if (source->flow == FLOW_HELD &&
        (source->logging.blocking || instant_since(monotonic(), source->held_since).ns < HOLD.ns))
        return TURN_HELD;
    set_flow(intake, key / STREAMS, FLOW_DROP);
    return drop(intake, source, key % STREAMS);
}

static enum turn take_now(struct intake *intake, uint32_t key);

/* The supervisor's line about a death: all that the dead wrote is in the pipes by now, and belongs
 * before it. What is before the line is cut off first. True: the line is next, of *length bytes. */
static bool cut_at_marker(const char *bytes, size_t *length)
{
    const char *marker = memmem(bytes, *length, MARKER_PREFIX, sizeof(MARKER_PREFIX) - 1);
    const char *line = marker ? memrchr(bytes, '\n', (size_t)(marker - bytes)) : NULL;
    const char *newline = marker ? memchr(marker, '\n', (size_t)(bytes + *length - marker)) : NULL;

    if (!newline)
        return false;
    *length = (size_t)((line ? line : newline) - bytes) + 1;
    return !line;
}

/* One read of one FIFO. `drained`: stdout was, for the marker at hand. */
static enum turn read_stream(struct intake *intake, uint32_t key, bool drained)
{
    struct source *source = intake->store->slots[key / STREAMS];
    int fd = source->fd[key % STREAMS];
    struct ring_record *record;
    size_t there, length;
    bool marked = false;

    if (source->logging.none)
        return drop(intake, source, key % STREAMS);
    lock(intake);
    record = wait_for_room(intake, source);
    unlock(intake);
    if (!record)
        return no_room(intake, key);
    set_flow(intake, key / STREAMS, FLOW_READ);
    there = tap_peek(&intake->tap, fd, record->bytes, INTAKE_BYTES);
    length = whole_lines(fd, record->bytes, there);
    if (key % STREAMS == ERR && length > 0)
        marked = cut_at_marker(record->bytes, &length) && !drained;
    if (length > 0 && !marked) {
        put(intake, source, key, record, length, false);
        return TURN_MORE; // as only a FIFO that was seen empty tells of the next bytes for certain
    }
    lock(intake);
    ring_cancel(&intake->store->ring);
    unlock(intake);
    if (!marked)
        return leave(source, key % STREAMS, there);
    if (take_now(intake, key - ERR) == TURN_HELD)
        return TURN_HELD;
    return read_stream(intake, key, true);
}

/* Ends a line that has no end: what there is of it, in the ring or in the FIFO. */
static enum turn end_line(struct intake *intake, uint32_t key)
{
    struct source *source = intake->store->slots[key / STREAMS];
    int fd = source->fd[key % STREAMS];
    struct ring_record *record;
    size_t there;

    if (source->logging.none)
        return TURN_EMPTY;
    lock(intake);
    record = wait_for_room(intake, source);
    unlock(intake);
    if (!record)
        return no_room(intake, key) == TURN_HELD ? TURN_HELD : TURN_EMPTY;
    there = tap_peek(&intake->tap, fd, record->bytes, INTAKE_BYTES);
    if (there > 0 || source->unfinished[key % STREAMS]) {
        put(intake, source, key, record, there, true);
        return TURN_EMPTY;
    }
    lock(intake);
    ring_cancel(&intake->store->ring);
    unlock(intake);
    return TURN_EMPTY;
}

/* All that is in the pipe at this moment, and the end of an unfinished line. */
static enum turn take_now(struct intake *intake, uint32_t key)
{
    const struct source *source = intake->store->slots[key / STREAMS];
    int fd = source->fd[key % STREAMS];
    enum turn turn = TURN_MORE;
    int reads = 0;

    while (fd >= 0 && turn == TURN_MORE && reads++ < DRAIN_READS)
        turn = read_stream(intake, key, false);
    if (fd < 0 || turn == TURN_HELD)
        return turn;
    return end_line(intake, key);
}

/* Whoever was held may try again. */
void intake_retry(struct intake *intake)
{
    uint32_t slot;

    for (slot = 0; slot < intake->store->slots_count && intake->held > 0; slot++) {
        const struct source *source = intake->store->slots[slot];

        if (!source || source->flow != FLOW_HELD)
            continue;
        intake_ready(intake, slot * STREAMS + OUT);
        intake_ready(intake, slot * STREAMS + ERR);
    }
}

void intake_look(struct intake *intake)
{
    uint32_t key;

    for (key = 0; key < intake->store->slots_count * STREAMS; key++)
        if (intake->store->slots[key / STREAMS] &&
            intake->store->slots[key / STREAMS]->left[key % STREAMS])
            intake_ready(intake, key);
}

void intake_turns(struct intake *intake)
{
    uint32_t turns = intake->ready_count;

    while (turns-- > 0) {
        uint32_t key = pop_ready(intake);
        const struct source *source = intake->store->slots[key / STREAMS];

        if (source && source->fd[key % STREAMS] >= 0 &&
            read_stream(intake, key, false) == TURN_MORE)
            intake_ready(intake, key);
    }
}

bool intake_owes_call(const struct intake *intake)
{
    return ring_unheard(&intake->store->ring) > 0;
}

void intake_call(struct intake *intake)
{
    lock(intake);
    call(intake);
    unlock(intake);
}

void intake_gather(struct intake *intake)
{
    span nap;
    struct timespec time = {0};

    if (intake->ready_count > 0)
        return;
    nap = pace_nap(&intake->pace, monotonic(), intake->taken);
    intake->taken = 0;
    time.tv_nsec = nap.ns;
    if (nap.ns > 0)
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

void intake_drain(struct intake *intake, uint32_t slot)
{
    uint32_t key = slot * STREAMS;

    (void)take_now(intake, key + OUT);
    (void)take_now(intake, key + ERR);
}

/* The reader is done with it. */
void intake_stop(struct intake *intake, struct source *source)
{
    if (source->flow == FLOW_HELD)
        intake->held--;
    source->flow = FLOW_READ;
}

void intake_note(struct intake *intake, const char *format, va_list arguments)
{
    struct source *own = intake->store->slots[STORE_OWN];
    struct ring_record *record;
    int length;

    lock(intake);
    record = ring_reserve(&intake->store->ring, NOTE_BYTES);
    if (!record)
        own->lost++;
    unlock(intake);
    if (!record)
        return;
    length = vsnprintf(record->bytes, NOTE_BYTES - 1, format, arguments);
    if (length > NOTE_BYTES - 2)
        length = NOTE_BYTES - 2;
    if (length < 0)
        length = 0;
    record->bytes[length] = '\n';
    publish(intake, own, STORE_OWN * STREAMS + ERR, record, (size_t)length + 1, false);
}
