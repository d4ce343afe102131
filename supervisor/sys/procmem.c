/* See procmem.h. */
#include "supervisor/sys/procmem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/smaps.h"

#define TEXT_BYTES 4096
#define PIECE      16384
#define LINE_BYTES 8192 // a path and more
#define PIDS_MAX   65536

/* --- lines of a file ---------------------------------------------------------------------- */

/* A file of the kernel, read line by line with read(2) alone. */
struct lines {
    int fd;
    size_t start; // of the next line
    size_t end;   // of what was read
    char text[PIECE];
};

static bool fill(struct lines *lines)
{
    ssize_t length;

    memmove(lines->text, lines->text + lines->start, lines->end - lines->start);
    lines->end -= lines->start;
    lines->start = 0;
    if (lines->end >= LINE_BYTES) // no line of the kernel's is so long
        lines->end = 0;
    length = read(lines->fd, lines->text + lines->end, sizeof(lines->text) - lines->end);
    lines->end += length > 0 ? (size_t)length : 0;
    return length > 0;
}

/* The next one, NUL-terminated; NULL: there is none. */
static const char *next_line(struct lines *lines)
{
    for (;;) {
        char *line = lines->text + lines->start;
        char *stop = memchr(line, '\n', lines->end - lines->start);
        if (stop) {
            *stop = '\0';
            lines->start = (size_t)(stop + 1 - lines->text);
            return line;
        }
        if (!fill(lines))
            return NULL;
    }
}

/* --- numbers ------------------------------------------------------------------------------ */

/* The number behind the blanks at `text`; -1: there is none, or it is too large. */
static int64_t number_at(const char *text)
{
    int64_t value = 0;

    text += strspn(text, " \t");
    if (*text < '0' || *text > '9')
        return -1;
    for (; *text >= '0' && *text <= '9'; text++) {
        if (value > INT64_MAX / 16384)
            return -1;
        value = value * 10 + (*text - '0');
    }
    return value;
}

static int open_of(int64_t pid, const char *file)
{
    char path[64];
    int fd;

    snprintf(path, sizeof(path), "/proc/%lld/%s", (long long)pid, file);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* Its text, NUL-terminated; the length, or negative errno. */
static ssize_t read_of(int64_t pid, const char *file, char text[TEXT_BYTES])
{
    int fd = open_of(pid, file);
    ssize_t length;

    if (fd < 0)
        return fd;
    length = read(fd, text, TEXT_BYTES - 1);
    if (length < 0)
        length = -errno;
    else
        text[length] = '\0';
    close(fd);
    return length;
}

/* --- which -------------------------------------------------------------------------------- */

struct candidate {
    int64_t pid;
    int64_t pages; // resident
};

static void take_candidate(int64_t pid, struct candidate biggest[SNAPSHOT_PROCESSES_MAX])
{
    char text[TEXT_BYTES];
    struct candidate one = {.pid = pid};
    int at = SNAPSHOT_PROCESSES_MAX;

    if (pid <= 0 || pid > INT32_MAX || read_of(pid, "statm", text) <= 0)
        return;
    one.pages = number_at(text + strcspn(text, " ")); // the second one
    while (at > 0 && (!biggest[at - 1].pid || biggest[at - 1].pages < one.pages))
        at--;
    if (at == SNAPSHOT_PROCESSES_MAX)
        return;
    memmove(&biggest[at + 1], &biggest[at],
            (size_t)(SNAPSHOT_PROCESSES_MAX - 1 - at) * sizeof(*biggest));
    biggest[at] = one;
}

static int choose(int parent, const char *name, struct candidate biggest[SNAPSHOT_PROCESSES_MAX])
{
    struct lines lines = {0};
    const char *line;
    char path[512];

    if (snprintf(path, sizeof(path), "%s/cgroup.procs", name) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    lines.fd = openat(parent, path, O_RDONLY | O_CLOEXEC);
    if (lines.fd < 0)
        return -errno;
    for (int i = 0; i < PIDS_MAX && (line = next_line(&lines)); i++)
        take_candidate(number_at(line), biggest);
    close(lines.fd);
    return 0;
}

/* --- what they have ----------------------------------------------------------------------- */

/* "RssAnon:	     136 kB" of the status file, in bytes. */
static int64_t field_of(const char *status, const char *key)
{
    const char *found = strstr(status, key);
    int64_t kb = found ? number_at(found + strlen(key)) : 0;

    return kb > 0 ? kb * 1024 : 0;
}

static int read_kinds(int64_t pid, struct smaps *smaps)
{
    struct lines lines = {.fd = open_of(pid, "smaps")};
    const char *line;

    if (lines.fd < 0)
        return lines.fd;
    while ((line = next_line(&lines)))
        smaps_line(smaps, line);
    close(lines.fd);
    return 0;
}

static int64_t rest(int64_t all, int64_t part)
{
    return all > part ? all - part : 0;
}

/* The kernel counts private, shared and file pages; heap and stacks are a part of the private. */
static int read_process(int64_t pid, struct snapshot_process *ret)
{
    struct snapshot_process process = {.pid = (int32_t)pid};
    struct smaps smaps = {0};
    char text[TEXT_BYTES];
    ssize_t length = read_of(pid, "comm", text);
    int result;

    if (length < 0)
        return (int)length;
    text[strcspn(text, "\n")] = '\0';
    snprintf(process.comm, sizeof(process.comm), "%.*s", SNAPSHOT_COMM_MAX - 1, text);
    result = read_kinds(pid, &smaps);
    if (result < 0)
        return result;
    length = read_of(pid, "status", text);
    if (length < 0)
        return (int)length;
    process.heap_bytes = smaps.bytes[SMAPS_HEAP];
    process.stacks_bytes = smaps.bytes[SMAPS_STACK];
    process.anon_bytes =
        rest(field_of(text, "\nRssAnon:"), process.heap_bytes + process.stacks_bytes);
    process.shmem_bytes = field_of(text, "\nRssShmem:");
    process.file_bytes = field_of(text, "\nRssFile:");
    *ret = process;
    return 0;
}

int procmem_biggest(int parent, const char *name,
                    struct snapshot_process processes[SNAPSHOT_PROCESSES_MAX])
{
    struct candidate biggest[SNAPSHOT_PROCESSES_MAX] = {0};
    int count = 0, error = choose(parent, name, biggest);

    for (int i = 0; error == 0 && i < SNAPSHOT_PROCESSES_MAX && biggest[i].pid; i++)
        count += read_process(biggest[i].pid, &processes[count]) == 0;
    return count > 0 ? count : error;
}
