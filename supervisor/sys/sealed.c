/* See sealed.h. */
#include "supervisor/sys/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

int sealed_check(int fd, size_t most, size_t *ret_size)
{
    int seals = fcntl(fd, F_GET_SEALS);
    struct stat status;

    if (seals < 0 || (seals & SEALS) != SEALS)
        return -EPERM;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (status.st_size < 0 || (size_t)status.st_size > most)
        return -EFBIG;
    *ret_size = (size_t)status.st_size;
    return 0;
}

int sealed_make(const char *name, const void *bytes, size_t size)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), result = 0;
    ssize_t written;

    if (fd < 0)
        return -errno;
    written = pwrite(fd, bytes, size, 0);
    if (written < 0)
        result = -errno;
    else if ((size_t)written != size)
        result = -EIO;
    else if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | SEALS) < 0)
        result = -errno;
    if (result == 0)
        return fd;
    close(fd);
    return result;
}
