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

static void take(struct reaper *reaper, pid_t pid, int code, int status, struct exit_record *ret)
{
    *ret = (struct exit_record){.pid = pid};
    if (code == CLD_EXITED)
        ret->code = status;
    else
        ret->signal = status;
    ret->core = code == CLD_DUMPED;
    reaper->pending = pid;
}

static int next_from_keeper(struct reaper *reaper, struct exit_record *ret)
{
    struct keeper_message message;
    ssize_t size = recv(reaper->channel, &message, sizeof(message), MSG_DONTWAIT);

    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (size != sizeof(message) || message.kind != KEEPER_EXITED)
        return -EPIPE;
    take(reaper, message.pid, message.code, message.status, ret);
    return 1;
}

static int next_from_kernel(struct reaper *reaper, struct exit_record *ret)
{
    siginfo_t info = {0};

    if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | WNOHANG) < 0 || info.si_pid == 0)
        return 0;
    take(reaper, info.si_pid, info.si_code, info.si_status, ret);
    return 1;
}

int reaper_next(struct reaper *reaper, struct exit_record *ret)
{
    if (reaper->pending)
        return 0;
    return reaper->channel >= 0 ? next_from_keeper(reaper, ret) : next_from_kernel(reaper, ret);
}

void reaper_acknowledge(struct reaper *reaper)
{
    struct keeper_message message = {.kind = KEEPER_REAP, .pid = reaper->pending};
    siginfo_t info;

    if (!reaper->pending)
        return;
    /* A keeper that cannot be told is gone, which the next record says. */
    if (reaper->channel >= 0)
        (void)!send(reaper->channel, &message, sizeof(message), MSG_DONTWAIT | MSG_NOSIGNAL);
    else
        (void)waitid(P_PID, (id_t)reaper->pending, &info, WEXITED | WNOHANG);
    reaper->pending = 0;
}

int reaper_become_parent(struct reaper *reaper)
{
    if (reaper->channel >= 0)
        close(reaper->channel);
    reaper->channel = -1;
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -errno : 0;
}
