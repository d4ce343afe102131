/* See loop.h. */
#include "supervisor/sys/loop.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

int loop_init(struct loop *loop)
{
    loop->coarse = false;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    return loop->epoll < 0 ? -errno : 0;
}

void loop_finish(struct loop *loop)
{
    if (loop->epoll >= 0)
        close(loop->epoll);
    loop->epoll = -1;
}

static int control(struct loop *loop, int operation, int fd, uint32_t events, uint32_t source,
                   uint32_t index)
{
    struct epoll_event event = {.events = events, .data.u64 = (uint64_t)source << 32 | index};

    return epoll_ctl(loop->epoll, operation, fd, &event) < 0 ? -errno : 0;
}

int loop_add(struct loop *loop, int fd, uint32_t events, uint32_t source, uint32_t index)
{
    return control(loop, EPOLL_CTL_ADD, fd, events, source, index);
}

int loop_change(struct loop *loop, int fd, uint32_t events, uint32_t source, uint32_t index)
{
    return control(loop, EPOLL_CTL_MOD, fd, events, source, index);
}

void loop_remove(struct loop *loop, int fd)
{
    (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
}

static int wait_coarsely(const struct loop *loop, struct epoll_event *events, int64_t wait_ns)
{
    int64_t ms = wait_ns < 0 ? -1 : (wait_ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;

    return epoll_wait(loop->epoll, events, LOOP_BATCH, ms > INT_MAX ? INT_MAX : (int)ms);
}

static int wait_finely(struct loop *loop, struct epoll_event *events, int64_t wait_ns)
{
    struct timespec timeout = {.tv_sec = wait_ns / NSEC_PER_SEC, .tv_nsec = wait_ns % NSEC_PER_SEC};
    int count = epoll_pwait2(loop->epoll, events, LOOP_BATCH, wait_ns < 0 ? NULL : &timeout, NULL);

    if (count < 0 && (errno == ENOSYS || errno == EPERM)) {
        loop->coarse = true;
        return wait_coarsely(loop, events, wait_ns);
    }
    return count;
}

int loop_wait(struct loop *loop, instant now, instant deadline, struct loop_ready *ready)
{
    struct epoll_event events[LOOP_BATCH];
    int64_t wait_ns = deadline.ns == INSTANT_NEVER.ns  ? -1
                      : instant_reached(deadline, now) ? 0
                                                       : instant_since(deadline, now).ns;
    int count =
        loop->coarse ? wait_coarsely(loop, events, wait_ns) : wait_finely(loop, events, wait_ns);

    if (count < 0)
        return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++) {
        ready[i].source = (uint32_t)(events[i].data.u64 >> 32);
        ready[i].index = (uint32_t)events[i].data.u64;
    }
    return count;
}
