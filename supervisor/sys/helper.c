/* See helper.h. */
#include "supervisor/sys/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A helper that hangs for ever must not keep our lock and our sockets open when we are gone. */
static void close_others(const int *files, size_t count, int report)
{
    unsigned int first = 0;

    while (first < ~0U) {
        unsigned int next = ~0U; // the lowest one that is kept, from here on
        for (size_t i = 0; i < count; i++)
            if ((unsigned int)files[i] >= first && (unsigned int)files[i] < next)
                next = (unsigned int)files[i];
        if ((unsigned int)report >= first && (unsigned int)report < next)
            next = (unsigned int)report;
        if (next > first)
            (void)close_range(first, next - 1, 0);
        first = next == ~0U ? next : next + 1;
    }
}

static _Noreturn void live(const int *files, size_t count, int report,
                           size_t (*work)(void *context, char message[HELPER_MESSAGE_MAX]),
                           void *context)
{
    char message[HELPER_MESSAGE_MAX] = {0};
    size_t length;

    close_others(files, count, report);
    length = work(context, message);
    (void)!write(report, message, length);
    _exit(0);
}

int helper_start(bool to_parent, const int *files, size_t files_count,
                 size_t (*work)(void *context, char message[HELPER_MESSAGE_MAX]), void *context,
                 struct helper *ret)
{
    int pidfd = -1, pipe[2], result;
    struct clone_args args = {
        .flags = CLONE_PIDFD | (to_parent ? CLONE_PARENT : 0),
        .exit_signal = to_parent ? 0 : SIGCHLD,
        .pidfd = (uintptr_t)&pidfd,
    };
    long pid;

    if (pipe2(pipe, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    pid = syscall(SYS_clone3, &args, sizeof(args));
    if (pid == 0)
        live(files, files_count, pipe[1], work, context);
    result = pid < 0 ? -errno : 0;
    close(pipe[1]);
    if (result < 0)
        close(pipe[0]);
    else
        *ret = (struct helper){.pid = (pid_t)pid, .pidfd = pidfd, .report = pipe[0]};
    return result;
}

ssize_t helper_message(const struct helper *helper, char message[HELPER_MESSAGE_MAX])
{
    ssize_t length = read(helper->report, message, HELPER_MESSAGE_MAX);

    if (length < 0)
        return errno == EAGAIN || errno == EINTR ? -EAGAIN : 0;
    return length;
}

void helper_finish(struct helper *helper)
{
    if (!helper->pid)
        return;
    (void)pidfd_send_signal(helper->pidfd, SIGKILL, NULL, 0); // ESRCH: it has ended
    close(helper->pidfd);
    close(helper->report);
    *helper = (struct helper){0};
}
