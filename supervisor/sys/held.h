/* What a process has that another one like it cannot have at the same time: ports that it listens
 * on, abstract sockets, locks of files. Source: proc(5), unix(7), flock(2), fcntl(2).
 *
 * A unix socket with a path is none of these: its next owner unlinks it and binds anew, as after
 * any death. For a helper only. */
#ifndef BULKHEAD_SUPERVISOR_SYS_HELD_H
#define BULKHEAD_SUPERVISOR_SYS_HELD_H

#include <stdint.h>

#include "core/quarantine_note.h"

struct held {
    uint32_t count; // of things, and of processes whose files cannot be read
    char text[QUARANTINE_TEXT_MAX];
};

/* Adds what the process has; `tid` is a task of it that is no zombie. */
void held_add(struct held *held, int32_t pid, int32_t tid);

#endif
