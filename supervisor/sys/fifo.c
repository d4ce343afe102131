/* See fifo.h. */
#include "supervisor/sys/fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int fifo_open(int dir, const char *name, int *ret_fd)
{
    struct stat status;
    int fd;

    if (mkfifoat(dir, name, 0600) < 0 && errno != EEXIST)
        return -errno;
    fd = openat(dir, name, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) < 0 || !S_ISFIFO(status.st_mode)) {
        close(fd);
        return -EEXIST;
    }
    *ret_fd = fd;
    return 0;
}

int fifo_give(int fd, uid_t uid, gid_t gid)
{
    return fchown(fd, uid, gid) < 0 ? -errno : 0;
}

/* Room for once more what it has. */
static int grow(int fd)
{
    int size = fcntl(fd, F_GETPIPE_SZ);

    return size < 0 || fcntl(fd, F_SETPIPE_SZ, size * 2) < 0 ? -errno : 0;
}

int fifo_write(int fd, const char *text, size_t length)
{
    ssize_t written = write(fd, text, length);

    if (written < 0 && errno == EAGAIN && grow(fd) == 0)
        written = write(fd, text, length);
    if (written < 0)
        return -errno;
    return (size_t)written == length ? 0 : -EIO;
}
