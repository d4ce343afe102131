/* See line.h. */
#include "recorder/line.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/nsec.h"
#include "core/paths.h"

#define PREFIX_LENGTH (sizeof(MARKER_PREFIX) - 1)
#define MARK_LENGTH   (PREFIX_LENGTH - (sizeof(MARKER_TEXT) - 1)) // of it, what is dropped
#define CLOCK_LENGTH  (sizeof("2026-11-22T08:51:00.") - 1)
#define CUT_LOOK      ((size_t)32) // more than a marker or a break begins with

/* Hardly a line has the marker's first byte: that is found out many times faster than by memmem. */
static const char *find_marker(const char *text, size_t length)
{
    const char *first = length > 0 ? memchr(text, MARKER_PREFIX[0], length) : NULL;

    if (!first)
        return NULL;
    return memmem(first, length - (size_t)(first - text), MARKER_PREFIX, PREFIX_LENGTH);
}

/* The text up to a marker, or a marker up to the newline. False: there is none. */
static bool next_at_marker(struct line_source *source, size_t most, const char *newline,
                           struct line *ret)
{
    size_t length = newline ? (size_t)(newline - source->at) : most;
    const char *marker = find_marker(source->at, length);

    if (marker && (marker > source->at || source->begun)) {
        *ret = (struct line){source->at, (size_t)(marker - source->at), false};
        source->at = marker;
    } else if (marker && newline) {
        *ret = (struct line){marker + MARK_LENGTH, length - MARK_LENGTH, false};
        source->at = newline + 1;
    } else {
        return false; // or one that is too long
    }
    source->begun = false;
    return true;
}

bool line_next(struct line_source *source, struct line *ret)
{
    size_t left = (size_t)(source->end - source->at);
    size_t most = left < LINE_PART_MAX ? left : LINE_PART_MAX;
    const char *newline = memchr(source->at, '\n', left > most ? most + 1 : most);
    bool whole = newline || (source->ends && left <= most);

    if (left == 0 && !(source->ends && source->begun))
        return false;
    if (!source->plain && next_at_marker(source, most, newline, ret))
        return true;
    *ret = (struct line){source->at, newline ? (size_t)(newline - source->at) : most, !whole};
    if (!whole && !source->plain)
        ret->length = line_cut(ret->text, ret->length);
    source->at += ret->length + (newline ? 1 : 0);
    source->begun = !whole;
    return true;
}

bool line_is_plain(const char *bytes, size_t length)
{
    return !memchr(bytes, '\0', length) && !memchr(bytes, MARKER_PREFIX[0], length);
}

size_t line_cut(const char *bytes, size_t length)
{
    size_t look = length < CUT_LOOK ? length : CUT_LOOK;
    const char *tail = bytes + length - look;
    const char *begun = memchr(tail, MARKER_PREFIX[0], look);

    return begun && begun > bytes ? (size_t)(begun - bytes) : length;
}

void line_time(struct line_clock *clock, int64_t wall_ns, char text[LINE_TIME_MAX])
{
    time_t second = (time_t)(wall_ns / NSEC_PER_SEC);
    int64_t rest = wall_ns % NSEC_PER_SEC;
    struct tm parts = {0};

    if (second != clock->second || !clock->text[0]) {
        gmtime_r(&second, &parts);
        strftime(clock->text, sizeof(clock->text), "%Y-%m-%dT%H:%M:%S.", &parts);
        clock->second = second;
    }
    memcpy(text, clock->text, CLOCK_LENGTH);
    for (size_t i = 9; i-- > 0; rest /= 10)
        text[CLOCK_LENGTH + i] = (char)('0' + rest % 10);
    memcpy(text + CLOCK_LENGTH + 9, "Z", 2);
}

void line_heads(const char *time, const char *stream_name, struct line_heads *ret)
{
    char *end = mempcpy(ret->whole, time, LINE_HEAD_BYTES - sizeof(" stdout F"));

    *end++ = ' ';
    end = mempcpy(end, stream_name, sizeof("stdout") - 1);
    memcpy(end, " F ", 3);
    memcpy(ret->part, ret->whole, LINE_HEAD_BYTES);
    ret->part[LINE_HEAD_BYTES - 2] = 'P';
}

/* Text without a NUL is copied as it is, and all others in pieces. */
static char *put_text(char *out, const char *text, size_t length)
{
    const char *nul;

    while (length > 0 && (nul = memchr(text, '\0', length))) {
        size_t before = (size_t)(nul - text);

        out = mempcpy(out, text, before);
        out = mempcpy(out, "\\x00", 4);
        text += before + 1;
        length -= before + 1;
    }
    return mempcpy(out, text, length);
}

/* No printf: this is what the recorder does most. */
size_t line_format(char *out, const struct line_heads *heads, const struct line *line, bool plain)
{
    char *end = mempcpy(out, line->part ? heads->part : heads->whole, LINE_HEAD_BYTES);

    if (plain)
        end = mempcpy(end, line->text, line->length);
    else
        end = put_text(end, line->text, line->length);
    *end++ = '\n';
    return (size_t)(end - out);
}
