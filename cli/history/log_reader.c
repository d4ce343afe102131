/* See log_reader.h. */
#include "cli/history/log_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES ((size_t)64 * 1024)

void log_reader_init(struct rotated *reader, int folder, const char *member)
{
    char name[ROTATED_NAME_MAX];

    snprintf(name, sizeof(name), "%s.log", member);
    rotated_init(reader, folder, name);
}

int log_reader_next(struct rotated *reader, struct logline *ret)
{
    const char *line;
    size_t length;
    int got = rotated_next(reader, &line, &length);

    if (got == 1)
        *ret = logline_read(line, length);
    return got;
}

/* A file searched backwards for where its last lines begin. */
struct backward {
    int fd;
    int64_t until_ns;
    off_t at; // of the block
    size_t length;
    char block[BLOCK_BYTES];
};

/* The last bytes before `end` into the block. False: cannot be read. */
static bool load_before(struct backward *file, off_t end)
{
    size_t want = end < (off_t)BLOCK_BYTES ? (size_t)end : BLOCK_BYTES;

    file->at = end - (off_t)want;
    file->length = want;
    return pread(file->fd, file->block, want, file->at) == (ssize_t)want;
}

/* Where the line begins that ends before `before` (greater than 0). */
static off_t line_before(struct backward *file, off_t before)
{
    off_t end = before - 1; // its newline

    while (end > 0) {
        const char *newline;

        if ((file->at >= end || end > file->at + (off_t)file->length) && !load_before(file, end))
            return 0;
        newline = memrchr(file->block, '\n', (size_t)(end - file->at));
        if (newline)
            return file->at + (newline - file->block) + 1;
        end = file->at;
    }
    return 0;
}

/* Is it the end of a line that is wanted? The parts before it belong to it. */
static bool is_counted(const struct backward *file, off_t offset)
{
    char head[LOGLINE_HEAD_BYTES];

    if (offset >= file->at && offset + LOGLINE_HEAD_BYTES <= file->at + (off_t)file->length)
        memcpy(head, file->block + (offset - file->at), sizeof(head));
    else if (pread(file->fd, head, sizeof(head), offset) != (ssize_t)sizeof(head))
        return false;
    return head[LOGLINE_KIND_COLUMN] == 'F' &&
           (file->until_ns == INT64_MAX || logline_time(head) <= file->until_ns);
}

/* Where the last *left lines of a file begin, -1 when it has no more than that; takes those that it
 * has off *left. */
static off_t search(struct backward *file, off_t size, int64_t *left)
{
    off_t begin = size;

    while (begin > 0) {
        off_t line = line_before(file, begin);

        if (is_counted(file, line)) {
            if (*left == 0)
                return begin;
            *left -= 1;
        }
        begin = line;
    }
    return -1;
}

int log_reader_tail(struct rotated *reader, int64_t lines, int64_t until_ns)
{
    struct backward *file = malloc(sizeof(*file));
    int64_t left = lines;
    off_t begin = -1;
    int age;

    if (!file)
        return -ENOMEM;
    for (age = 0; age < ROTATED_AGES_MAX && begin < 0; age++) {
        struct stat status;
        int fd = rotated_open(reader, age, &status);

        if (fd < 0)
            break;
        *file = (struct backward){.fd = fd, .until_ns = until_ns};
        begin = lines == 0 ? status.st_size : search(file, status.st_size, &left);
        rotated_move(reader, status.st_ino, begin < 0 ? 0 : begin);
        close(fd);
    }
    free(file);
    return 0;
}
