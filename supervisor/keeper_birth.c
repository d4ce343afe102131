/* See keeper_birth.h. */
#include "supervisor/keeper_birth.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/handover.h"
#include "core/paths.h"
#include "supervisor/keeper_say.h"

#define DIED_AT_ONCE_MS 1000
#define LIVED_WELL_MS   10000
#define PAUSE_FIRST_MS  100
#define PAUSE_MAX_MS    10000

/* An installation may have been replaced: who comes back is of this very build. */
#define OWN_PROGRAM "/proc/self/exe"

/* Who waits at HANDOVER_READY is told why not, and so is the stack's log. */
static void become_supervisor(const struct keeper_birth *birth, int channel)
{
    char *const argv[] = {(char[]){"bulkheadd"}, (char *)(uintptr_t)birth->stack,
                          (char *)(uintptr_t)birth->libexec_dir, (char *)(uintptr_t)birth->how,
                          NULL};

    int error;

    if (dup2(channel, HANDOVER_KEEPER) >= 0)
        execve(OWN_PROGRAM, argv, environ);
    error = errno;
    keeper_say_failed(HANDOVER_READY, "the supervisor cannot be started", error);
    keeper_say_failed(STDERR_FILENO, "the supervisor cannot be started", error);
    _exit(127);
}

/* A copy of this process, born into supervisor/; never sharing memory. Negative errno on failure.
 */
static pid_t clone_into(int cgroup)
{
    struct clone_args args = {
        .flags = CLONE_INTO_CGROUP,
        .exit_signal = SIGCHLD,
        .cgroup = (unsigned long long)cgroup,
    };
    long pid = syscall(SYS_clone3, &args, sizeof(args));

    return pid < 0 ? -errno : (pid_t)pid;
}

int keeper_birth(const struct keeper_birth *birth, pid_t *ret_pid, int *ret_channel)
{
    int pair[2], cgroup, result;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    cgroup = openat(HANDOVER_CGROUP, CGROUP_SUPERVISOR, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    result = cgroup < 0 ? -errno : clone_into(cgroup);
    if (result == 0)
        become_supervisor(birth, pair[1]);
    if (cgroup >= 0)
        close(cgroup);
    close(pair[1]);
    if (result < 0) {
        close(pair[0]);
        return result;
    }
    *ret_pid = result;
    *ret_channel = pair[0];
    return 0;
}

/* Where the folder is; "" if it cannot be told. */
static void find_path(int folder, char path[PATH_MAX])
{
    char digits[KEEPER_DIGITS], link[32];
    ssize_t length;

    stpcpy(stpcpy(link, "/proc/self/fd/"), keeper_digits((uint32_t)folder, digits));
    length = readlink(link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = '\0';
}

int keeper_become(const struct keeper_birth *birth, int folder, int table)
{
    char path[PATH_MAX];
    char *const argv[] = {(char[]){"bulkhead-keeper"}, (char *)(uintptr_t)birth->stack, path,
                          (char[]){HANDOVER_UPGRADE}, NULL};
    int error;

    find_path(folder, path);
    if (dup2(table, HANDOVER_TABLE) >= 0)
        execveat(folder, argv[0], argv, environ, 0);
    error = errno;
    (void)dup2(STDIN_FILENO, HANDOVER_TABLE);
    return -error;
}

uint32_t keeper_pause_ms(uint32_t before_ms, int64_t lived_ms)
{
    if (lived_ms >= LIVED_WELL_MS)
        return 0;
    if (lived_ms >= DIED_AT_ONCE_MS)
        return before_ms;
    if (before_ms == 0)
        return PAUSE_FIRST_MS;
    return before_ms < PAUSE_MAX_MS / 2 ? 2 * before_ms : PAUSE_MAX_MS;
}
