/* What a member's compartment held and had used at one moment, and the ring of such samples.
 *
 * <runtime>/samples is a file of a head and SAMPLE_PLACES places, made in full when the stack comes
 * up; its size never changes. Samples are numbered from 0; number n is in place n % SAMPLE_PLACES
 * until number n + SAMPLE_PLACES is written over it. The supervisor writes the places of new
 * samples and then the head; it waits for no reader. Whoever reads takes head and places in any
 * way (pread(2)) and may meet one that is being written: it fails its checksum and is read as gone.
 * All bytes are hostile to who reads them. Pure. Integers are little-endian.
 *
 * A member that has used no processor since its last sample gets no new one for up to ten minutes
 * (sampling.h): its last one holds, and at the next one nothing happened in between.
 *
 *   head    magic, version, places, bytes of a place, epoch, next, checksum
 *   place   checksum of the rest, number, times, generation, name, numbers
 *
 * Source of the numbers: Documentation/admin-guide/cgroup-v2.rst. */
#ifndef BULKHEAD_CORE_SAMPLE_H
#define BULKHEAD_CORE_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/limits.h"

#define SAMPLE_VERSION     1
#define SAMPLE_PLACES      4096
#define SAMPLE_HEAD_BYTES  256
#define SAMPLE_PLACE_BYTES 256
#define SAMPLE_FILE_BYTES  (SAMPLE_HEAD_BYTES + SAMPLE_PLACES * SAMPLE_PLACE_BYTES)

#define SAMPLE_NONE INT64_C(-1) // the kernel does not say; for a limit: there is none

/* Its numbers: X(field, name). Bytes, but for those that say otherwise. */
#define SAMPLE_NUMBERS(X)                                                           \
    X(current_bytes, "current")             /* memory.current */                    \
    X(anon_bytes, "anon")                   /* memory.stat: heap, stacks */         \
    X(file_bytes, "file")                   /* page cache; with shmem */            \
    X(shmem_bytes, "shmem")                 /* tmpfs, memfd, shared anonymous */    \
    X(kernel_bytes, "kernel")               /* all the kernel's own; with slab */   \
    X(slab_bytes, "slab")                   /* slab_unreclaimable */                \
    X(unreclaimable_bytes, "unreclaimable") /* what only its owner can give back */ \
    X(limit_bytes, "limit")                 /* memory.max of the plan */            \
    X(processes, "processes")               /* pids.current */                      \
    X(cpu_usec, "cpu")                      /* used since birth, us */              \
    X(psi_some_usec, "psi_some")            /* memory.pressure: totals, us */       \
    X(psi_full_usec, "psi_full")

struct sample {
    int64_t wall_ns;              // CLOCK_REALTIME
    int64_t at_ns;                // CLOCK_MONOTONIC
    char name[INSTANCE_NAME_MAX]; // of the member: "web-1"
    uint32_t generation;
    /* Each is SAMPLE_NONE where it is not to be had. */
#define SAMPLE_FIELD(field, name) int64_t field;
    SAMPLE_NUMBERS(SAMPLE_FIELD)
#undef SAMPLE_FIELD
};

struct sample_head {
    uint64_t epoch; // of this file: another one (a stack that came up anew) counts from 0 again
    uint64_t next;  // samples written so far: the number that the next one gets
};

void sample_head_write(const struct sample_head *head, unsigned char bytes[SAMPLE_HEAD_BYTES]);
/* 0; 1: not such a file, another version, or just being written (read it again). */
int sample_head_read(const unsigned char bytes[SAMPLE_HEAD_BYTES], struct sample_head *ret);

/* Where sample `number` is in the file. */
static inline uint64_t sample_offset(uint64_t number)
{
    return SAMPLE_HEAD_BYTES + number % SAMPLE_PLACES * SAMPLE_PLACE_BYTES;
}

void sample_write(const struct sample *sample, uint64_t number,
                  unsigned char place[SAMPLE_PLACE_BYTES]);
/* 0; 1: that number is not there (any more), or not whole. */
int sample_read(const unsigned char place[SAMPLE_PLACE_BYTES], uint64_t number, struct sample *ret);

/* The number that a reader goes on with who has seen all before `seen`; what was overwritten
 * since is in *ret_missed. At head->next there is nothing new. */
uint64_t sample_first(const struct sample_head *head, uint64_t seen, uint64_t *ret_missed);

#endif
