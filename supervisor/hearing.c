/* See hearing.h. */
#include "supervisor/hearing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/probe_note.h"
#include "supervisor/sys/spawn.h"

#define PIECE      16384
#define PIECES_MAX 4 // that a full pipe holds

/* Our side and theirs. */
static int open_pipe(const struct birth *birth, int pipe[2])
{
    const struct launch *launch = birth->launch;
    int result = 0;

    if (pipe2(pipe, O_CLOEXEC) < 0)
        return -errno;
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
    char rest[PIECE];
    uint32_t room = PROBE_SAID_MAX - hearing->length;
    ssize_t length;

    if (!hearing->said)
        hearing->said = malloc(PROBE_SAID_MAX);
    if (hearing->said && room > 0)
        length = read(hearing->fd, hearing->said + hearing->length, room);
    else
        length = read(hearing->fd, rest, sizeof(rest));
    if (length < 0)
        return errno == EAGAIN || errno == EINTR;
    if (hearing->said && room > 0)
        hearing->length += (uint32_t)length;
    return length > 0;
}

void hearing_take_rest(struct hearing *hearing)
{
    for (int i = 0; i < PIECES_MAX && hearing->fd >= 0 && hearing->length < PROBE_SAID_MAX; i++)
        if (!hearing_take(hearing))
            break;
}
