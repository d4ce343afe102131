/* The members of a running stack as a table that follows what happens: WATCH, as an object. When
 * the supervisor dies it comes back to the next one by itself, and the rows then differ by what
 * happened meanwhile; only when none comes is the watch at its end.
 *
 *   if (watch_open(…) == 0)                       // the table is complete when this returns
 *       while (poll(watch.fd) …)
 *           watch_read(&watch, on_row, context);  // applies what has come, never blocks
 */
#ifndef BULKHEAD_CLI_STACK_WATCH_H
#define BULKHEAD_CLI_STACK_WATCH_H

#include "cli/stack/client.h"

struct watch {
    struct client client;    // its file while away: a timer, for the next look
    const char *runtime_dir; // borrowed
    int64_t away_ms;         // CLOCK_MONOTONIC since when there is no supervisor; 0: there is one
    bool away_told;          // by a line on stderr
    bool quiet;              // to be set by who shows watch_is_away() otherwise
    struct wire_info info;
    struct wire_row *rows; // by member index; info.members of them
    uint32_t rows_count;
    struct wire_left *left; // watch_snapshot: incarnations that do not end
    uint32_t left_count;
    int64_t sampled_ns; // CLOCK_MONOTONIC of the last frame: ages of uptime_ns, deadline_in_ns
    bool ended;         // BYE, or the supervisor is gone for good: no more rows will come
    bool bye;           // it said so itself: the stack is at its end
    bool abandoned;     // ended, and nobody was there in time, though processes of the stack are
    bool reloaded; // the stack has another plan: this table follows those whom it knows, and nobody
                   // else; open another to see all
};

/* A row that changed, after it is in the table; `before` is what it was. */
typedef void watch_row_fn(void *context, const struct watch *watch, const struct wire_row *before,
                          const struct wire_row *row);

/* Connects, asks, and reads the whole first table. Outcomes as in client.h. `runtime_dir` has to
 * stay as long as the watch. */
int watch_open(const char *runtime_dir, const char *stack, struct watch *ret,
               struct fault *ret_fault);

/* PS instead of WATCH: the table once; watch->ended is set. */
int watch_snapshot(const char *runtime_dir, const char *stack, struct watch *ret,
                   struct fault *ret_fault);

/* To be polled for POLLIN. */
int watch_fd(const struct watch *watch);

/* Is there no supervisor, for longer than a change of it takes? */
bool watch_is_away(const struct watch *watch);

/* Reads all frames that are there, calls `on_row` (or NULL) for each row. 0, also when the end came
 * (watch->ended); else an outcome of client.h. */
int watch_read(struct watch *watch, watch_row_fn *on_row, void *context, struct fault *ret_fault);

void watch_close(struct watch *watch); // may be zeroed or closed already

/* The rows that `words` name: services ("web") or members ("web-1"); no words: all. ret_chosen has
 * rows_count entries. 0, or 1 with a fault that says which word and what it may have meant. */
int watch_choose(const struct watch *watch, char *const *words, size_t count, bool *ret_chosen,
                 struct fault *ret_fault);

#endif
