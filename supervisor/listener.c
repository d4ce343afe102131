/* See listener.h. */
#include "supervisor/listener.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "supervisor/sys/loop.h"
#include "supervisor/sys/sock.h"

int listener_open(struct listener *listener, struct loop *loop, const char *name, uint32_t source)
{
    int result;

    *listener = (struct listener){.fd = -1, .source = source, .again = INSTANT_NEVER};
    result = sock_listen(name, &listener->fd);
    return result < 0 ? result : loop_add(loop, listener->fd, EPOLLIN, source, 0);
}

void listener_close(struct listener *listener)
{
    if (listener->fd >= 0)
        close(listener->fd);
    listener->fd = -1;
    listener->again = INSTANT_NEVER;
}

/* Whoever is there still is there at the next look. */
static bool stays(int result)
{
    return result == -EMFILE || result == -ENFILE || result == -ENOBUFS || result == -ENOMEM;
}

int listener_accept(struct listener *listener, struct loop *loop, instant now, int *ret_fd,
                    uid_t *ret_uid)
{
    int result = listener->fd < 0 ? -EBADF : sock_accept(listener->fd, ret_fd, ret_uid);

    if (stays(result) && loop_change(loop, listener->fd, 0, listener->source, 0) == 0)
        listener->again = instant_add(now, LISTENER_PAUSE);
    return result;
}

void listener_turn(struct listener *listener, struct loop *loop, instant now)
{
    if (!instant_reached(listener->again, now))
        return;
    listener->again = INSTANT_NEVER;
    (void)loop_change(loop, listener->fd, EPOLLIN, listener->source, 0);
}
