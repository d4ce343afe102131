/* A running stack's journal into history.db: what people follow of it, exactly once, whoever is
 * killed meanwhile.
 *
 * How far it is taken in is kept with what was; a recorder that comes later reads the file of that
 * place from its beginning, for who is who, and keeps what is behind. What is gone before it was
 * read (the journal is rotated, nobody was there) is a note of the kind "gap". */
#ifndef BULKHEAD_HISTORY_FOLLOW_JOURNAL_H
#define BULKHEAD_HISTORY_FOLLOW_JOURNAL_H

#include "history/journal_reader.h"
#include "history/keep.h"

struct follow_journal {
    struct journal_reader reader;
    struct event_view view;
    int64_t *ids; // owned: keep_member of the view's members
    uint32_t ids_capacity;
    struct keep_place known; // before it, everything was kept
    struct keep_place place; // of the file at hand
    bool skipping;
    uint64_t gaps; // told
};

/* Goes on where history.db says. `folder` is the runtime folder, borrowed. 0 or a negative errno.
 */
int follow_journal_begin(struct follow_journal *follow, int folder, struct keep *keep);
void follow_journal_finish(struct follow_journal *follow); // may be zeroed

/* Within a round: takes in what there is. After a negative errno it is to be finished, and begun
 * anew. */
int follow_journal_turn(struct follow_journal *follow, struct keep *keep);

#endif
