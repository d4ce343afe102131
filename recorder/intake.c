/* See intake.h. */
#include "recorder/intake.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/breaks.h"
#include "recorder/take.h"

#define DRAIN_READS 16 // of one FIFO at the end: its default capacity is one read
#define NOTE_BYTES  512
#define KEYS_MAX    ((size_t)STORE_SLOTS_MAX * STREAMS)

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

/* --- breaks --------------------------------------------------------------------------------- */

/* Reads a stream as far as the break of that number, and over it; where it has none, which a full
 * FIFO did not take, all that it has now. TURN_EMPTY: done; TURN_HELD. */
static enum turn bring(struct intake *intake, uint32_t key, uint32_t number)
{
    const struct source *source = intake->store->slots[key / STREAMS];
    enum turn turn = TURN_MORE;
    uint32_t found;
    int reads = 0;

    while (source->fd[key % STREAMS] >= 0 && turn == TURN_MORE && reads++ < DRAIN_READS) {
        turn = take_before_break(intake, key, &found);
        if (turn != TURN_BREAK)
            continue;
        if (found != number && break_is_past(found, number))
            return TURN_EMPTY;
        turn = take_break(intake, key);
        if (turn != TURN_HELD && found == number)
            return TURN_EMPTY;
    }
    if (source->fd[key % STREAMS] < 0 || turn == TURN_HELD)
        return turn;
    return take_end(intake, key);
}

/* One read of one FIFO. At a break, the other stream is read that far first. */
static enum turn read_stream(struct intake *intake, uint32_t key)
{
    const struct source *source = intake->store->slots[key / STREAMS];
    uint32_t other = key ^ 1, number;
    enum turn turn = take_before_break(intake, key, &number);

    if (turn != TURN_BREAK)
        return turn;
    if (source->fd[other % STREAMS] >= 0 &&
        !break_is_past(source->passed[other % STREAMS], number)) {
        intake_ready(intake, other); // there may be more behind it
        if (bring(intake, other, number) == TURN_HELD)
            return TURN_HELD;
    }
    return take_break(intake, key);
}

/* --- turns ---------------------------------------------------------------------------------- */

/* All that is in the pipe at this moment, but for an unfinished line. */
static enum turn take_now(struct intake *intake, uint32_t key)
{
    enum turn turn = TURN_MORE;
    int reads = 0;

    while (turn == TURN_MORE && reads++ < DRAIN_READS)
        turn = read_stream(intake, key);
    return turn;
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

static bool write_published(struct intake *intake)
{
    if (!intake->published)
        return true;
    intake->published = false;
    return crew_write(intake->store);
}

/* Nothing of ours is kept over write_published: who reads next begins with another turn. */
bool intake_turns(struct intake *intake)
{
    uint32_t turns = intake->ready_count;

    while (turns-- > 0) {
        uint32_t key = pop_ready(intake);
        const struct source *source = intake->store->slots[key / STREAMS];

        if (source && source->fd[key % STREAMS] >= 0 && read_stream(intake, key) == TURN_MORE)
            intake_ready(intake, key);
        if (!write_published(intake))
            return false;
    }
    return write_published(intake);
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
    const struct source *source = intake->store->slots[slot];

    for (uint32_t stream = OUT; stream < STREAMS; stream++)
        if (source->fd[stream] >= 0 && take_now(intake, slot * STREAMS + stream) != TURN_HELD)
            (void)take_end(intake, slot * STREAMS + stream);
}

void intake_leave(struct intake *intake, uint32_t slot)
{
    const struct source *source = intake->store->slots[slot];

    for (uint32_t stream = OUT; stream < STREAMS; stream++)
        if (source->fd[stream] >= 0 && take_now(intake, slot * STREAMS + stream) != TURN_HELD)
            take_tail(intake, slot * STREAMS + stream);
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
    record->plain = false;
    take_publish(intake, own, STORE_OWN * STREAMS + ERR, record, (size_t)length + 1, false);
}
