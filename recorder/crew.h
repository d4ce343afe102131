/* The two threads of the recorder, which share one duty: to read, and to write what was read.
 *
 * Who reads writes what it has read as well, while it is warm: nothing is handed over and nobody is
 * woken. The other one looks every CREW_LOOK whether it has come back. When it has not, because a
 * disk holds it up, the other one reads on, and who hangs is the writer from then on, until nothing
 * is left to write. So no disk keeps output waiting for longer than two looks.
 *
 * All of this is under the ring's lock. */
#ifndef BULKHEAD_RECORDER_CREW_H
#define BULKHEAD_RECORDER_CREW_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/nsec.h"

#define CREW_LOOK span_ms(10)

struct store;

/* Reads, until it is over or somebody else does. Returns CREW_RELIEVED, as soon as crew_write has
 * said so, or anything else: then nobody reads any more. */
typedef int crew_read_fn(void *context);
#define CREW_RELIEVED INT32_MAX

/* At the one that writes, when it was last seen to have come to an end of something. */
struct crew_look {
    int other;
    uint64_t progress;
    int64_t used_ns; // of a processor, since it began
};

struct crew {
    pthread_t threads[2]; // the first one called crew_run
    int reader;           // which of them reads
    bool writing;         // one of them has records in hand
    bool called;          // who does not read is to look
    bool watched;         // and does so
    uint64_t turns;       // of writing, so far
    crew_read_fn *read;
    void *context;
    int result;
    struct crew_look look; // the reader's
};

/* Both threads, until `read` has returned and all is written. 0 with what it has returned, or a
 * negative errno. */
int crew_run(struct store *store, crew_read_fn *read, void *context, int *ret_result);

/* For who reads: writes what there is, unless somebody does. False: another one reads now. */
bool crew_write(struct store *store);

/* For who reads: does the other one write for long and come to no end? One that waits for a disk
 * uses no processor. */
bool crew_is_stuck(struct store *store);

#endif
