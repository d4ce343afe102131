/* See writer.h. */
#include "recorder/writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "core/paths.h"
#include "recorder/store.h"

#define TELL_AGAIN span_sec(10) // of one member in our own log
#define TRY_AGAIN  span_sec(2)  // to tell what was lost, while the disk takes nothing
#define REST       span_sec(1)  // without work, before the memory of a burst is given back
#define AGAIN_TEXT MARKER_TEXT "the recorder was killed: what follows may be here twice"

static const char *const stream_names[STREAMS] = {"stdout", "stderr"};

static instant monotonic(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (instant){(int64_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec};
}

static void set_time_now(struct store *store)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    line_time((int64_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec, store->time);
}

static void close_source(struct source *source)
{
    int stream;

    for (stream = OUT; stream < STREAMS; stream++) {
        free(source->stream[stream].partial);
        source->stream[stream] = (struct line_stream){0};
    }
    rotate_finish(&source->log);
}

void writer_forget(struct source *source)
{
    if (source)
        close_source(source);
    free(source);
}

/* A line of our own about a member. */
static void tell(struct store *store, const char *name, const char *text)
{
    struct source *own = store->slots[STORE_OWN];
    char line[INSTANCE_NAME_MAX + ROTATE_LOSS_MAX + LINE_TIME_MAX + 16];
    int length = snprintf(line, sizeof(line), "%s stderr F %s: %s\n", store->time, name, text);

    rotate_write(&own->log, store->time, line, (size_t)length);
}

/* What a member's log has told, our own tells as well: not more often than one reads. */
static void tell_losses(struct store *store, struct source *source, bool now)
{
    char text[ROTATE_LOSS_MAX];
    instant at = monotonic();

    if (source == store->slots[STORE_OWN])
        source->log.told = 0;
    if (source->log.told == 0)
        return;
    if (!now && source->told_at.ns != INSTANT_NONE.ns &&
        instant_since(at, source->told_at).ns < TELL_AGAIN.ns)
        return;
    rotate_loss_text(source->log.told, source->log.lost_error, text);
    tell(store, source->name, text);
    source->log.told = 0;
    source->told_at = at;
}

/* Formatted lines, to where the member's go. */
static void put_lines(struct store *store, struct source *source, const char *lines, size_t length)
{
    if (source->driver == LOGGING_JOURNALD)
        journald_write(&store->journald, &source->log, source->patient, store->time, lines, length);
    else
        rotate_write(&source->log, store->time, lines, length);
}

/* Lines that there was no room for. */
static void lose(struct source *source, uint64_t lines)
{
    rotate_lose(&source->log, lines,
                source->driver == LOGGING_JOURNALD ? ROTATE_JOURNALD : ROTATE_TOO_SLOW);
}

static void flush(struct store *store)
{
    struct source *source = store->at_hand;

    if (store->batch_used > 0)
        put_lines(store, source, store->batch, store->batch_used);
    store->batch_used = 0;
    tell_losses(store, source, false);
}

static void give_line(void *context, enum line_kind kind, const char *text, size_t length,
                      const char *stream_name)
{
    struct store *store = context;

    if (store->batch_used + LINE_FORMAT_MAX > STORE_BATCH_BYTES ||
        (int64_t)store->batch_used >= store->at_hand->limits.file_bytes)
        flush(store);
    store->batch_used +=
        line_format(store->batch + store->batch_used, store->time, stream_name, kind, text, length);
}

static void give_out(void *context, enum line_kind kind, const char *text, size_t length)
{
    give_line(context, kind, text, length, stream_names[OUT]);
}

static void give_err(void *context, enum line_kind kind, const char *text, size_t length)
{
    give_line(context, kind, text, length, stream_names[ERR]);
}

/* Of plain text, as many bytes as fit into a batch. */
static size_t batch_plain(struct store *store, const char *head, const char *bytes, size_t length)
{
    int64_t most = store->at_hand->limits.file_bytes;
    size_t room = most < (int64_t)STORE_BATCH_BYTES ? (size_t)most : STORE_BATCH_BYTES;
    size_t used = 0, done = 0;

    if (room > store->batch_used)
        done = line_format_plain(store->batch + store->batch_used, room - store->batch_used, head,
                                 bytes, length, &used);
    store->batch_used += used;
    return done;
}

/* Returns how much of the record is done: all, but for lines that are too long. */
static size_t write_plain(struct store *store, const struct ring_record *record)
{
    char head[LINE_HEAD_BYTES];
    size_t done = 0;

    if (!line_is_plain(record->bytes, record->length))
        return 0;
    line_head(store->time, stream_names[record->stream], head);
    while (done < record->length) {
        size_t some = batch_plain(store, head, record->bytes + done, record->length - done);

        if (some == 0 && store->batch_used == 0)
            break;
        if (some == 0)
            flush(store);
        done += some;
    }
    return done;
}

static void write_record(struct store *store, struct source *source,
                         const struct ring_record *record)
{
    line_fn *give = record->stream == OUT ? give_out : give_err;
    struct line_stream *stream = &source->stream[record->stream];
    size_t done = 0;

    store->at_hand = source;
    line_time(record->time_ns, store->time);
    if (record->lost > 0)
        lose(source, record->lost);
    if (record->again)
        give_err(store, LINE_FULL, AGAIN_TEXT, strlen(AGAIN_TEXT));
    if (!line_is_begun(stream))
        done = write_plain(store, record);
    line_feed(stream, record->bytes + done, record->length - done, give, store);
    if (record->ends)
        line_end(stream, give, store);
    flush(store);
}

/* What has no end yet is not to be lost with our memory. */
static void part_lines(struct store *store)
{
    set_time_now(store);
    for (uint32_t i = 0; i < store->slots_count; i++) {
        struct source *source = store->slots[i];

        if (!source)
            continue;
        store->at_hand = source;
        line_part(&source->stream[OUT], give_out, store);
        line_part(&source->stream[ERR], give_err, store);
        flush(store);
    }
}

/* --- with the lock ------------------------------------------------------------------------- */

/* NULL: of a member that is no more, and was none of this process. */
static struct source *source_of(struct store *store, const struct ring_record *record)
{
    return record->slot < store->slots_count ? store->slots[record->slot] : NULL;
}

static void take_limits(struct source *source)
{
    source->limits.file_bytes = source->logging.file_bytes;
    source->limits.files = (int)source->logging.files;
    source->patient = source->logging.blocking;
    if (source->driver != source->logging.driver)
        rotate_finish(&source->log);
    source->driver = source->logging.driver;
}

static void ring_bell(struct store *store, const struct source *source)
{
    bool much = ring_used(&store->ring) <= ring_free(&store->ring) ||
                (source && source->queued <= (size_t)source->logging.buffer_bytes / 2);

    if (!store->bell_wanted || !much)
        return;
    store->bell_wanted = false;
    (void)eventfd_write(store->bell, 1);
}

static void release(struct store *store, struct source *source, size_t size)
{
    ring_release(&store->ring);
    store->progress++;
    if (source)
        source->queued -= size;
    ring_bell(store, source);
}

static void write_first(struct store *store, struct ring_record *record)
{
    struct source *source = source_of(store, record);

    if (source)
        take_limits(source);
    pthread_mutex_unlock(&store->ring.lock);
    if (source)
        write_record(store, source, record);
    pthread_mutex_lock(&store->ring.lock);
    release(store, source, record->size);
}

/* All is written: what was lost since is told without waiting for another line. True: some of it
 * still cannot be. */
static bool tell_rest(struct store *store)
{
    bool untold = false;
    uint32_t i;

    store->losing = 0;
    for (i = 0; i < store->slots_count; i++) {
        struct source *source = store->slots[i];
        uint64_t lost = source ? source->lost : 0;
        bool gone = source && source->gone && !source->closed && source->queued == 0;

        if (!source || (lost == 0 && !gone && source->log.lost == 0 && source->log.told == 0))
            continue;
        source->lost = 0;
        take_limits(source);
        pthread_mutex_unlock(&store->ring.lock);
        set_time_now(store);
        if (lost > 0)
            lose(source, lost);
        if (source->log.lost > 0)
            put_lines(store, source, "", 0);
        tell_losses(store, source, gone || store->ending);
        untold |= !gone && (source->log.lost > 0 || source->log.told > 0);
        if (gone)
            close_source(source);
        pthread_mutex_lock(&store->ring.lock);
        store->progress++;
        source->closed = gone && source->gone;
    }
    return untold;
}

/* 0, or ETIMEDOUT after a `patience`; INSTANT_NEVER: there is none. */
static int wait_until(struct store *store, instant until)
{
    struct timespec time = {until.ns / NSEC_PER_SEC, until.ns % NSEC_PER_SEC};

    if (until.ns == INSTANT_NEVER.ns)
        return pthread_cond_wait(&store->ring.work, &store->ring.lock);
    return pthread_cond_clockwait(&store->ring.work, &store->ring.lock, CLOCK_MONOTONIC, &time);
}

/* The memory of a burst is kept for the next one for a while: to give it back and to take it again
 * costs more than to write what is in it. */
static void wait_for_work(struct store *store, bool untold)
{
    instant until = INSTANT_NEVER;

    if (untold)
        until = instant_add(monotonic(), TRY_AGAIN);
    else if (ring_is_large(&store->ring))
        until = instant_add(monotonic(), REST);
    if (wait_until(store, until) == ETIMEDOUT)
        ring_shrink(&store->ring);
}

void *writer_run(void *context)
{
    struct store *store = context;
    struct ring_record *record;
    bool untold;

    pthread_mutex_lock(&store->ring.lock);
    for (;;) {
        while ((record = ring_first(&store->ring)))
            write_first(store, record);
        untold = tell_rest(store);
        if (ring_used(&store->ring) > 0 || store->losing > 0)
            continue;
        store->progress++;
        if (store->ending)
            break;
        wait_for_work(store, untold);
    }
    pthread_mutex_unlock(&store->ring.lock);
    if (store->leaving)
        part_lines(store);
    return NULL;
}
