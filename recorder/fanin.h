/* The FIFOs of all members of a stack into their log files: one loop that reads, and writes
 * (crew.h).
 *
 * A member costs three descriptors and a few hundred bytes. */
#ifndef BULKHEAD_RECORDER_FANIN_H
#define BULKHEAD_RECORDER_FANIN_H

#include "recorder/crew.h"
#include "recorder/handed.h"
#include "recorder/place.h"

struct fanin;

/* Everything that is opened by name; `buffer` is the ring's memfd or -1 (ring.h). 0 or a negative
 * errno, *ret_what a static text: what failed. */
int fanin_create(const struct place *place, int buffer, struct fanin **ret, const char **ret_what);
struct fanin *fanin_destroy(struct fanin *fanin); // returns NULL

/* Begins with the members that were handed over, and with what a recorder before this one left in
 * the ring. Its FIFOs are taken. */
void fanin_begin(struct fanin *fanin, struct handed *handed);

/* In two threads: `read` is called by the one whose turn it is to read, which calls fanin_run,
 * until that returns CREW_RELIEVED, and then returns the same; or returns something else, when it
 * is over. Then the rest is written. 0 with that, or a negative errno: no thread. */
int fanin_record(struct fanin *fanin, crew_read_fn *read, void *context, int *ret_result);

/* SIGIO has a handler and is blocked in all threads: it is waited for in here.
 * Records until something is to be read from `until_fd`: 0, CREW_RELIEVED, or a negative errno. */
int fanin_run(struct fanin *fanin, int until_fd);

/* There is another roster: what is in both goes on where it was, what is new is begun, what is gone
 * is drained and closed. */
void fanin_follow(struct fanin *fanin, struct handed *handed);

/* Reads so far. */
uint32_t fanin_reads(const struct fanin *fanin);

/* Does the writer run for long and come to no end? One that waits for a disk does not run. */
bool fanin_is_stuck(struct fanin *fanin);

/* Takes what is left in the FIFOs and ends unfinished lines. For when nobody writes any more. */
void fanin_drain(struct fanin *fanin);

/* The same for when they live on without us: lines that have no end yet get none, and what there is
 * no room for stays. */
void fanin_leave(struct fanin *fanin);

/* A line of our own in bulkhead.log (our stderr leads back into a FIFO that we read). */
void fanin_note(struct fanin *fanin, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
