/* One line of a log file as the recorder writes it (core/paths.h): fixed columns, then text. Pure.
 */
#ifndef BULKHEAD_CLI_HISTORY_LOGLINE_H
#define BULKHEAD_CLI_HISTORY_LOGLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "2026-11-22T08:51:00.123456789Z stderr F " */
#define LOGLINE_TIME_BYTES  30
#define LOGLINE_KIND_COLUMN 38
#define LOGLINE_HEAD_BYTES  40

struct logline {
    int64_t wall_ns;  // 0: the line has no head; it is given out whole, as stdout
    const char *time; // LOGLINE_TIME_BYTES bytes, not NUL-terminated; NULL: no head
    bool error;       // stderr
    bool part;        // more of the same line follows
    const char *text; // not NUL-terminated; leads into the line
    size_t length;
};

/* `line` is without its newline. Every line can be read: see wall_ns. */
struct logline logline_read(const char *line, size_t length);

/* Wall time of a head's first LOGLINE_TIME_BYTES bytes; 0: not one. */
int64_t logline_time(const char *head);

/* A line that the supervisor put there: a death told, lines lost. */
bool logline_is_marker(const struct logline *line);

/* A marker that tells of a hook, and so of no end of an incarnation. */
bool logline_is_of_hook(const struct logline *line);

#endif
