/* See planned.h. */
#include "supervisor/planned.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/planfile.h"

static int decode_index(int plan, const struct planfile_header *header, struct roster *ret,
                        const char **ret_why)
{
    size_t size = (size_t)header->index_bytes;
    void *bytes = mmap(NULL, size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int result;

    if (bytes == MAP_FAILED)
        return -errno;
    if (pread(plan, bytes, size, PLANFILE_HEADER_BYTES) == (ssize_t)size)
        result = planfile_index(header, bytes, size, ret, ret_why);
    else
        result = -EBADMSG;
    munmap(bytes, size + 1);
    return result;
}

int planned_read(int plan, struct roster *ret, char *why, size_t why_size)
{
    unsigned char bytes[PLANFILE_HEADER_BYTES];
    const char *reason = "it is not one of this version";
    struct planfile_header header;
    struct stat status;
    int result = 1;

    if (pread(plan, bytes, sizeof(bytes), 0) == sizeof(bytes) &&
        planfile_header(bytes, &header) == 0 && fstat(plan, &status) == 0) {
        if ((uint64_t)status.st_size == header.total_bytes)
            result = decode_index(plan, &header, ret, &reason);
        else
            reason = "it is cut short";
    }
    if (result == 0)
        return 0;
    snprintf(why, why_size, "cannot read the plan: %s",
             result < 0 ? strerrordesc_np(-result) : reason);
    return 1;
}
