/* The FIFOs that members write their output into. Source: fifo(7). */
#ifndef BULKHEAD_SUPERVISOR_SYS_FIFO_H
#define BULKHEAD_SUPERVISOR_SYS_FIFO_H

#include <stddef.h>
#include <sys/types.h>

/* Opens `name` in `dir` for reading and writing without blocking, after making it (mode 0600) when
 * it is not there. Holding it open keeps what was written into it. 0 with *ret_fd, or negative
 * errno; -EEXIST when something else than a FIFO has that name. */
int fifo_open(int dir, const char *name, int *ret_fd);

/* Gives it to a user, who may then open /dev/stdout. 0 or negative errno. */
int fifo_give(int fd, uid_t uid, gid_t gid);

/* Writes all of `text` (at most PIPE_BUF bytes) or nothing. A full one is made larger. 0 or
 * negative errno: -EAGAIN or -EPERM when it is full and as large as it may be. */
int fifo_write(int fd, const char *text, size_t length);

#endif
