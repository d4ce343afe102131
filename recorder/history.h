/* What happened and how memory went, kept in history.db: a thread of its own, for which neither
 * output nor the end of the stack waits longer than it says.
 *
 * It follows the journal and the samples in the runtime folder by itself; it wakes up when they
 * have changed, and takes in what there is, in one transaction, at most once a second. What cannot
 * be kept (a full disk) is tried again; how far it has come is kept with it. */
#ifndef BULKHEAD_RECORDER_HISTORY_H
#define BULKHEAD_RECORDER_HISTORY_H

#include "core/retention.h"

struct history;

/* Opens what is found by name, in the runtime folder (borrowed). NULL: it cannot, which it has said
 * on stderr, and there is no history then. */
struct history *history_prepare(int runtime);

/* Begins to follow: in the state folder as it is named after the sandbox was entered. */
void history_start(struct history *history, const char *state_dir); // may be NULL

/* How much of it stays, from the next round on. */
void history_limit(struct history *history, const struct retention *limits); // may be NULL

/* Nothing is added any more: it takes in the rest and ends. */
void history_end(struct history *history); // may be NULL

/* Waits for that, but no longer than `patience_ms`; then it is left to its disk, and to the end of
 * the process. */
void history_finish(struct history *history, int patience_ms); // may be NULL

#endif
