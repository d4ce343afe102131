/* See hang.h. */
#include "supervisor/sys/hang.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/proctext.h"

#define LINE_BYTES  4096
#define FILES_TRIED 256 // file numbers, where the system call does not tell which
#define FRAMES_MAX  6

static FILE *open_of(int32_t pid, int32_t tid, const char *file)
{
    char path[96];

    snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, file);
    return fopen(path, "re");
}

/* System calls whose first argument is the file that they wait for. */
static bool is_about_a_file(int64_t number)
{
    static const int64_t calls[] = {
        SYS_read,       SYS_write,     SYS_readv,  SYS_writev,
        SYS_pread64,    SYS_pwrite64,  SYS_preadv, SYS_pwritev,
        SYS_preadv2,    SYS_pwritev2,  SYS_fsync,  SYS_fdatasync,
        SYS_fallocate,  SYS_ftruncate, SYS_close,  SYS_sync_file_range,
        SYS_getdents64, SYS_fstat,     SYS_fchmod, SYS_fchown,
        SYS_flock,      SYS_ioctl,     SYS_syncfs,
    };

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        if (calls[i] == number)
            return true;
    return false;
}

/* The number of the file that its system call is about, or -1. */
static int waits_for(int32_t pid, int32_t tid)
{
    FILE *file = open_of(pid, tid, "syscall");
    char line[LINE_BYTES] = "";
    uint64_t first;
    int64_t number;

    if (!file)
        return -1;
    (void)!fgets(line, sizeof(line), file);
    fclose(file);
    if (!proctext_syscall(line, &number, &first) || !is_about_a_file(number) || first > INT_MAX)
        return -1;
    return (int)first;
}

static int64_t mount_of(int32_t pid, int32_t tid, int number)
{
    char name[32], line[LINE_BYTES];
    int64_t id = -1;
    FILE *info;

    snprintf(name, sizeof(name), "fdinfo/%d", number);
    info = open_of(pid, tid, name);
    while (info && id < 0 && fgets(line, sizeof(line), info))
        id = proctext_mount_id(line);
    if (info)
        fclose(info);
    return id;
}

/* Its path; false: it has none. */
static bool path_of(int32_t pid, int32_t tid, int number, char path[PATH_MAX])
{
    char link[96];
    ssize_t length;

    snprintf(link, sizeof(link), "/proc/%d/task/%d/fd/%d", pid, tid, number);
    length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0)
        return false;
    path[length] = '\0';
    return path[0] == '/';
}

/* True when that mount is there, with where it is and its type. */
static bool find_mount(int32_t pid, int32_t tid, int64_t id, char where[96], char type[24])
{
    FILE *file = id >= 0 ? open_of(pid, tid, "mountinfo") : NULL;
    char line[LINE_BYTES];
    bool found = false;

    while (file && !found && fgets(line, sizeof(line), file))
        found = proctext_mount(line, id, where, 96, type, 24);
    if (file)
        fclose(file);
    return found;
}

/* A file on a mount that is not the root: most hang there. */
static int guess(int32_t pid, int32_t tid)
{
    char path[PATH_MAX], where[96], type[24];

    for (int number = 0; number < FILES_TRIED; number++)
        if (path_of(pid, tid, number, path) && strncmp(path, "/dev/", 5) != 0 &&
            find_mount(pid, tid, mount_of(pid, tid, number), where, type) &&
            strcmp(where, "/") != 0)
            return number;
    return -1;
}

void hang_where(int32_t pid, int32_t tid, char text[QUARANTINE_TEXT_MAX])
{
    char path[PATH_MAX], where[96], type[24], safe[QUARANTINE_TEXT_MAX];
    int number = waits_for(pid, tid);
    size_t length;

    text[0] = '\0';
    if (number < 0 || !path_of(pid, tid, number, path))
        number = guess(pid, tid);
    if (number < 0 || !path_of(pid, tid, number, path))
        return;
    (void)proctext_safe(path, safe, sizeof(safe));
    if (!find_mount(pid, tid, mount_of(pid, tid, number), where, type)) {
        snprintf(text, QUARANTINE_TEXT_MAX, "the file %.140s", safe);
        return;
    }
    length = strlen(where); // the file as it is called on that mount
    if (strncmp(safe, where, length) == 0 && safe[length] == '/')
        memmove(safe, safe + length + 1, strlen(safe + length));
    snprintf(text, QUARANTINE_TEXT_MAX, "%.90s (%s), file %.35s", where, type, safe);
}

/* "[<0>] percpu_rwsem_wait+0x11a/0x140" */
static void add_frame(const char *line, char text[QUARANTINE_TEXT_MAX])
{
    const char *name = strchr(line, ']');
    size_t used = strlen(text);
    char safe[64];

    name = name ? name + 1 + strspn(name + 1, " ") : line;
    (void)proctext_safe(name, safe, sizeof(safe));
    safe[strcspn(safe, "+?\n ")] = '\0';
    if (*safe && used + strlen(safe) + 4 < QUARANTINE_TEXT_MAX)
        snprintf(text + used, QUARANTINE_TEXT_MAX - used, "%s%s", used ? " < " : "", safe);
}

void hang_stack(int32_t pid, int32_t tid, char text[QUARANTINE_TEXT_MAX])
{
    FILE *file = open_of(pid, tid, "stack");
    char line[LINE_BYTES];

    text[0] = '\0';
    for (int i = 0; file && i < FRAMES_MAX && fgets(line, sizeof(line), file); i++)
        add_frame(line, text);
    if (file)
        fclose(file);
}
