/* The FIFOs of all members of a stack into their log files: the thread that reads, in one loop; it
 * has another one to write (store.h).
 *
 * A member costs three descriptors and a few hundred bytes; more only while a line is unfinished.
 */
#ifndef BULKHEAD_RECORDER_FANIN_H
#define BULKHEAD_RECORDER_FANIN_H

#include "core/roster.h"

struct fanin;

/* `roster` is read; `buffer` is the ring's memfd or -1 (ring.h). Its runtime_dir has the FIFOs, the
 * logs go to <state_dir>/logs, which is made when it is not there. 0 or a negative errno, *ret_what
 * a static text: what failed. A FIFO that cannot be opened costs that stream only and is told in
 * bulkhead.log. */
int fanin_create(const struct roster *roster, int buffer, struct fanin **ret,
                 const char **ret_what);
struct fanin *fanin_destroy(struct fanin *fanin); // returns NULL

/* SIGIO has a handler and is blocked in all threads: it is waited for in here.
 * Records until something is to be read from `until_fd`. 0: its end of file; 1: a word, which says
 * that there is another plan; or a negative errno. Call it again after a word. */
int fanin_run(struct fanin *fanin, int until_fd);

/* There is another roster: what is in both goes on where it was, what is new is opened, what is
 * gone is drained and closed. 0, or a
 * negative errno with *ret_what: then all is as it was. */
int fanin_follow(struct fanin *fanin, const struct roster *roster, const char **ret_what);

/* Takes what is left in the FIFOs and ends unfinished lines. For when nobody writes any more. */
void fanin_drain(struct fanin *fanin);

/* A line of our own in bulkhead.log (our stderr leads back into a FIFO that we read). */
void fanin_note(struct fanin *fanin, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
