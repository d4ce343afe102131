/* See planned.h. */
#include "supervisor/planned.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/planfile.h"

static ssize_t read_some(void *self, void *bytes, size_t size, uint64_t offset)
{
    ssize_t got = pread(*(const int *)self, bytes, size, (off_t)offset);

    return got < 0 ? -errno : got;
}

int planned_read(int plan, struct roster *ret, char *why, size_t why_size)
{
    struct planfile_source source = {.read = read_some, .self = &plan};
    const char *reason;
    struct stat status;
    int result = -EBADF;

    if (fstat(plan, &status) == 0) {
        source.size = (uint64_t)status.st_size;
        result = planfile_load(&source, ret, &reason);
    }
    if (result == 0)
        return 0;
    snprintf(why, why_size, "cannot read the plan: %s",
             result < 0 ? strerrordesc_np(-result) : reason);
    return 1;
}
