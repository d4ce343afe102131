/* See rotated.h. */
#include "history/rotated.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_FIRST   ((size_t)16 * 1024)  // grows for a line that needs more,
#define BUFFER_MAX     ((size_t)256 * 1024) // to this; a longer line of a hostile file is cut
#define ROTATIONS_SEEN 16                   // while one read is under way

void rotated_init(struct rotated *reader, int folder, const char *name)
{
    memset(reader, 0, sizeof(*reader));
    reader->folder = folder;
    snprintf(reader->name, sizeof(reader->name), "%s", name);
}

static void release_buffer(struct rotated *reader)
{
    free(reader->buffer);
    reader->buffer = NULL;
    reader->start = reader->end = reader->capacity = 0;
}

void rotated_finish(struct rotated *reader)
{
    release_buffer(reader);
}

void rotated_move(struct rotated *reader, ino_t inode, off_t offset)
{
    release_buffer(reader);
    reader->inode = inode;
    reader->offset = offset;
}

void rotated_place(const struct rotated *reader, ino_t *ret_inode, off_t *ret_offset)
{
    *ret_inode = reader->inode;
    *ret_offset = reader->offset - (off_t)(reader->end - reader->start);
}

int rotated_open(const struct rotated *reader, int age, struct stat *ret_status)
{
    char path[ROTATED_NAME_MAX + 16];
    int fd;

    snprintf(path, sizeof(path), age == 0 ? "%s" : "%s.%d", reader->name, age);
    fd = openat(reader->folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    if (fstat(fd, ret_status) < 0 || !S_ISREG(ret_status->st_mode)) {
        close(fd);
        return -ENOENT;
    }
    return fd;
}

/* Opens the file at hand wherever rotation has moved it; when it is gone (or none was at hand), the
 * oldest that there is. The descriptor or a negative errno. */
static int open_at_hand(struct rotated *reader, int *ret_age)
{
    struct stat status = {0};
    int oldest = -ENOENT;
    int missing = 0; // one at a time: between two renames of a rotation
    int age;

    for (age = 0; age < ROTATED_AGES_MAX && missing < 2; age++) {
        int fd = rotated_open(reader, age, &status);

        if (fd < 0 && fd != -ENOENT) {
            if (oldest < 0)
                return fd;
            break;
        }
        missing = fd < 0 ? missing + 1 : 0;
        if (fd < 0)
            continue;
        if (oldest >= 0)
            close(oldest);
        oldest = fd;
        *ret_age = age;
        if (status.st_ino == reader->inode && status.st_size >= reader->offset)
            return fd;
    }
    if (oldest >= 0 && fstat(oldest, &status) == 0) {
        reader->gaps += reader->inode != 0;
        reader->inode = status.st_ino;
        reader->offset = 0;
        reader->end = reader->start; // the rest of an unfinished line is gone with its file
    }
    return oldest;
}

/* Goes on from the file of `age`, read to its end, to the next newer one, unless a rotation has
 * renamed them meanwhile. */
static void go_newer(struct rotated *reader, int age)
{
    struct stat mine = {0};
    struct stat newer = {0};
    int mine_fd;
    int newer_fd = rotated_open(reader, age - 1, &newer);

    if (newer_fd < 0)
        return;
    mine_fd = rotated_open(reader, age, &mine);
    if (mine_fd >= 0 && mine.st_ino == reader->inode) {
        reader->inode = newer.st_ino;
        reader->offset = 0;
    }
    if (mine_fd >= 0)
        close(mine_fd);
    close(newer_fd);
}

/* Makes room behind what is not read yet. 0, 1: the line is longer than we take, -ENOMEM. */
static int make_room(struct rotated *reader)
{
    size_t capacity = reader->capacity > 0 ? reader->capacity * 2 : BUFFER_FIRST;
    char *larger;

    if (reader->buffer && reader->start > 0) {
        reader->end -= reader->start;
        memmove(reader->buffer, reader->buffer + reader->start, reader->end);
        reader->start = 0;
    }
    if (reader->end < reader->capacity)
        return 0;
    if (capacity > BUFFER_MAX)
        return 1;
    larger = realloc(reader->buffer, capacity);
    if (!larger)
        return -ENOMEM;
    reader->buffer = larger;
    reader->capacity = capacity;
    return 0;
}

/* 1: read something; 0: there is nothing more at present; 2: nor will there be, what is left is a
 * line; or a negative errno. */
static int refill(struct rotated *reader)
{
    int turns;

    for (turns = 0; turns < ROTATIONS_SEEN; turns++) {
        int age = 0;
        int fd = open_at_hand(reader, &age);
        ssize_t got;

        if (fd < 0)
            return fd == -ENOENT ? 0 : fd;
        got =
            pread(fd, reader->buffer + reader->end, reader->capacity - reader->end, reader->offset);
        if (got < 0)
            got = -errno;
        close(fd);
        if (got > 0) {
            reader->end += (size_t)got;
            reader->offset += got;
            return 1;
        }
        if (got < 0 || age == 0)
            return (int)got;
        if (reader->end > reader->start)
            return 2;
        go_newer(reader, age);
    }
    return 0;
}

static int give(struct rotated *reader, size_t length, size_t eaten, const char **ret_line,
                size_t *ret_length)
{
    *ret_line = reader->buffer + reader->start;
    *ret_length = length;
    reader->start += eaten;
    return 1;
}

/* An unfinished line is read again: a writer whose disk is full may take it back meanwhile. */
static void forget_unfinished(struct rotated *reader)
{
    reader->offset -= (off_t)(reader->end - reader->start);
    release_buffer(reader);
}

int rotated_next(struct rotated *reader, const char **ret_line, size_t *ret_length)
{
    size_t searched = 0;

    for (;;) {
        size_t held = reader->end - reader->start;
        const char *line = reader->buffer ? reader->buffer + reader->start : NULL;
        const char *newline =
            line && held > searched ? memchr(line + searched, '\n', held - searched) : NULL;
        int failed;

        if (newline)
            return give(reader, (size_t)(newline - line), (size_t)(newline - line) + 1, ret_line,
                        ret_length);
        searched = held;
        failed = make_room(reader);
        if (failed == 1)
            return give(reader, held, held, ret_line, ret_length);
        if (failed == 0)
            failed = refill(reader);
        if (failed == 1)
            continue;
        if (failed == 2)
            return give(reader, held, held, ret_line, ret_length);
        if (failed == 0)
            forget_unfinished(reader);
        return failed;
    }
}
