/* See cgroup_find.h. */
#include "supervisor/sys/cgroup_find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define LIST_BYTES 16384
#define NAME_BYTES 64

int cgroup_each(int cgroup, int (*visit)(void *context, const char *name), void *context)
{
    _Alignas(struct dirent64) char list[LIST_BYTES];
    int directory = openat(cgroup, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;
    ssize_t length = 0;

    if (directory < 0)
        return -errno;
    while (result == 0 && (length = getdents64(directory, list, sizeof(list))) > 0) {
        for (ssize_t at = 0; result == 0 && at < length;) {
            const struct dirent64 *entry = (const struct dirent64 *)(const void *)(list + at);
            at += entry->d_reclen;
            if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
                result = visit(context, entry->d_name);
        }
    }
    if (length < 0 && result == 0)
        result = -errno;
    close(directory);
    return result;
}

int cgroup_each_process(int cgroup, int (*visit)(void *context, pid_t pid), void *context)
{
    int fd = openat(cgroup, "cgroup.procs", O_RDONLY | O_CLOEXEC), result = 0;
    char text[4096], digits[16];
    size_t used = 0;
    ssize_t length = 0;

    if (fd < 0)
        return -errno;
    while (result == 0 && (length = read(fd, text, sizeof(text))) > 0) {
        for (ssize_t i = 0; result == 0 && i < length; i++) {
            if (text[i] >= '0' && text[i] <= '9' && used < sizeof(digits) - 1) {
                digits[used++] = text[i];
                continue;
            }
            digits[used] = '\0';
            if (used > 0)
                result = visit(context, (pid_t)strtol(digits, NULL, 10));
            used = 0;
        }
    }
    if (length < 0 && result == 0)
        result = -errno;
    close(fd);
    return result;
}

int cgroup_thaw(int cgroup)
{
    int fd = openat(cgroup, "cgroup.freeze", O_RDWR | O_CLOEXEC), result = 0;
    char text[2] = {0};

    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    if (read(fd, text, 1) == 1 && text[0] == '1')
        result = write(fd, "0", 1) == 1 ? 1 : -errno;
    close(fd);
    return result;
}

static void name_of(const char *name, char full[NAME_BYTES])
{
    snprintf(full, NAME_BYTES, "user.bulkhead.%s", name);
}

int cgroup_set_mark(int cgroup, const char *name, const char *text)
{
    char full[NAME_BYTES];

    name_of(name, full);
    return fsetxattr(cgroup, full, text, strlen(text), 0) < 0 ? -errno : 0;
}

ssize_t cgroup_get_mark(int cgroup, const char *name, char *text, size_t size)
{
    char full[NAME_BYTES];
    ssize_t length;

    name_of(name, full);
    length = fgetxattr(cgroup, full, text, size - 1);
    if (length < 0)
        return -errno;
    text[length] = '\0';
    return length;
}
