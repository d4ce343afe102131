/* Bytes of a stream to lines, and lines to the text of a log file. Pure.
 *
 * Lines go into the log in the container log format that the field's shippers read ("CRI"):
 *   2026-11-22T08:51:00.123456789Z stdout F the text
 * F ends a line; P is a part of one that is longer than LINE_PART_MAX. Bytes are kept as they came,
 * valid UTF-8 or not, with one exception: NUL, which no text tool survives, becomes "\x00". */
#ifndef BULKHEAD_RECORDER_LINE_H
#define BULKHEAD_RECORDER_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_PART_MAX   ((size_t)16 * 1024) // bytes of one line's or part's text
#define LINE_TIME_MAX   40                  // of line_time's text, with its NUL
#define LINE_HEAD_BYTES sizeof("2026-11-22T08:51:00.123456789Z stdout F")
#define LINE_FORMAT_MAX (LINE_PART_MAX * 4 + LINE_TIME_MAX + 16)

enum line_kind {
    LINE_FULL,   // a line, or the last part of one
    LINE_PART,   // more of the same line follows
    LINE_MARKER, // a whole line that the supervisor put there (core/paths.h, MARKER_PREFIX)
};

/* What is left between two reads; zeroed is empty. Memory is held only while a line is unfinished.
 */
struct line_stream {
    char *partial; // owned
    size_t length;
    bool continued; // parts of this line have been given out
};

/* `text` is valid during the call only. */
typedef void line_fn(void *context, enum line_kind kind, const char *text, size_t length);

/* Gives out every line that `bytes` completes. Out of memory, a line comes in more parts. */
void line_feed(struct line_stream *stream, const char *bytes, size_t length, line_fn *give,
               void *context);

bool line_is_begun(const struct line_stream *stream);

/* Gives out what is unfinished as a part, which somebody else goes on with, and frees. */
void line_part(struct line_stream *stream, line_fn *give, void *context);

/* Gives out what is unfinished as a line, and frees. */
void line_end(struct line_stream *stream, line_fn *give, void *context);

/* The short way for what nearly all output is: whole lines of plain text, without a NUL or what a
 * marker begins with, and not too long. Formats as many of them as `out` has room for, each behind
 * `head` (line_head), to be called when nothing is left in the stream. Returns how many bytes of
 * `bytes` are done; what line_feed gives for those would be the same. *ret_used: bytes in `out`. */
bool line_is_plain(const char *bytes, size_t length);
size_t line_format_plain(char *out, size_t room, const char head[LINE_HEAD_BYTES],
                         const char *bytes, size_t length, size_t *ret_used);

/* RFC 3339, UTC, nanoseconds. */
void line_time(int64_t wall_ns, char text[LINE_TIME_MAX]);

/* What a whole line begins with. */
void line_head(const char time[LINE_TIME_MAX], const char *stream_name, char head[LINE_HEAD_BYTES]);

/* The line as it stands in the log, newline included; `out` has LINE_FORMAT_MAX bytes, `length` is
 * at most LINE_PART_MAX. `stream_name` is "stdout" or "stderr". Returns the bytes written. */
size_t line_format(char *out, const char *time, const char *stream_name, enum line_kind kind,
                   const char *text, size_t length);

#endif
