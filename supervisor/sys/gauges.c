/* See gauges.h. */
#include "supervisor/sys/gauges.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/memev.h"
#include "core/sample_text.h"

#define TEXT_BYTES 2048 // what is wanted of memory.stat is in its first half
#define PATH_BYTES 512
#define FILE_BYTES 32 // of a path: the file's name

/* The length, or negative errno. */
static ssize_t read_file(int parent, const char *name, const char *file, char text[TEXT_BYTES])
{
    char path[PATH_BYTES];
    ssize_t length;
    int fd;

    if (strlen(name) + FILE_BYTES > PATH_BYTES)
        return -ENAMETOOLONG;
    stpcpy(stpcpy(stpcpy(path, name), "/"), file);
    fd = openat(parent, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    length = read(fd, text, TEXT_BYTES);
    if (length < 0)
        length = -errno;
    close(fd);
    return length;
}

static int64_t read_number(int parent, const char *name, const char *file)
{
    char text[TEXT_BYTES];
    ssize_t length = read_file(parent, name, file, text);
    int64_t value;

    if (length <= 0 || memev_number(text, (size_t)length, &value) != 0)
        return SAMPLE_NONE;
    return value;
}

int gauges_cpu(int parent, const char *name, int64_t *ret_usec)
{
    char text[TEXT_BYTES];
    ssize_t length = read_file(parent, name, "cpu.stat", text);

    if (length < 0)
        return (int)length;
    return memev_keyed(text, (size_t)length, "usage_usec", ret_usec) == 0 ? 0 : -EBADMSG;
}

bool gauges_memory(int parent, const char *name, struct sample *sample)
{
    char text[TEXT_BYTES];
    ssize_t length = read_file(parent, name, "memory.stat", text);

    if (length > 0)
        sample_text_memory(text, (size_t)length, sample);
    return length > 0;
}

void gauges_read(int parent, const char *name, struct sample *sample)
{
    char text[TEXT_BYTES];
    ssize_t length;

    if (gauges_memory(parent, name, sample))
        sample->current_bytes = read_number(parent, name, "memory.current");
    length = read_file(parent, name, "memory.pressure", text);
    if (length > 0)
        sample_text_pressure(text, (size_t)length, sample);
    sample->processes = read_number(parent, name, "pids.current");
}
