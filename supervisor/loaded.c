/* See loaded.h. */
#include "supervisor/loaded.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int loaded_read(int plan, uint64_t offset, uint32_t size, struct loaded *ret)
{
    struct loaded loaded = {.bytes = malloc((size_t)size + 1)};
    ssize_t length;
    int result;

    if (!loaded.bytes)
        return -ENOMEM;
    length = pread(plan, loaded.bytes, size, (off_t)offset);
    if (length < 0)
        result = -errno;
    else if ((size_t)length != size)
        result = -EBADMSG;
    else
        result = planfile_launch(loaded.bytes, size, &loaded.record);
    if (result != 0) {
        free(loaded.bytes);
        return result > 0 ? -EBADMSG : result;
    }
    *ret = loaded;
    return 0;
}

void loaded_finish(struct loaded *loaded)
{
    launch_record_finish(&loaded->record);
    free(loaded->bytes);
    *loaded = (struct loaded){0};
}
