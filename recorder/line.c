/* See line.h. */
#include "recorder/line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/nsec.h"
#include "core/paths.h"

#define PREFIX_LENGTH (sizeof(MARKER_PREFIX) - 1)
#define MARK_LENGTH   (PREFIX_LENGTH - (sizeof(MARKER_TEXT) - 1)) // of it, what is dropped

static const char *find_marker(const char *text, size_t length)
{
    return memmem(text, length, MARKER_PREFIX, PREFIX_LENGTH);
}

/* Text that ends here or goes on, cut into parts that fit. */
static void give_text(struct line_stream *stream, enum line_kind kind, const char *text,
                      size_t length, line_fn *give, void *context)
{
    while (length > LINE_PART_MAX) {
        give(context, LINE_PART, text, LINE_PART_MAX);
        text += LINE_PART_MAX;
        length -= LINE_PART_MAX;
    }
    give(context, kind, text, length);
    stream->continued = kind == LINE_PART;
}

/* A line without its newline. The supervisor's marker may stand behind unfinished text. */
static void give_line(struct line_stream *stream, const char *text, size_t length, line_fn *give,
                      void *context)
{
    const char *marker = find_marker(text, length);
    size_t before = marker ? (size_t)(marker - text) : length;
    size_t rest = length - before;

    if (!marker || rest - MARK_LENGTH > LINE_PART_MAX) {
        give_text(stream, LINE_FULL, text, length, give, context);
        return;
    }
    if (before > 0 || stream->continued)
        give_text(stream, LINE_FULL, text, before, give, context);
    give(context, LINE_MARKER, marker + MARK_LENGTH, rest - MARK_LENGTH);
}

/* How many bytes at the end of `text` may be the beginning of a marker. */
static size_t marker_begun(const char *text, size_t length)
{
    size_t begun = length < PREFIX_LENGTH ? length : PREFIX_LENGTH - 1;

    while (begun > 0 && memcmp(text + length - begun, MARKER_PREFIX, begun) != 0)
        begun--;
    return begun;
}

static void forget(struct line_stream *stream)
{
    free(stream->partial);
    stream->partial = NULL;
    stream->length = 0;
}

/* The partial line is full: gives out as much of it as cannot belong to a marker. */
static void spill(struct line_stream *stream, line_fn *give, void *context)
{
    const char *marker = find_marker(stream->partial, stream->length);
    size_t out = stream->length - marker_begun(stream->partial, stream->length);
    enum line_kind kind = LINE_PART;

    if (marker && marker > stream->partial) {
        out = (size_t)(marker - stream->partial);
        kind = LINE_FULL;
    }
    give_text(stream, kind, stream->partial, out, give, context);
    stream->length -= out;
    if (stream->length > 0)
        memmove(stream->partial, stream->partial + out, stream->length);
    else
        forget(stream);
}

/* Appends to the partial line: exactly what it needs, for most of them live for one read only. */
static void keep(struct line_stream *stream, const char *bytes, size_t length, line_fn *give,
                 void *context)
{
    while (length > 0) {
        size_t room = LINE_PART_MAX - stream->length;
        size_t take = length < room ? length : room;
        char *larger = realloc(stream->partial, stream->length + take);

        if (!larger) {
            if (stream->length > 0)
                give_text(stream, LINE_PART, stream->partial, stream->length, give, context);
            give_text(stream, LINE_PART, bytes, length, give, context);
            forget(stream);
            return;
        }
        stream->partial = larger;
        memcpy(stream->partial + stream->length, bytes, take);
        stream->length += take;
        bytes += take;
        length -= take;
        if (stream->length == LINE_PART_MAX)
            spill(stream, give, context);
    }
}

/* The partial line is complete. */
static void give_partial(struct line_stream *stream, line_fn *give, void *context)
{
    give_line(stream, stream->partial ? stream->partial : "", stream->length, give, context);
    forget(stream);
}

void line_feed(struct line_stream *stream, const char *bytes, size_t length, line_fn *give,
               void *context)
{
    while (length > 0) {
        const char *newline = memchr(bytes, '\n', length);
        size_t segment = newline ? (size_t)(newline - bytes) : length;
        size_t eaten = newline ? segment + 1 : segment;

        if (newline && stream->length == 0) {
            give_line(stream, bytes, segment, give, context);
        } else {
            keep(stream, bytes, segment, give, context);
            if (newline)
                give_partial(stream, give, context);
        }
        bytes += eaten;
        length -= eaten;
    }
}

void line_end(struct line_stream *stream, line_fn *give, void *context)
{
    if (stream->length > 0 || stream->continued)
        give_partial(stream, give, context);
}

void line_time(int64_t wall_ns, char text[LINE_TIME_MAX])
{
    time_t seconds = (time_t)(wall_ns / NSEC_PER_SEC);
    struct tm parts = {0};
    size_t used;

    gmtime_r(&seconds, &parts);
    used = strftime(text, LINE_TIME_MAX, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + used, LINE_TIME_MAX - used, ".%09dZ", (int)(wall_ns % NSEC_PER_SEC));
}

size_t line_format(char *out, const char *time, const char *stream_name, enum line_kind kind,
                   const char *text, size_t length)
{
    int head = snprintf(out, LINE_TIME_MAX + 16, "%s %s %c ", time, stream_name,
                        kind == LINE_PART ? 'P' : 'F');
    size_t used = (size_t)head;

    while (length > 0) {
        const char *nul = memchr(text, '\0', length);
        size_t plain = nul ? (size_t)(nul - text) : length;

        memcpy(out + used, text, plain);
        used += plain;
        text += plain;
        length -= plain;
        if (nul) {
            memcpy(out + used, "\\x00", 4);
            used += 4;
            text++;
            length--;
        }
    }
    out[used++] = '\n';
    return used;
}
