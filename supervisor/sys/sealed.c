/* See sealed.h. */
#include "supervisor/sys/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
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

int sealed_read(int fd, size_t most, void **ret_bytes, size_t *ret_size)
{
    size_t size;
    int result = sealed_check(fd, most, &size);
    ssize_t length;
    void *bytes;

    if (result < 0)
        return result;
    bytes = malloc(size + 1);
    if (!bytes)
        return -ENOMEM;
    length = pread(fd, bytes, size, 0);
    if (length != (ssize_t)size) {
        result = length < 0 ? -errno : -EIO;
        free(bytes);
        return result;
    }
    *ret_bytes = bytes;
    *ret_size = size;
    return 0;
}
