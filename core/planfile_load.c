/* See planfile.h: header and index out of a file. */
#include "core/planfile.h"

#include <errno.h>
#include <stdlib.h>

/* Exactly so much. 0 or negative errno: -ENODATA when the file ends before. */
static int read_all(const struct planfile_source *source, unsigned char *bytes, size_t size,
                    uint64_t offset)
{
    size_t done = 0;

    while (done < size) {
        ssize_t got = source->read(source->self, bytes + done, size - done, offset + done);

        if (got == -EINTR)
            continue;
        if (got <= 0 || (size_t)got > size - done)
            return got < 0 ? (int)got : -ENODATA;
        done += (size_t)got;
    }
    return 0;
}

int planfile_load(const struct planfile_source *source, struct roster *ret, const char **ret_why)
{
    unsigned char head[PLANFILE_HEADER_BYTES];
    struct planfile_header header;
    unsigned char *index;
    int result;

    *ret_why = "it is not a plan file of this version of bulkhead";
    if (source->size < sizeof(head))
        return 1;
    result = read_all(source, head, sizeof(head), 0);
    if (result < 0)
        return result;
    if (planfile_header(head, &header) != 0 || header.index_bytes > PLANFILE_INDEX_MAX)
        return 1;
    *ret_why = "it is cut short, or longer than it says";
    if (source->size != header.total_bytes)
        return 1;
    index = malloc(header.index_bytes > 0 ? header.index_bytes : 1);
    if (!index)
        return -ENOMEM;
    result = read_all(source, index, header.index_bytes, sizeof(head));
    if (result == 0)
        result = planfile_index(&header, index, header.index_bytes, ret, ret_why);
    free(index);
    return result;
}
