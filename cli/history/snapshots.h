/* Which processes of a member had how much of which kind of memory, and what grew: the last two
 * snapshots of an incarnation compared. Pure. */
#ifndef BULKHEAD_CLI_HISTORY_SNAPSHOTS_H
#define BULKHEAD_CLI_HISTORY_SNAPSHOTS_H

#include <stddef.h>

#include "core/snapshot_note.h"

struct snapshots {
    struct snapshot_note *item; // owned, as they came
    size_t count;
    size_t capacity;
};

void snapshots_finish(struct snapshots *snapshots); // may be zeroed
/* 0 or -ENOMEM. */
int snapshots_feed(struct snapshots *snapshots, const struct snapshot_note *note);

/* X(field, words) */
#define MEMORY_KINDS(X)       \
    X(heap_bytes, "heap")     \
    X(stacks_bytes, "stacks") \
    X(anon_bytes, "anon")     \
    X(shmem_bytes, "shmem")   \
    X(file_bytes, "file")

struct process_memory {
    struct snapshot_process process; // at the last snapshot
    int64_t wall_ns;                 // of that
    int64_t total_bytes;
    const char *most; // the kind that has the most
    int64_t most_bytes;
    int64_t within_ns; // since the snapshot before; 0: it was not in one
    const char *grown; // the kind that grew most since; NULL: none did
    int64_t grown_bytes;
};

/* An incarnation: a generation may come again in another run of the stack. */
struct snapshot_life {
    const char *name;
    uint32_t generation;
    int64_t from_ns; // CLOCK_REALTIME
    int64_t to_ns;
};

/* The processes of its last snapshot, the biggest first. How many. */
size_t snapshots_compare(const struct snapshots *snapshots, const struct snapshot_life *life,
                         struct process_memory ret[SNAPSHOT_PROCESSES_MAX]);

#endif
