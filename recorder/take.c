/* See take.h. */
#include "recorder/take.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "core/breaks.h"

#define HOLD       span_ms(250)       // a service waits for the disk no longer than this
#define CALL_BYTES (INTAKE_BYTES * 4) // that nobody writes wake who does not read

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

/* --- room ----------------------------------------------------------------------------------- */

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

/* Wakes who does not read, to write. */
static void call(struct intake *intake)
{
    if (!intake->store->crew.writing)
        pthread_cond_signal(&intake->store->ring.work);
}

static struct ring_record *wait_for_room(struct intake *intake, const struct source *source)
{
    struct ring_record *record = find_room(intake, source);

    if (!record)
        call(intake);
    while (!record && intake->ending) {
        pthread_cond_wait(&intake->store->ring.room, &intake->store->ring.lock);
        record = find_room(intake, source);
    }
    if (!record)
        intake->store->bell_wanted = true;
    return record;
}

void take_publish(struct intake *intake, struct source *source, uint32_t key,
                  struct ring_record *record, size_t length, bool ends)
{
    uint32_t stream = key % STREAMS;

    record->time_ns = wall_ns();
    record->slot = key / STREAMS;
    record->stream = (uint8_t)stream;
    record->begun = source->unfinished[stream];
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
    if (ring_used(&intake->store->ring) >= CALL_BYTES)
        call(intake);
    unlock(intake);
    intake->published = true;
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

/* In the ring first, out of the FIFO then: a SIGKILL between the two doubles and loses nothing. Of
 * `taken` bytes that were peeked at `length` are kept. */
static void put(struct intake *intake, struct source *source, uint32_t key,
                struct ring_record *record, size_t length, size_t taken, bool ends)
{
    struct ring_taking *taking = ring_taking(&intake->store->ring);

    memcpy(taking->name, source->name, sizeof(taking->name));
    taking->stream = key % STREAMS;
    __atomic_store_n(&taking->length, taken, __ATOMIC_RELEASE);
    take_publish(intake, source, key, record, length, ends);
    set_left(source, key % STREAMS, false); // our own reading is not to be told of
    tap_take(&intake->tap, source->fd[key % STREAMS], taken);
    __atomic_store_n(&taking->length, 0, __ATOMIC_RELEASE);
    intake->reads++;
}

/* How much of what was peeked at is whole lines. A line without its end stays in the FIFO until it
 * is too long for that. */
static size_t whole_lines(int fd, const char *bytes, size_t length)
{
    const char *newline = length > 0 ? memrchr(bytes, '\n', length) : NULL;
    int capacity;

    if (length == 0)
        return 0;
    if (newline)
        return (size_t)(newline - bytes) + 1;
    if (length >= LINE_PART_MAX)
        return line_cut(bytes, length - length % LINE_PART_MAX);
    capacity = fcntl(fd, F_GETPIPE_SZ);
    return capacity < 0 || length * 2 >= (size_t)capacity ? line_cut(bytes, length) : 0;
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
    size_t length =
        source->logging.driver == LOGGING_NONE ? there : whole_lines(fd, intake->waste, there);

    if (length == 0)
        return leave(source, stream, there);
    set_left(source, stream, false);
    tap_take(&intake->tap, fd, length);
    intake->taken += length;
    intake->reads++;
    if (source->logging.driver == LOGGING_NONE)
        return TURN_MORE;
    if (intake->waste[length - 1] == '\n')
        source->unfinished[stream] = false;
    lock(intake);
    source->lost += count_lines(intake->waste, length);
    intake->store->losing++;
    call(intake);
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

static void cancel(struct intake *intake)
{
    lock(intake);
    ring_cancel(&intake->store->ring);
    unlock(intake);
}

static struct ring_record *reserve(struct intake *intake, struct source *source)
{
    struct ring_record *record;

    lock(intake);
    record = wait_for_room(intake, source);
    unlock(intake);
    return record;
}

/* Copies what is there into the record. Returns how much. */
static size_t peek(struct intake *intake, int fd, struct ring_record *record)
{
    size_t there = tap_peek(&intake->tap, fd, record->bytes, INTAKE_BYTES);

    record->plain = line_is_plain(record->bytes, there);
    return there;
}

/* The first break in what was peeked at. */
static bool find_break(const struct ring_record *record, size_t there, size_t *ret_at,
                       uint32_t *ret_number)
{
    return !record->plain && break_find(record->bytes, there, ret_at, ret_number);
}

enum turn take_before_break(struct intake *intake, uint32_t key, uint32_t *ret_number)
{
    struct source *source = intake->store->slots[key / STREAMS];
    int fd = source->fd[key % STREAMS];
    struct ring_record *record;
    size_t there, length;
    bool breaks;

    if (source->logging.driver == LOGGING_NONE)
        return drop(intake, source, key % STREAMS);
    record = reserve(intake, source);
    if (!record)
        return no_room(intake, key);
    set_flow(intake, key / STREAMS, FLOW_READ);
    there = peek(intake, fd, record);
    breaks = find_break(record, there, &length, ret_number);
    if (!breaks)
        length = whole_lines(fd, record->bytes, there);
    if (length > 0 || (breaks && source->unfinished[key % STREAMS])) {
        put(intake, source, key, record, length, length,
            breaks && (length == 0 || record->bytes[length - 1] != '\n'));
        return TURN_MORE; // as only a FIFO that was seen empty tells of the next bytes for certain
    }
    cancel(intake);
    return breaks ? TURN_BREAK : leave(source, key % STREAMS, there);
}

/* All that is there, up to a break that has come just now. */
static void put_rest(struct intake *intake, uint32_t key, struct ring_record *record, bool ends)
{
    struct source *source = intake->store->slots[key / STREAMS];
    size_t there = peek(intake, source->fd[key % STREAMS], record);
    size_t before;
    uint32_t number;

    if (find_break(record, there, &before, &number))
        there = before;
    if (there > 0 || (ends && source->unfinished[key % STREAMS]))
        put(intake, source, key, record, there, there, ends);
    else
        cancel(intake);
}

enum turn take_end(struct intake *intake, uint32_t key)
{
    struct source *source = intake->store->slots[key / STREAMS];
    struct ring_record *record;

    if (source->logging.driver == LOGGING_NONE)
        return TURN_EMPTY;
    record = reserve(intake, source);
    if (!record)
        return no_room(intake, key) == TURN_HELD ? TURN_HELD : TURN_EMPTY;
    put_rest(intake, key, record, true);
    return TURN_EMPTY;
}

void take_tail(struct intake *intake, uint32_t key)
{
    struct source *source = intake->store->slots[key / STREAMS];
    struct ring_record *record =
        source->logging.driver == LOGGING_NONE ? NULL : reserve(intake, source);

    if (record)
        put_rest(intake, key, record, false);
}

/* --- breaks --------------------------------------------------------------------------------- */

enum turn take_break(struct intake *intake, uint32_t key)
{
    struct source *source = intake->store->slots[key / STREAMS];
    int fd = source->fd[key % STREAMS];
    struct ring_record *record = reserve(intake, source);
    size_t there, at, length = 0;
    const char *newline;

    if (!record)
        return no_room(intake, key);
    there = peek(intake, fd, record);
    if (!find_break(record, there, &at, &source->passed[key % STREAMS]) || at != 0) {
        cancel(intake); // somebody else reads this FIFO, too
        return TURN_MORE;
    }
    newline = memchr(record->bytes + BREAK_BYTES, '\n', there - BREAK_BYTES);
    if (key % STREAMS == ERR && newline) { // both were written at once
        length = (size_t)(newline - record->bytes) + 1 - BREAK_BYTES;
        memmove(record->bytes, record->bytes + BREAK_BYTES, length);
    }
    if (length > 0) {
        put(intake, source, key, record, length, BREAK_BYTES + length, false);
        return TURN_MORE;
    }
    cancel(intake);
    tap_take(&intake->tap, fd, BREAK_BYTES);
    return TURN_MORE;
}
