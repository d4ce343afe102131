/* Bytes of a stream to lines, and lines to the text of a log file. Pure.
 *
 * Lines go into the log in the container log format that the field's shippers read ("CRI"):
 *   2026-11-22T08:51:00.123456789Z stdout F the text
 * F ends a line; P is a part of one that is longer than LINE_PART_MAX, or that was not at its end
 * when it had to be taken. Bytes are kept as they came, valid UTF-8 or not, with one exception:
 * NUL, which no text tool survives, becomes "\x00". */
#ifndef BULKHEAD_RECORDER_LINE_H
#define BULKHEAD_RECORDER_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_PART_MAX   ((size_t)16 * 1024) // bytes of one line's or part's text
#define LINE_TIME_MAX   40                  // of line_time's text, with its NUL
#define LINE_HEAD_BYTES sizeof("2026-11-22T08:51:00.123456789Z stdout F")
#define LINE_FORMAT_MAX (LINE_HEAD_BYTES + LINE_PART_MAX * 4 + 1)

/* What was taken of a stream at once. Nothing is kept between two of them: what has no end in one
 * is given out as a part. */
struct line_source {
    const char *at;
    const char *end;
    bool plain; // line_is_plain: else NULs and markers are looked for
    bool begun; // the first line goes on where an earlier part ended
    bool ends;  // so does the last line, without a newline
};

/* One line, or a part of one: valid as long as the bytes it was taken from. */
struct line {
    const char *text;
    size_t length; // at most LINE_PART_MAX
    bool part;     // more of the same line follows
};

/* The next one. False: there is no more. A marker of the supervisor's (core/paths.h,
 * MARKER_PREFIX), which may stand behind unfinished text, is a line of its own. */
bool line_next(struct line_source *source, struct line *ret);

/* Is there neither a NUL nor what a marker begins with? */
bool line_is_plain(const char *bytes, size_t length);

/* How much of text without a newline may be taken: a marker that has not come whole is left. */
size_t line_cut(const char *bytes, size_t length);

/* RFC 3339, UTC, nanoseconds. The clock, zeroed at first, is a second that need not be told again.
 */
struct line_clock {
    int64_t second;
    char text[24];
};
void line_time(struct line_clock *clock, int64_t wall_ns, char text[LINE_TIME_MAX]);

/* What lines begin with, after line_time's text; `stream_name` is "stdout" or "stderr". */
struct line_heads {
    char whole[LINE_HEAD_BYTES];
    char part[LINE_HEAD_BYTES];
};
void line_heads(const char *time, const char *stream_name, struct line_heads *ret);

/* The line as it stands in the log, newline included. `out` has room for LINE_FORMAT_MAX bytes; of
 * a plain line, for LINE_HEAD_BYTES, its length and one. Returns the bytes written. */
size_t line_format(char *out, const struct line_heads *heads, const struct line *line, bool plain);

#endif
