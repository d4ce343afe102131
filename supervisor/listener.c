/* See listener.h. */
#include "supervisor/listener.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "supervisor/sys/loop.h"
#include "supervisor/sys/sock.h"

int listener_open(struct listener *listener, struct loop *loop, const char *name, mode_t mode,
                  uint32_t source)
{
    int result;

    *listener = (struct listener){.fd = -1, .source = source, .again = INSTANT_NEVER};
    result = sock_listen(name, mode, &listener->fd);
    if (result == 0)
        result = loop_add(loop, listener->fd, EPOLLIN, source, 0);
    if (result < 0)
        listener_close(listener);
    return result;
}

void listener_close(struct listener *listener)
{
    if (listener->fd >= 0)
        close(listener->fd);
    listener->fd = -1;
    listener->again = INSTANT_NEVER;
}

/* Nobody is there, or who was there is gone. After any other failure, whatever its reason (a table
 * of files that is full, no memory, a security module), he may still be there at the next look. */
static bool is_gone(int result)
{
    return result == -EAGAIN || result == -ECONNABORTED || result == -EINTR || result == -EBADF;
}

int listener_accept(struct listener *listener, struct loop *loop, instant now, int *ret_fd,
                    uid_t *ret_uid)
{
    int result = listener->fd < 0 ? -EBADF : sock_accept(listener->fd, ret_fd, ret_uid);

    if (result < 0 && !is_gone(result) &&
        loop_change(loop, listener->fd, 0, listener->source, 0) == 0)
        listener->again = instant_add(now, LISTENER_PAUSE);
    return result;
}

void listener_turn(struct listener *listener, struct loop *loop, instant now)
{
    if (!instant_reached(listener->again, now))
        return;
    listener->again = INSTANT_NEVER;
    if (loop_change(loop, listener->fd, EPOLLIN, listener->source, 0) < 0)
        listener->again = instant_add(now, LISTENER_PAUSE);
}
