/* The ring of a running stack's memory samples into history.db. Like follow_journal, but that a
 * ring keeps no more than its places: what was written over unread is counted, and a note. */
#ifndef BULKHEAD_HISTORY_FOLLOW_SAMPLES_H
#define BULKHEAD_HISTORY_FOLLOW_SAMPLES_H

#include "history/keep.h"

struct follow_samples {
    int file; // -1: not there yet
    uint64_t epoch;
    uint64_t seen;
    bool known;
    uint64_t missed; // since it was begun
};

void follow_samples_begin(struct follow_samples *follow);
void follow_samples_finish(struct follow_samples *follow);

/* As follow_journal_turn. `folder` is the runtime folder. */
int follow_samples_turn(struct follow_samples *follow, int folder, struct keep *keep,
                        int64_t now_wall_ns);

#endif
