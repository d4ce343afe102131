/* Writing history.db: the recorder's side. What is kept is kept in rounds, each of them one
 * transaction: the rows, and how far what is followed has been taken in.
 *
 * Functions return 0 or a negative errno (sqlite.h); after one of those the round is to be given
 * up, and what was kept in it is to be kept again. */
#ifndef BULKHEAD_HISTORY_KEEP_H
#define BULKHEAD_HISTORY_KEEP_H

#include "core/retention.h"
#include "core/sample.h"
#include "history/event_view.h"
#include "history/schema.h"

/* How much stays, where nobody says. The oldest goes first; of what is too much (of the file, whose
 * write-ahead log is a mebibyte at most), samples go before events. */
#define KEEP_AGE_NS (INT64_C(30) * 86400 * NSEC_PER_SEC)
#define KEEP_BYTES  (INT64_C(64) << 20)

enum {
    KEEP_NAME,
    KEEP_FIND_NAME,
    KEEP_MEMBER,
    KEEP_FIND_MEMBER,
    KEEP_EVENT,
    KEEP_DEATH,
    KEEP_BESIDE,
    KEEP_NOTE,
    KEEP_SAMPLE,
    KEEP_PLACE,
    KEEP_STATEMENTS,
};

struct keep {
    struct database *database;
    struct statement *statements[KEEP_STATEMENTS]; // prepared when first used
    struct retention limits;
    int64_t aged_wall_ns; // when age was looked at last
};

/* How far something is taken in. */
struct keep_place {
    int64_t file;
    int64_t place;
    char mark[256]; // of the file: another one may get its number
};

/* `folder` is the state folder. 0, or as history_open. */
int keep_open(struct keep *keep, const char *folder, const struct retention *limits);
void keep_close(struct keep *keep); // may be zeroed
void keep_limit(struct keep *keep, const struct retention *limits);

int keep_begin(struct keep *keep);
int keep_end(struct keep *keep);
void keep_give_up(struct keep *keep);

/* A member of a plan by its line in the journal; *ret_id for keep_event, until a round is given up.
 */
int keep_member(struct keep *keep, const char *name, const char *line, int64_t *ret_id);

/* Those of which nothing is known any more. Their ids are nobody's then. */
int keep_forget_plans(struct keep *keep);

int keep_event(struct keep *keep, int64_t member, const struct user_event *event);
int keep_beside(struct keep *keep, int64_t wall_ns, const char *name, uint32_t generation,
                const char *other, const struct record_other *numbers);
/* `name` NULL: about no member. */
int keep_note(struct keep *keep, int64_t wall_ns, const char *name, uint32_t generation,
              const char *kind, const char *text);
int keep_sample(struct keep *keep, const struct sample *sample);

/* 1: nothing is known about it. */
int keep_find_place(struct keep *keep, const char *what, struct keep_place *ret);
int keep_place(struct keep *keep, const char *what, const struct keep_place *place);

/* Within a round: lets the oldest go, a bounded piece of work a round. */
int keep_retire(struct keep *keep, int64_t now_wall_ns);

#endif
