/* All that a stack's journal and history.db tell of its deaths. */
#ifndef BULKHEAD_CLI_HISTORY_CHRONICLE_H
#define BULKHEAD_CLI_HISTORY_CHRONICLE_H

#include "cli/history/deaths.h"
#include "cli/history/snapshots.h"
#include "history/journal_reader.h"
#include "history/past.h"

struct chronicle {
    struct journal_reader journal;
    bool has_journal;
    bool read_all;            // back to the beginning of history.db
    struct past_span covered; // by the journal; what was before and after is history.db's to tell
    struct past *past;        // NULL: there is none
    int past_failed; // why not: 1, DATABASE_DAMAGED or another negative errno; -ENOENT: never was
    struct event_view view;
    struct deaths deaths;
    struct snapshots snapshots;
};

/* 0; -ENOENT: neither is there, the stack never ran; or another negative errno. */
int chronicle_open(const char *runtime_dir, const char *state_dir, struct chronicle *ret);
void chronicle_close(struct chronicle *chronicle);

/* Reads the journal, and of what was before it the last `back_ns`. May be called again for more. 0
 * or a negative errno. */
int chronicle_read(struct chronicle *chronicle, int64_t back_ns);

/* The time that the journal there covers: of one that is running to the end of time; of one that
 * was kept, to its last event (a run that was cut off with the machine left none, but its history).
 * 0 or a negative errno; -ENOENT: there is none, it covers nothing. */
int chronicle_covered(const char *runtime_dir, const char *state_dir, struct past_span *ret);

/* A sentence for who asked why history.db is not read; NULL: there is nothing to say. */
const char *chronicle_past_trouble(int failed);

#endif
