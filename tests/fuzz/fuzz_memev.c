/* Texts of cgroup files. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/memev.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct memev memev;
    int64_t value;

    (void)memev_parse(text, size, &memev);
    if (memev.oom < 0 || memev.oom_kill < 0 || memev.max < 0)
        abort();
    if (memev_keyed(text, size, "populated", &value) == 0 && value < 0)
        abort();
    if (memev_number(text, size, &value) == 0 && value < -1)
        abort();
    return 0;
}
