/* What kinds of memory the biggest processes of a member had when it came near its limit, as notes
 * of the journal, one for each process:
 *
 *   note snapshot name=web-1 g=7 at=… pid=812 comm=worker heap=… stacks=… anon=… shmem=… file=…
 *
 * `at` is CLOCK_REALTIME in ns and the same for all of one snapshot; the numbers are resident
 * bytes. A blank, a backslash and what is not printing ASCII in `comm` is escaped (\x20); read,
 * it is what the process called itself, and not to be shown as it is. Every byte is hostile. Pure.
 */
#ifndef BULKHEAD_CORE_SNAPSHOT_NOTE_H
#define BULKHEAD_CORE_SNAPSHOT_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/limits.h"

#define SNAPSHOT_PROCESSES_MAX 3
#define SNAPSHOT_COMM_MAX      16  // with the NUL
#define SNAPSHOT_NOTE_MAX      512 // of the text, with a NUL

struct snapshot_process {
    int32_t pid;
    char comm[SNAPSHOT_COMM_MAX];
    int64_t heap_bytes;
    int64_t stacks_bytes; // of its threads, too
    int64_t anon_bytes;   // other private memory without a file
    int64_t shmem_bytes;  // tmpfs, memfd, shared without a file; also where others map it, too
    int64_t file_bytes;
};

struct snapshot_note {
    char name[INSTANCE_NAME_MAX];
    uint32_t generation;
    int64_t wall_ns;
    struct snapshot_process process;
};

void snapshot_note_write(const struct snapshot_note *note, char text[SNAPSHOT_NOTE_MAX]);

/* False: a note about something else, or a malformed one. */
bool snapshot_note_read(const char *text, struct snapshot_note *ret);

#endif
