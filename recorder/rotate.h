/* One log file, appended to and rotated: <name>.log, the ones before <name>.log.1 … .
 *
 * A disk that takes no more costs lines, never the recorder: what cannot be written is counted, and
 * the first write that succeeds again is preceded by a line that says how many were lost and why. A
 * line is in the file whole or not at all. */
#ifndef BULKHEAD_RECORDER_ROTATE_H
#define BULKHEAD_RECORDER_ROTATE_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

struct rotate_limits {
    int64_t file_bytes; // a file is not appended to beyond this, unless a single write is larger
    int files;          // kept in all, the current one included; at least 1
};

struct rotate {
    const struct rotate_limits *limits; // borrowed
    const char *name;                   // borrowed: "web-1"
    int folder;                         // borrowed: descriptor of the folder
    int fd;                             // -1: not open
    int64_t size_bytes;
    uint64_t lost;  // lines
    int lost_error; // errno of the first of them
    uint64_t told;  // of those lost, in the file; the caller's to set back
};

void rotate_init(struct rotate *log, int folder, const char *name,
                 const struct rotate_limits *limits);

/* Appends `lines`: whole lines in the format of line.h. `time` is line_time's text for the line
 * about losses. `length` may be 0: tries to tell of losses. */
void rotate_write(struct rotate *log, const char *time, const char *lines, size_t length);

/* Lines that never came to rotate_write are told like those that it could not write. */
#define ROTATE_TOO_SLOW ETIMEDOUT
#define ROTATE_JOURNALD EBUSY
void rotate_lose(struct rotate *log, uint64_t lines, int error);

#define ROTATE_LOSS_MAX 128
void rotate_loss_text(uint64_t lines, int error, char text[ROTATE_LOSS_MAX]);

void rotate_finish(struct rotate *log); // closes; may be finished already

#endif
