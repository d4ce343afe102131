/* The terminal of this program lent to another process: a pseudo-terminal between, so that what it
 * does to its terminal ends with it. Source: pty(7), termios(3). */
#ifndef BULKHEAD_CLI_STACK_PSEUDO_H
#define BULKHEAD_CLI_STACK_PSEUDO_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

struct pseudo {
    int master;           // ours, non-blocking; -1: none
    int slave;            // the process's; to be closed once it has it
    bool raw;             // our own terminal has been changed
    struct termios saved; // as it was
};

/* A pair as large as our terminal and set like it, the slave owned by `owner` where we may say so
 * ((uid_t)-1: ours). 0 or a negative errno. */
int pseudo_open(uid_t owner, struct pseudo *ret);

/* Every key goes through from now on, Ctrl-C too. 0 or a negative errno. */
int pseudo_raw(struct pseudo *pseudo);

void pseudo_resize(const struct pseudo *pseudo); // to the size that ours has now
void pseudo_close(struct pseudo *pseudo);        // and our terminal is as it was; may be closed

#endif
