/* What the supervisor hands over through its channel (core/handover.h): plans, and the FIFOs of
 * their members. Hostile all the same: bounded and checked. */
#ifndef BULKHEAD_RECORDER_HANDED_H
#define BULKHEAD_RECORDER_HANDED_H

#include <stdbool.h>

#include "core/roster.h"

/* A plan, and the FIFOs that have come so far; zeroed: none. */
struct handed {
    struct roster roster;
    int *fifos;      // owned, and so are the files: stdout and stderr of each member; -1: taken
    uint32_t came;   // members whose FIFOs are there
    const char *why; // static text: what was wrong, after -EPROTO
};

/* Reads what has come. 1: `handed` is a whole plan, to be finished before the next call; 0: the
 * stack has ended; -EAGAIN: nothing more at present; -EPIPE: the supervisor is gone; -EPROTO or
 * another negative errno. Answers when it is asked, with `reads`, if it `may_answer`. */
int handed_hear(struct handed *handed, int channel, uint32_t reads, bool may_answer);

/* The file, which is the caller's from now on. */
int handed_take(struct handed *handed, uint32_t member, uint32_t stream);

/* The roster, which is the caller's from now on. */
struct roster handed_roster(struct handed *handed);

void handed_finish(struct handed *handed); // closes what was not taken

#endif
