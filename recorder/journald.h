/* Lines to the system's journal instead of a file: a datagram each, in its native protocol.
 * Source: systemd's JOURNAL_NATIVE_PROTOCOL; the names of fields that journald(5) knows. */
#ifndef BULKHEAD_RECORDER_JOURNALD_H
#define BULKHEAD_RECORDER_JOURNALD_H

#include <stdbool.h>

#include "core/limits.h"
#include "recorder/line.h"
#include "recorder/rotate.h"

struct journald {
    int socket;        // borrowed; -1: there was none when we began
    const char *stack; // borrowed
    bool stuffed;      // it took nothing for long: nobody waits for it until it does
};

/* Formatted lines (line_format) of a member "web-1". What cannot be sent is lost, told and counted
 * in `log` as in rotate_write; `length` may be 0. `patient`: waits as long as it takes. */
void journald_write(struct journald *journald, struct rotate *log, bool patient, const char *time,
                    const char *lines, size_t length);

/* One formatted line, without its newline, as a datagram. The bytes of it; 0: it is no such line.
 */
#define JOURNALD_BYTES_MAX (LINE_FORMAT_MAX + 512)
size_t journald_format(const char *stack, const char *member, const char *line, size_t length,
                       char out[JOURNALD_BYTES_MAX]);

#endif
