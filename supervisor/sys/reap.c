/* See reap.h. */
#include "supervisor/sys/reap.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/handover.h"

void reaper_init(struct reaper *reaper, int channel)
{
    *reaper = (struct reaper){.channel = channel};
}

static void take(pid_t pid, int code, int status, struct exit_record *ret)
{
    *ret = (struct exit_record){.pid = pid};
    if (code == CLD_EXITED)
        ret->code = status;
    else
        ret->signal = status;
    ret->core = code == CLD_DUMPED;
}

static int next_from_keeper(struct reaper *reaper, struct exit_record *ret)
{
    struct keeper_message message;
    ssize_t size = recv(reaper->channel, &message, sizeof(message), MSG_DONTWAIT);

    if (size < 0 && errno != ECONNRESET && errno != ENOTCONN) // there is none, or no memory for it
        return 0;
    if (size != sizeof(message) || message.kind != KEEPER_EXITED)
        return -EPIPE;
    take(message.pid, message.code, message.status, ret);
    reaper->pending++;
    return 1;
}

static int next_from_kernel(struct exit_record *ret)
{
    siginfo_t info = {0};

    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
        return 0;
    take(info.si_pid, info.si_code, info.si_status, ret);
    return 1;
}

int reaper_next(struct reaper *reaper, struct exit_record *ret)
{
    return reaper->channel >= 0 ? next_from_keeper(reaper, ret) : next_from_kernel(ret);
}

void reaper_acknowledge(struct reaper *reaper)
{
    const struct keeper_message message = {.kind = KEEPER_ACKNOWLEDGED, .count = reaper->pending};

    /* A keeper that is gone is told nothing; the next record says so. What another could not be
     * told is told with the next ones: it keeps no more than KEEPER_RECORDS_MAX. */
    if (reaper->channel >= 0 && reaper->pending &&
        send(reaper->channel, &message, sizeof(message), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
        errno != EPIPE && errno != ECONNRESET)
        return;
    reaper->pending = 0;
}

int reaper_become_parent(struct reaper *reaper)
{
    if (reaper->channel >= 0)
        close(reaper->channel);
    reaper->channel = -1;
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -errno : 0;
}
