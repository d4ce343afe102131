/* See stack_roster.h. */
#include "cli/host/stack_roster.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memev.h"
#include "core/paths.h"

/* Reads exactly `size` bytes. 0 or a negative errno. */
static int read_exactly(int fd, unsigned char *bytes, size_t size, off_t offset)
{
    size_t done = 0;

    while (done < size) {
        ssize_t got = pread(fd, bytes + done, size - done, offset + (off_t)done);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : -ENODATA;
        done += (size_t)got;
    }
    return 0;
}

static ssize_t read_some(void *self, void *bytes, size_t size, uint64_t offset)
{
    ssize_t got = pread(*(const int *)self, bytes, size, (off_t)offset);

    return got < 0 ? -errno : got;
}

static int load(int fd, struct roster *ret, const char **ret_why)
{
    struct planfile_source source = {.read = read_some, .self = &fd};
    struct stat status;

    if (fstat(fd, &status) < 0)
        return -errno;
    source.size = (uint64_t)status.st_size;
    return planfile_load(&source, ret, ret_why);
}

/* The descriptor or a negative errno. */
static int open_plan(const char *runtime_dir)
{
    char path[4096];
    int fd;

    if ((size_t)snprintf(path, sizeof(path), "%s/" PATH_PLAN, runtime_dir) >= sizeof(path))
        return -ENAMETOOLONG;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

int stack_roster_load(const char *runtime_dir, struct roster *ret, const char **ret_why)
{
    int fd = open_plan(runtime_dir);
    int failed;

    *ret_why = "";
    if (fd < 0)
        return fd;
    failed = load(fd, ret, ret_why);
    close(fd);
    return failed;
}

int stack_launch_load(const char *runtime_dir, const struct member *member,
                      struct launch_record *ret, unsigned char **ret_bytes)
{
    unsigned char *bytes;
    int failed;
    int fd;

    if (member->launch_bytes == 0 || member->launch_bytes > LAUNCH_BYTES_MAX)
        return 1;
    fd = open_plan(runtime_dir);
    if (fd < 0)
        return fd;
    bytes = malloc(member->launch_bytes);
    failed = bytes ? read_exactly(fd, bytes, member->launch_bytes, (off_t)member->launch_offset)
                   : -ENOMEM;
    close(fd);
    if (failed == 0)
        failed = planfile_launch(bytes, member->launch_bytes, ret);
    if (failed != 0)
        free(bytes);
    else
        *ret_bytes = bytes;
    return failed;
}

ssize_t stack_file_read(const char *dir, const char *name, char *text, size_t size)
{
    char path[4096];
    ssize_t got;
    int fd;

    if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
        return -ENAMETOOLONG;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    got = read(fd, text, size - 1);
    if (got < 0)
        got = -errno;
    else
        text[got] = '\0';
    close(fd);
    return got;
}

bool stack_cgroup_populated(const char *cgroup_dir)
{
    char text[512];
    int64_t populated = 0;
    ssize_t length = stack_file_read(cgroup_dir, "cgroup.events", text, sizeof(text));

    return length > 0 && memev_keyed(text, (size_t)length, "populated", &populated) == 0 &&
           populated == 1;
}
