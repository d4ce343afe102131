/* See sealed.h. */
#include "supervisor/sys/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

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
