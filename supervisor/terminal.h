/* A service with a terminal: what it writes there goes into its output FIFO, a piece at a time.
 *
 * While the FIFO is full nothing is read, so the service waits as one without a terminal would. */
#ifndef BULKHEAD_SUPERVISOR_TERMINAL_H
#define BULKHEAD_SUPERVISOR_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slot;
struct supervisor;

#define TERMINAL_PIECE 4096 // bytes; at most PIPE_BUF, so a FIFO takes all of it or nothing

struct terminal {
    int fd;           // our side; -1: none
    uint32_t waiting; // bytes of `piece` that the FIFO did not take yet
    char *piece;      // owned
};

/* It is to outlive us: without its master the terminal hangs up on the program. To be said before
 * the birth, and dropped when that has failed. */
void terminal_hold(struct supervisor *supervisor, uint32_t index, int fd);
void terminal_drop(struct supervisor *supervisor, uint32_t index);

/* From now on it is watched; takes the file, also on failure. 0 or negative errno. */
int terminal_begin(struct supervisor *supervisor, uint32_t index, int fd);

struct keeper_news;
/* False: it is no terminal of a member's that lives. */
bool terminal_held(struct supervisor *supervisor, const struct keeper_news *news);

void terminal_ready(struct supervisor *supervisor, uint32_t index); // SOURCE_TERMINAL
void terminal_moved(struct supervisor *supervisor, struct slot *slot, uint32_t index);

/* Its program is dead: takes what is left as far as the FIFO does, and closes. */
void terminal_end(struct supervisor *supervisor, struct slot *slot);

#endif
