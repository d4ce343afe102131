/* See hearing.h. */
#include "supervisor/hearing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/probe_note.h"
#include "supervisor/sys/spawn.h"

#define PIECE      16384
#define PIECES_MAX 4 // that a full pipe holds

/* Our side for writing, too: then the pipe has no end that would wake us beside the death itself.
 * Where that is not to be had, it has one. */
static void keep_open(int *ours)
{
    char path[32];
    int fd;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", *ours);
    fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return;
    close(*ours);
    *ours = fd;
}

/* Our side and theirs. */
static int open_pipe(const struct birth *birth, int pipe[2])
{
    const struct launch *launch = birth->launch;
    int result = 0;

    if (pipe2(pipe, O_CLOEXEC) < 0)
        return -errno;
    keep_open(&pipe[0]);
    if (birth->files_max && (pipe[0] >= birth->files_max || pipe[1] >= birth->files_max))
        result = -EMFILE;
    else if (fcntl(pipe[0], F_SETFL, O_NONBLOCK) < 0 ||
             (!launch->keep_identity && fchown(pipe[1], launch->uid, launch->gid) < 0))
        result = -errno;
    if (result < 0) {
        close(pipe[0]);
        close(pipe[1]);
    }
    return result;
}

void hearing_begin(struct hearing *hearing, struct birth *birth)
{
    int pipe[2];

    *hearing = (struct hearing){.fd = -1};
    if (open_pipe(birth, pipe) < 0) {
        birth->output = birth->errors = "/dev/null";
        return;
    }
    hearing->fd = pipe[0];
    birth->pass[0] = (struct spawn_pass){pipe[1], STDOUT_FILENO};
    birth->pass[1] = (struct spawn_pass){pipe[1], STDERR_FILENO};
    birth->pass_count = 2;
}

void hearing_born(struct hearing *hearing, const struct birth *birth, int result)
{
    if (hearing->fd < 0)
        return;
    close(birth->pass[0].fd);
    if (result == 0)
        return;
    close(hearing->fd);
    hearing->fd = -1;
}

bool hearing_take(struct hearing *hearing)
{
    char piece[PIECE], *longer;
    uint32_t room = PROBE_SAID_MAX - hearing->length;
    ssize_t length = read(hearing->fd, piece, sizeof(piece));

    if (length <= 0)
        return length < 0 && (errno == EAGAIN || errno == EINTR);
    if (room > (size_t)length)
        room = (uint32_t)length;
    longer = room > 0 ? realloc(hearing->said, hearing->length + room) : NULL;
    if (longer) {
        memcpy(longer + hearing->length, piece, room);
        hearing->said = longer;
        hearing->length += room;
    }
    return true;
}

void hearing_take_rest(struct hearing *hearing)
{
    for (int i = 0; i < PIECES_MAX && hearing->fd >= 0 && hearing->length < PROBE_SAID_MAX; i++)
        if (!hearing_take(hearing))
            break;
}
