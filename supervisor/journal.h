/* The journal file: the lines of core/record.h, kept in the runtime folder (tmpfs) and rotated.
 *
 * Lines are gathered and written by one write(2) each time, whole lines only. When they cannot be
 * kept (a full disk) they are counted and said once, and the stack goes on; as soon as there is
 * room again (looked for once a second) a new file begins, with a note of how many are missing.
 *
 * Each file replays by itself: it begins with a head, which is the roster and, but for the first,
 * where every member stands. A reload writes such a head into the same file, so that however often
 * a stack is changed, what is remembered of it is a matter of bytes alone; and so is one written
 * now and then, so that the next supervisor, which goes on from the last head, has not much to
 * read.
 *
 * Every step is written before its effects are run: the file is what a supervisor that was killed
 * leaves to the next one. A file with a gap behind it is made read-only: nobody goes on with it. */
#ifndef BULKHEAD_SUPERVISOR_JOURNAL_H
#define BULKHEAD_SUPERVISOR_JOURNAL_H

#include <stdbool.h>

#include "core/restore.h"

#define JOURNAL_BYTES_MAX (4 << 20) // after its head; then the next file begins
#define JOURNAL_BUFFER    (4 * RECORD_LINE_MAX)
#define JOURNAL_READ_MAX  (256 << 10) // from one head to the next; or twice what a head has

struct journal {
    int dir; // borrowed: the runtime folder
    int fd;  // -1: no file at present
    int64_t size;
    int64_t size_max;
    int64_t head_bytes;    // of the last head
    int64_t next_head;     // when the file has this size
    int64_t whole;         // of the size: without a head that is being written
    bool in_head;          //
    int error;             // why there is no file, until journal_turn has said so; or 0
    uint64_t lost;         // lines, since ever
    uint64_t lost_told;    // of them, told in a note
    instant retry;         // not before, when there is no file
    uint32_t buffer_lines; //
    size_t buffer_used;
    char buffer[JOURNAL_BUFFER];
};

/* Begins the first file; one that is there becomes journal.1. 0 or negative errno. */
int journal_open(struct journal *journal, int dir, const struct fleet *fleet, uint64_t seed);
void journal_close(struct journal *journal);

/* Ends a change of files that another supervisor did not live to end. 0 or negative errno. */
int journal_mend(int dir);
/* Goes on with what another supervisor left: its whole lines, and then `missing` (NULL: nothing),
 * at once. 0 or negative errno: then the file is as it was, but for a line that was cut. */
int journal_continue(struct journal *journal, int dir, const struct restored *restored);
/* Begins a file of which the states are another supervisor's leaving, as far as they are known. */
int journal_begin_anew(struct journal *journal, int dir, const struct fleet *fleet);

/* Between two steps: begins the next file when this one is full, or when there may be room again.
 * 0; negative errno when lines are lost from now on (told once). */
int journal_turn(struct journal *journal, const struct fleet *fleet, instant now);

/* Between two steps: another fleet goes on. 0; negative errno when lines are lost from now on. */
int journal_reloaded(struct journal *journal, const struct fleet *fleet, instant now);

/* Between two steps: goes on in another folder, with a head of where everybody stands. 0; negative
 * errno when lines are lost from now on. */
int journal_move(struct journal *journal, int dir, const struct fleet *fleet, instant now);

/* These gather lines; journal_flush writes them. */
void journal_event(struct journal *journal, const struct event *event);
void journal_outcomes(struct journal *journal, const struct fleet *fleet); // of the last step
void journal_other(struct journal *journal, uint32_t member, uint32_t generation,
                   const struct record_other *other);
void journal_kept(struct journal *journal, const struct fleet *fleet, uint32_t member);
void journal_note(struct journal *journal, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void journal_flush(struct journal *journal);

/* Gives back memory that a burst has touched. */
void journal_relax(struct journal *journal);

#endif
