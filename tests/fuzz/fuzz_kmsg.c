/* Records of the kernel log. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/kmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kmsg_record record;
    int64_t pid = 0;

    if (!kmsg_read((const char *)data, size, &record))
        return 0;
    if (record.at_ns < 0 || strlen(record.text) >= KMSG_TEXT_MAX)
        abort();
    (void)kmsg_names(record.text, "shop", "s-web.1.7", &pid);
    if (kmsg_killed(record.text, pid) && pid <= 0)
        abort();
    return 0;
}
