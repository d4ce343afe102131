/* What the FIFOs have goes into the ring, a turn each: in a turn a stream gives INTAKE_BYTES at
 * most, so that one flooding service delays the others by that much and no more.
 *
 * A stream is known by its key: the slot of its member (store.h) times STREAMS, and the stream. Of
 * a member that finds no room in the ring the FIFOs are left alone: at first, and when its mode is
 * blocking for as long as it takes. Otherwise what it writes is dropped and counted after a while,
 * until there is room again. */
#ifndef BULKHEAD_RECORDER_INTAKE_H
#define BULKHEAD_RECORDER_INTAKE_H

#include <stdarg.h>

#include "recorder/pace.h"
#include "recorder/store.h"
#include "recorder/tap.h"

#define INTAKE_BYTES ((size_t)64 * 1024)

struct intake {
    struct store *store; // borrowed
    struct tap tap;
    bool ending;     // nobody writes any more: waits for room, however long
    uint32_t held;   // members that found no room
    uint32_t reads;  // so far, those that found something
    uint32_t *ready; // keys of the streams to be read, a queue in a circle
    uint32_t ready_first, ready_count;
    char *waste;    // INTAKE_BYTES: what is dropped is counted here
    bool published; // something that is still to be written
    struct pace pace;
    size_t taken; // bytes since the pace was asked
};

int intake_init(struct intake *intake, struct store *store); // 0 or a negative errno
void intake_finish(struct intake *intake);

void intake_ready(struct intake *intake, uint32_t key); // there is something to be read
void intake_look(struct intake *intake);                // after SIGIO: where a line was left
void intake_retry(struct intake *intake);               // there may be room

/* One turn of each that is ready, and what was read is written. False: somebody else reads now. */
bool intake_turns(struct intake *intake);

void intake_gather(struct intake *intake); // after the turns: sleeps a little when that is better

/* All that the FIFOs of the member have at present, and the ends of unfinished lines. */
void intake_drain(struct intake *intake, uint32_t slot);

/* The same for one who lives on: what has no end yet gets none. What there is no room for stays. */
void intake_leave(struct intake *intake, uint32_t slot);

void intake_stop(struct intake *intake, struct source *source); // its FIFOs are closed

/* A line in our own log. */
void intake_note(struct intake *intake, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

#endif
