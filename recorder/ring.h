/* The bounded buffer between the thread that reads the FIFOs and the one that writes the files.
 *
 * Records in the order they were read, in memory that outlives the process (a memfd that the
 * supervisor holds): the next recorder goes on with what a killed one had read and not written.
 * One thread puts records in and one takes them out. All functions but ring_open and ring_close
 * want `lock` held; the bytes of a record that is reserved, or first, are its thread's alone. */
#ifndef BULKHEAD_RECORDER_RING_H
#define BULKHEAD_RECORDER_RING_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/limits.h"

#define RING_BYTES_MIN ((size_t)4 << 20)
#define RING_BYTES_MAX ((size_t)32 << 20)

struct ring_record {
    uint64_t size; // all of it, a multiple of 8
    int64_t time_ns;
    uint64_t lost;   // lines that were dropped before these
    uint32_t length; // of `bytes`
    uint32_t slot;   // of the member, in this process
    uint8_t stream;
    uint8_t plain; // line_is_plain
    uint8_t begun; // the first line was begun in an earlier record,
    uint8_t ends;  // and the last one ends here, whether it has a newline or not
    uint8_t again; // a recorder was killed: these may be in the log already
    char name[INSTANCE_NAME_MAX];
    char bytes[];
};

/* What a read was about to take out of a FIFO when the process was killed. */
struct ring_taking {
    uint64_t length; // 0: nothing
    uint32_t stream;
    char name[INSTANCE_NAME_MAX];
};

struct ring_shared;

struct ring {
    pthread_mutex_t lock;
    pthread_cond_t work; // there is a record
    pthread_cond_t room; // there is more room
    struct ring_shared *shared;
    size_t used_most; // since memory was last given back
    bool reserved;
};

/* `fd` is a memfd (borrowed), or -1: the records die with the process. Waits a second for a process
 * that still uses it, and has been told to end. 0 or a negative errno; *ret_fresh: nothing usable
 * was in it. */
int ring_open(struct ring *ring, int fd, bool *ret_fresh);
void ring_close(struct ring *ring);

/* May be larger than before at any time; a smaller one is ignored. */
void ring_grow(struct ring *ring, size_t bytes);

size_t ring_used(const struct ring *ring);
size_t ring_free(const struct ring *ring);
struct ring_taking *ring_taking(struct ring *ring);

/* A record with room for `length` bytes; NULL: there is no room now. One at a time;
 * it is in the ring from ring_publish on. */
struct ring_record *ring_reserve(struct ring *ring, size_t length);
void ring_cancel(struct ring *ring);
void ring_publish(struct ring *ring, struct ring_record *record, size_t length);

/* The oldest record, or NULL. It is told that it is at work, which a killed process leaves behind.
 */
struct ring_record *ring_first(struct ring *ring);
void ring_release(struct ring *ring); // the oldest

/* The record after this one, the oldest for NULL; NULL at the end. */
struct ring_record *ring_next(struct ring *ring, const struct ring_record *record);

/* Memory was touched beyond what stays. */
bool ring_is_large(const struct ring *ring);

/* Gives that back when nothing is in it. */
void ring_shrink(struct ring *ring);

#endif
