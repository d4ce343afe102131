/* The FIFOs of all members of a stack into their log files: the thread that reads, in one loop; it
 * has another one to write (store.h).
 *
 * A member costs three descriptors and a few hundred bytes; more only while a line is unfinished.
 */
#ifndef BULKHEAD_RECORDER_FANIN_H
#define BULKHEAD_RECORDER_FANIN_H

#include "recorder/handed.h"
#include "recorder/place.h"

struct fanin;

/* Everything that is opened by name; `buffer` is the ring's memfd or -1 (ring.h). 0 or a negative
 * errno, *ret_what a static text: what failed. */
int fanin_create(const struct place *place, int buffer, struct fanin **ret, const char **ret_what);
struct fanin *fanin_destroy(struct fanin *fanin); // returns NULL

/* Begins with the members that were handed over, and with what a recorder before this one left in
 * the ring. Its FIFOs are taken. 0 or a negative errno: no thread. */
int fanin_begin(struct fanin *fanin, struct handed *handed);

/* SIGIO has a handler and is blocked in all threads: it is waited for in here.
 * Records until something is to be read from `until_fd`: 0, or a negative errno. Call it again. */
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

/* For when they live on without us: writes what there is, and may be written within a moment.
 * False: the disk is too slow for that; the process is to end, as it is. */
bool fanin_leave(struct fanin *fanin, int patience_ms);

/* A line of our own in bulkhead.log (our stderr leads back into a FIFO that we read). */
void fanin_note(struct fanin *fanin, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
