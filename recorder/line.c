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

/* Hardly a line has the marker's first byte: that is found out many times faster than by memmem. */
static const char *find_marker(const char *text, size_t length)
{
    const char *first = length > 0 ? memchr(text, MARKER_PREFIX[0], length) : NULL;

    if (!first)
        return NULL;
    return memmem(first, length - (size_t)(first - text), MARKER_PREFIX, PREFIX_LENGTH);
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

bool line_is_begun(const struct line_stream *stream)
{
    return stream->length > 0 || stream->continued;
}

void line_part(struct line_stream *stream, line_fn *give, void *context)
{
    if (stream->length > 0)
        give_text(stream, LINE_PART, stream->partial, stream->length, give, context);
    forget(stream);
}

void line_end(struct line_stream *stream, line_fn *give, void *context)
{
    if (line_is_begun(stream))
        give_partial(stream, give, context);
}

bool line_is_plain(const char *bytes, size_t length)
{
    return length > 0 && !memchr(bytes, '\0', length) && !memchr(bytes, MARKER_PREFIX[0], length);
}

void line_head(const char time[LINE_TIME_MAX], const char *stream_name, char head[LINE_HEAD_BYTES])
{
    char text[LINE_TIME_MAX + 16];

    snprintf(text, sizeof(text), "%.30s %.6s F ", time, stream_name);
    memcpy(head, text, LINE_HEAD_BYTES);
}

size_t line_format_plain(char *out, size_t room, const char head[LINE_HEAD_BYTES],
                         const char *bytes, size_t length, size_t *ret_used)
{
    const char *at = bytes;
    const char *newline;
    char *to = out;

    while ((newline = memchr(at, '\n', (size_t)(bytes + length - at)))) {
        size_t line = (size_t)(newline - at) + 1;

        if (line > LINE_PART_MAX || line + LINE_HEAD_BYTES > room - (size_t)(to - out))
            break;
        memcpy(to, head, LINE_HEAD_BYTES);
        to = mempcpy(to + LINE_HEAD_BYTES, at, line);
        at += line;
    }
    *ret_used = (size_t)(to - out);
    return (size_t)(at - bytes);
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

/* Text without a NUL is copied as it is, and all others in pieces. */
static char *put_text(char *out, const char *text, size_t length)
{
    const char *nul;

    while (length > 0 && (nul = memchr(text, '\0', length))) {
        size_t plain = (size_t)(nul - text);

        out = mempcpy(out, text, plain);
        out = mempcpy(out, "\\x00", 4);
        text += plain + 1;
        length -= plain + 1;
    }
    return length > 0 ? mempcpy(out, text, length) : out;
}

/* No printf: this is what the recorder does most. */
size_t line_format(char *out, const char *time, const char *stream_name, enum line_kind kind,
                   const char *text, size_t length)
{
    char *end = mempcpy(out, time, strlen(time));

    *end++ = ' ';
    end = mempcpy(end, stream_name, strlen(stream_name));
    end = mempcpy(end, kind == LINE_PART ? " P " : " F ", 3);
    end = put_text(end, text, length);
    *end++ = '\n';
    return (size_t)(end - out);
}
