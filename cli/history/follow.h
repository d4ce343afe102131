/* Reads the log files of a stack's members and prints them: the past merged by time, then whatever
 * is added, across rotations. Lines of stdout go to stdout, of stderr to stderr.
 *
 *   follow_create(&options, names, count, &follow);
 *   follow_past(follow);                       // what is there, as far as the options ask for it
 *   while (poll(follow_fd(follow)) …)
 *       follow_turn(follow);                   // what has come since; never waits for more
 */
#ifndef BULKHEAD_CLI_HISTORY_FOLLOW_H
#define BULKHEAD_CLI_HISTORY_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FOLLOW_ALL INT64_C(-1)

struct follow;

struct follow_options {
    const char *state_dir; // the logs are in its folder "logs"
    bool prefix;           // "web-1  | " before each line
    bool timestamps;       // the time of the line before it
    bool colour_out;       // prefixes on stdout are coloured
    bool colour_err;
    int64_t tail;     // lines a member of the past; 0: none, so only what is new; FOLLOW_ALL
    int64_t since_ns; // CLOCK_REALTIME; 0: no bound
    int64_t until_ns; // INT64_MAX: no bound
};

/* `names` are members ("web-1"), in the order that gives them their colours; they are copied. A log
 * file that does not exist yet is waited for; the folder of the logs is made if it is not there
 * (0700). With tail 0 "new" counts from this call on. 0 or a negative errno. */
int follow_create(const struct follow_options *options, const char *const *names, size_t count,
                  struct follow **ret);
struct follow *follow_destroy(struct follow *follow); // returns NULL

/* One more member, unless it is followed already; of its log what is not older than `since_ns`. 0
 * or a negative errno. */
int follow_add(struct follow *follow, const char *name, int64_t since_ns);

/* 0, or a negative errno (of reading, or of writing to stdout or stderr). */
int follow_past(struct follow *follow);

int follow_fd(const struct follow *follow); // to be polled for POLLIN
int follow_turn(struct follow *follow);     // the same results as follow_past
int follow_drain(struct follow *follow);    // the last turn: ends a line that has come in part

#endif
