/* What the two threads of the recorder (crew.h) share: the members' logs and the ring between
 * reading (fanin.h) and writing (writer.h). */
#ifndef BULKHEAD_RECORDER_STORE_H
#define BULKHEAD_RECORDER_STORE_H

#include "core/logging.h"
#include "core/nsec.h"
#include "recorder/crew.h"
#include "recorder/journald.h"
#include "recorder/line.h"
#include "recorder/place.h"
#include "recorder/ring.h"
#include "recorder/rotate.h"

enum { STORE_SLOTS_MAX = INSTANCES_MAX * 2 }; // those that are gone have one until written
#define STORE_OWN         0                   // slot of our own programs' log
#define STORE_OWN_NAME    "bulkhead"
#define STORE_BATCH_BYTES (LINE_FORMAT_MAX * 2)

enum { OUT, ERR, STREAMS }; // of a key, the lowest bit

enum source_flow {
    FLOW_READ, // as it comes
    FLOW_HELD, // there was no room: its FIFO fills
    FLOW_DROP, // there was none for too long
};

struct source {
    char name[INSTANCE_NAME_MAX];

    /* the reader's */
    int fd[STREAMS];          // -1: none
    bool is_ready[STREAMS];   // in the queue of those to be read
    bool unfinished[STREAMS]; // a line that has no end yet was put into the ring
    bool again[STREAMS];      // what is read next may be in the log already
    bool left[STREAMS];       // an unfinished line was left in the FIFO, and SIGIO tells of more
    uint32_t passed[STREAMS]; // number of the last break (core/breaks.h)
    enum source_flow flow;
    instant held_since;

    /* under the ring's lock */
    struct logging logging;
    size_t queued; // bytes in the ring
    uint64_t lost; // lines dropped and not told to the writer yet
    bool gone;     // the reader is done with it,
    bool closed;   // and so is the writer: may be freed

    /* the writer's */
    struct rotate log;
    struct rotate_limits limits;
    enum logging_driver driver;
    bool patient;    // journald may hold us up
    instant told_at; // in our own log, last
};

struct store {
    struct ring ring;
    struct source **slots; // NULL where none is; the reader changes them, with the ring's lock
    uint32_t slots_count;
    uint32_t losing;           // there is something to be told: sources with `lost`, and others
    bool untold;               // some of it could not be
    uint64_t progress;         // goes up with all that the writer brings to an end
    const struct place *place; // borrowed
    int bell;                  // eventfd: there is room again
    bool bell_wanted;          // under the lock
    bool ending;               // nothing is read any more
    struct crew crew;

    /* the writer's */
    struct journald journald;
    struct line_clock clock;
    char time[LINE_TIME_MAX];
    size_t batch_used;
    char *batch; // formatted lines
};

/* `buffer` is the descriptor of the ring's memory or -1. 0 or a negative errno; store_finish may
 * follow in any case. */
int store_init(struct store *store, const struct place *place, int buffer, bool *ret_fresh);

void store_finish(struct store *store);

/* A source of that name, the one there is or a new one; with its slot. NULL: no memory, or too
 * many. The reader calls it. */
struct source *store_add(struct store *store, const char *name, const struct logging *logging,
                         uint32_t *ret_slot);
struct source *store_find(struct store *store, const char *name, uint32_t *ret_slot);

#endif
