/* Waiting: for many files and one deadline at once. Source: epoll(7), epoll_pwait2(2).
 *
 * A file is registered with what it is (`source`, the caller's enum) and whose (`index`). What is
 * reported is a hint: by the time it is looked at, the file may be another's, so every handler
 * reads without blocking and takes "nothing there" for an answer. */
#ifndef BULKHEAD_SUPERVISOR_SYS_LOOP_H
#define BULKHEAD_SUPERVISOR_SYS_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "core/nsec.h"

#define LOOP_BATCH 32

struct loop {
    int epoll;
    bool coarse; // the kernel has no epoll_pwait2: milliseconds, rounded up
};

struct loop_ready {
    uint32_t source;
    uint32_t index;
};

int loop_init(struct loop *loop); // 0 or negative errno
void loop_finish(struct loop *loop);

/* `events`: EPOLLIN, EPOLLPRI, EPOLLOUT, EPOLLONESHOT. 0 or negative errno. */
int loop_add(struct loop *loop, int fd, uint32_t events, uint32_t source, uint32_t index);
int loop_change(struct loop *loop, int fd, uint32_t events, uint32_t source, uint32_t index);
void loop_remove(struct loop *loop, int fd); // before the file is closed

/* Waits at most until `deadline` (INSTANT_NEVER: as long as it takes). The number of ready files, 0
 * when time is up or a signal came between, or negative errno. */
int loop_wait(struct loop *loop, instant now, instant deadline, struct loop_ready *ready);

#endif
