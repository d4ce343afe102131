/* See sock.h. */
#include "supervisor/sys/sock.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64

int sock_listen(const char *name, int *ret_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    mode_t mask;
    int fd, result;

    if (strlen(name) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, name, strlen(name));
    if (unlink(name) < 0 && errno != ENOENT)
        return -errno;
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    mask = umask(0177);
    result = bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
    umask(mask);
    if (result == 0 && listen(fd, BACKLOG) < 0)
        result = -errno;
    if (result < 0) {
        close(fd);
        return result;
    }
    *ret_fd = fd;
    return 0;
}

int sock_accept(int listener, int *ret_fd, uid_t *ret_uid)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return -errno;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    *ret_fd = fd;
    *ret_uid = peer.uid;
    return 0;
}

ssize_t sock_receive(int fd, void *packet, size_t size)
{
    struct iovec part = {packet, size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);

    if (length < 0)
        return -errno;
    return message.msg_flags & MSG_TRUNC ? -EMSGSIZE : length;
}

int sock_send(int fd, const void *packet, size_t size)
{
    return send(fd, packet, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}
