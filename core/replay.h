/* A journal fed back to the fleet: same events, same verdicts, byte for byte. Pure; lines in, lines
 * out. */
#ifndef BULKHEAD_CORE_REPLAY_H
#define BULKHEAD_CORE_REPLAY_H

#include "core/record.h"

struct replay;

/* 0 or -ENOMEM. */
int replay_create(struct replay **ret);
struct replay *replay_destroy(struct replay *replay); // returns NULL

/* Feeds one line without its newline. 0: as expected; 1: malformed; 2: the fleet decided otherwise;
 * -ENOMEM. *ret_why: a static or replay-owned text that says what was expected and what came, valid
 * until the next call. */
int replay_line(struct replay *replay, const char *line, const char **ret_why);

/* After the last line. 0: everything that was decided is in the journal; 3: the journal ends in the
 * middle of a step, because the supervisor died there or still writes; *ret_why says what is next.
 */
int replay_end(struct replay *replay, const char **ret_why);

/* The last head is whole: it names everybody, and says of each where it stood. Without
 * `with_states` the head of a stack that never ran is, too. */
bool replay_is_placed(const struct replay *replay, bool with_states);

/* The next line of the last step that is still to come, without its newline, valid until the next
 * call; NULL: none. Taken as read. */
const char *replay_missing(struct replay *replay);

/* Roster and fleet become the caller's, as they stand; the fleet's roster is `*ret_roster`. 0; 1:
 * there is no fleet yet; -ENOMEM. */
int replay_hand_over(struct replay *replay, struct roster *ret_roster, struct fleet *ret_fleet);

struct replay_count {
    uint64_t lines;
    uint64_t events;
    uint64_t effects;
    uint64_t verdicts;
};
struct replay_count replay_count(const struct replay *replay);
const struct roster *replay_roster(const struct replay *replay); // NULL before the head was read
const struct fleet *replay_fleet(const struct replay *replay);

#endif
