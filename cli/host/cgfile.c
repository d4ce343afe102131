/* See cgfile.h. */
#include "cli/host/cgfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEPTH_MAX 16

static int open_file(const char *dir, const char *file, int flags)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof(path), file ? "%s/%s" : "%s", dir, file);
    int fd;

    if (length < 0 || (size_t)length >= sizeof(path))
        return -ENAMETOOLONG;
    fd = open(path, flags | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int cgfile_read(const char *dir, const char *file, char *text, size_t size)
{
    int fd = open_file(dir, file, O_RDONLY);
    size_t used = 0;
    ssize_t got = 0;
    int error;

    text[0] = '\0';
    if (fd < 0)
        return fd;
    while (used < size - 1 && (got = read(fd, text + used, size - 1 - used)) > 0)
        used += (size_t)got;
    error = errno;
    close(fd);
    if (got < 0)
        used = 0;
    text[used] = '\0';
    if (used > 0 && text[used - 1] == '\n')
        text[used - 1] = '\0';
    return got < 0 ? -error : 0;
}

int cgfile_write(const char *dir, const char *file, const char *text)
{
    int fd = open_file(dir, file, O_WRONLY);
    size_t length = strlen(text);
    ssize_t written;
    int error;

    if (fd < 0)
        return fd;
    written = write(fd, text, length);
    error = errno;
    close(fd);
    if (written < 0)
        return -error;
    return (size_t)written == length ? 0 : -EIO;
}

bool cgfile_has_word(const char *text, const char *word)
{
    size_t length = strlen(word);

    while (*text) {
        size_t here = strcspn(text, " \n\t");
        if (here == length && memcmp(text, word, length) == 0)
            return true;
        text += here;
        text += strspn(text, " \n\t");
    }
    return false;
}

static int list_processes(const char *dir, cgfile_process_fn *each, void *context)
{
    int fd = open_file(dir, "cgroup.procs", O_RDONLY);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    char line[32];
    int count = 0;

    if (fd < 0)
        return fd;
    if (!file) {
        close(fd);
        return -ENOMEM;
    }
    while (fgets(line, sizeof(line), file)) {
        if (each)
            each(context, dir, (pid_t)strtol(line, NULL, 10));
        count++;
    }
    fclose(file);
    return count;
}

static int walk(const char *dir, int depth, cgfile_process_fn *each, void *context)
{
    DIR *folder;
    struct dirent *entry;
    char path[PATH_MAX];
    int count = list_processes(dir, each, context);

    if (count < 0 || depth == DEPTH_MAX)
        return count;
    folder = opendir(dir);
    if (!folder)
        return count;
    while ((entry = readdir(folder))) {
        int length, more;
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        length = snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
        if (length < 0 || (size_t)length >= sizeof(path))
            continue;
        more = walk(path, depth + 1, each, context);
        count += more > 0 ? more : 0; // gone in the meantime
    }
    closedir(folder);
    return count;
}

int cgfile_processes(const char *dir, bool below, cgfile_process_fn *each, void *context)
{
    return below ? walk(dir, 0, each, context) : list_processes(dir, each, context);
}

void cgfile_comm(pid_t pid, char name[CGFILE_COMM_MAX])
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    if (pid <= 0 || cgfile_read(path, NULL, name, CGFILE_COMM_MAX) != 0 || !*name)
        snprintf(name, CGFILE_COMM_MAX, "?");
    for (char *at = name; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
}
