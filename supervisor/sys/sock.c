/* See sock.h. */
#include "supervisor/sys/sock.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG    64
#define FILES_MAX  8 // that are looked at; the kernel closes what comes beyond
#define GROUPS_MAX 1024

int sock_listen(const char *name, mode_t mode, int *ret_fd)
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
    mask = umask(0777 & ~mode);
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

bool sock_peer_is_in(int fd, gid_t group)
{
    gid_t groups[GROUPS_MAX];
    socklen_t size = sizeof(groups), own_size;
    struct ucred peer;

    own_size = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &own_size) == 0 && peer.gid == group)
        return true;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
        return false;
    for (size_t i = 0; i < size / sizeof(groups[0]); i++)
        if (groups[i] == group)
            return true;
    return false;
}

ssize_t sock_receive(int fd, void *packet, size_t size)
{
    size_t none = 0;

    return sock_receive_files(fd, packet, size, NULL, &none);
}

/* Moves the files of one control message to the list; what it has no room for is closed. */
static bool take_files(const struct cmsghdr *header, int *files, size_t room, size_t *count)
{
    size_t sent = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    bool all = true;

    for (size_t i = 0; i < sent; i++) {
        int file;
        memcpy(&file, CMSG_DATA(header) + i * sizeof(file), sizeof(file));
        if (files && *count < room) {
            files[(*count)++] = file;
        } else {
            close(file);
            all = false;
        }
    }
    return all;
}

ssize_t sock_receive_files(int fd, void *packet, size_t size, int *files, size_t *count)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * FILES_MAX)];
    } control;
    struct iovec part = {packet, size};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    size_t room = *count, taken = 0;
    bool whole;

    if (length < 0)
        return -errno;
    /* What the control buffer had no room for, the kernel has closed already. */
    whole = !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC));
    for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at))
        if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_RIGHTS)
            whole &= take_files(at, files, room, &taken);
    while (!whole && files && taken > 0)
        close(files[--taken]);
    *count = taken;
    return whole ? length : -EMSGSIZE;
}

int sock_send(int fd, const void *packet, size_t size)
{
    return send(fd, packet, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

void sock_shut(int fd)
{
    (void)shutdown(fd, SHUT_RDWR);
}

int sock_pair(int *ret_ours, int *ret_theirs)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return -errno;
    *ret_ours = pair[0];
    *ret_theirs = pair[1];
    return 0;
}

int sock_send_files(int fd, const void *packet, size_t size, const int *files, size_t count)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * SOCK_FILES_MAX)];
    } control = {0};
    struct iovec part = {(void *)(uintptr_t)packet, size};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = CMSG_SPACE(sizeof(int) * count)};
    struct cmsghdr *header = &control.align;

    if (count > SOCK_FILES_MAX)
        return -EINVAL;
    if (count == 0)
        return sock_send(fd, packet, size);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * count);
    memcpy(CMSG_DATA(header), files, sizeof(int) * count);
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}
