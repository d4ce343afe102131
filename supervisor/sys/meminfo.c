/* See meminfo.h. */
#include "supervisor/sys/meminfo.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/memev.h"

int64_t meminfo_available(void)
{
    char text[2048];
    int64_t bytes = 0;
    int file = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
    ssize_t length = file >= 0 ? read(file, text, sizeof(text)) : -1;

    if (file >= 0)
        close(file);
    if (length <= 0 || memev_available(text, (size_t)length, &bytes) != 0)
        return 0;
    return bytes;
}
