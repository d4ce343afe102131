/* The journal of a stack: of the running one, else the one kept when it ended. Lines across
 * journal.1 and journal, oldest first, and what is added while it is read. */
#ifndef BULKHEAD_HISTORY_JOURNAL_READER_H
#define BULKHEAD_HISTORY_JOURNAL_READER_H

#include "history/rotated.h"
#include "core/record.h"

struct journal_reader {
    struct rotated file;
    int folder;
    int notices;   // inotify, -1: not asked for
    bool archived; // the stack has ended, nothing will be added
    bool dropped;  // its folder has been removed meanwhile
    char line[RECORD_LINE_MAX];
    uint64_t malformed; // lines that were passed over
};

/* 0; -ENOENT: there is none, the stack never ran; or another negative errno. With `follow` the
 * running journal can be waited for. */
int journal_reader_open(const char *runtime_dir, const char *state_dir, bool follow,
                        struct journal_reader *ret);
/* Reads what is in that folder, which is borrowed; nothing is to be closed but the file. */
void journal_reader_begin(struct journal_reader *reader, int folder);
void journal_reader_close(struct journal_reader *reader); // once after a successful open

/* 1 with the next record (its text leads into reader->line); 0: none at present; a negative errno.
 * Lines that are not records are counted and passed over: a supervisor that was killed may leave
 * one torn. */
int journal_reader_next(struct journal_reader *reader, struct record *ret);

/* To be polled for POLLIN; then journal_reader_notice, then read on. */
int journal_reader_fd(const struct journal_reader *reader);
void journal_reader_notice(struct journal_reader *reader);

#endif
