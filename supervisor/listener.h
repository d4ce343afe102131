/* The listening socket, and what to do when somebody is there who cannot be let in, mostly because
 * there is no file for him: he waits in the kernel's queue, and is not looked at again before a
 * moment has passed. Who looked at once would do nothing else. */
#ifndef BULKHEAD_SUPERVISOR_LISTENER_H
#define BULKHEAD_SUPERVISOR_LISTENER_H

#include <stdint.h>
#include <sys/types.h>

#include "core/nsec.h"

#define LISTENER_PAUSE span_ms(250)

struct loop;

struct listener {
    int fd; // -1: closed
    uint32_t source;
    instant again; // INSTANT_NEVER: it is being looked at
};

/* In the current folder, with that mode; it wakes as `source`. 0 or negative errno. */
int listener_open(struct listener *listener, struct loop *loop, const char *name, mode_t mode,
                  uint32_t source);
void listener_close(struct listener *listener); // may be closed

/* 0 with the connection and the user at its other end, or negative errno. */
int listener_accept(struct listener *listener, struct loop *loop, instant now, int *ret_fd,
                    uid_t *ret_uid);

/* Looks at it again when its time has come: listener->again is a deadline. */
void listener_turn(struct listener *listener, struct loop *loop, instant now);

#endif
