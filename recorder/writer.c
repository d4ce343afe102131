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
    line_time(&store->clock, (int64_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec, store->time);
}

void writer_forget(struct source *source)
{
    if (source)
        rotate_finish(&source->log);
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

static void flush(struct store *store, struct source *source)
{
    if (store->batch_used > 0)
        put_lines(store, source, store->batch, store->batch_used);
    store->batch_used = 0;
    tell_losses(store, source, false);
    store->untold |= source->log.lost > 0 || source->log.told > 0;
}

static void put_line(struct store *store, struct source *source, const struct line_heads *heads,
                     const struct line *line, bool plain)
{
    size_t most = plain ? LINE_HEAD_BYTES + line->length + 1 : LINE_FORMAT_MAX;

    if (store->batch_used + most > STORE_BATCH_BYTES ||
        (store->batch_used > 0 && (int64_t)(store->batch_used + most) > source->limits.file_bytes))
        flush(store, source);
    store->batch_used += line_format(store->batch + store->batch_used, heads, line, plain);
}

static void write_record(struct store *store, struct source *source,
                         const struct ring_record *record)
{
    static const struct line again = {AGAIN_TEXT, sizeof(AGAIN_TEXT) - 1, false};
    struct line_source from = {.at = record->bytes,
                               .end = record->bytes + record->length,
                               .plain = record->plain,
                               .begun = record->begun,
                               .ends = record->ends};
    struct line_heads heads;
    struct line line;

    line_time(&store->clock, record->time_ns, store->time);
    if (record->lost > 0)
        lose(source, record->lost);
    if (record->again) {
        line_heads(store->time, stream_names[ERR], &heads);
        put_line(store, source, &heads, &again, true);
    }
    line_heads(store->time, stream_names[record->stream], &heads);
    while (line_next(&from, &line))
        put_line(store, source, &heads, &line, record->plain);
    flush(store, source);
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

/* One that the reader has let go, and of which nothing is left. */
static bool may_close(const struct source *source)
{
    return source->gone && !source->closed && source->queued == 0;
}

static void tell_rest_of(struct store *store, struct source *source)
{
    uint64_t lost = source->lost;
    bool gone = may_close(source);

    if (lost == 0 && !gone && source->log.lost == 0 && source->log.told == 0)
        return;
    source->lost = 0;
    take_limits(source);
    pthread_mutex_unlock(&store->ring.lock);
    set_time_now(store);
    if (lost > 0)
        lose(source, lost);
    if (source->log.lost > 0)
        put_lines(store, source, "", 0);
    tell_losses(store, source, gone || store->ending);
    if (gone)
        rotate_finish(&source->log);
    pthread_mutex_lock(&store->ring.lock);
    store->untold |= !gone && (source->log.lost > 0 || source->log.told > 0);
    store->progress++;
    source->closed = gone && source->gone;
}

/* All is written: what was lost since is told without waiting for another line. */
static void tell_rest(struct store *store)
{
    store->losing = 0;
    store->untold = false;
    for (uint32_t i = 0; i < store->slots_count; i++)
        if (store->slots[i])
            tell_rest_of(store, store->slots[i]);
    store->progress++;
}

void writer_turn(struct store *store)
{
    struct ring_record *record = ring_first(&store->ring);

    if (record)
        write_first(store, record);
    else
        tell_rest(store);
}
