/* See spawn.h. */
#include "supervisor/sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The process flag "forked, but has not called exec" in /proc/PID/stat: include/linux/sched.h. */
#define FORKED_NOT_EXECED 0x40

static int highest_passed(const struct birth *birth)
{
    int highest = STDERR_FILENO;

    for (size_t i = 0; i < birth->pass_count; i++)
        if (birth->pass[i].as > highest)
            highest = birth->pass[i].as;
    return highest;
}

/* --- the child: from here on system calls only ---------------------------------------------- */

static int set_session(const struct birth *birth)
{
    (void)birth;
    return setsid();
}

/* A file of its own, not ours inherited: whether it blocks is the child's business. */
static int open_as(int dir, const char *name, int as)
{
    int fd = openat(dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

    return fd < 0 ? -1 : dup2(fd, as);
}

/* The same of what we hold open and somebody has removed: as a file of its own all the same. */
static int open_again(int file, int as)
{
    static const char prefix[] = "/proc/self/fd/";
    char path[sizeof(prefix) + 12], digits[12], *at = digits + sizeof(digits);
    unsigned int rest = (unsigned int)file;
    int fd;

    *--at = '\0';
    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    stpcpy(stpcpy(path, prefix), at);
    fd = open(path, O_RDWR | O_CLOEXEC);
    return fd < 0 ? -1 : dup2(fd, as);
}

static int open_output(const struct birth *birth, const char *name, int file, int as)
{
    int result = open_as(birth->output_dir, name, as);

    return result < 0 && errno == ENOENT && file > 0 ? open_again(file, as) : result;
}

static int set_stdio(const struct birth *birth)
{
    if (birth->input && open_as(birth->output_dir, birth->input, STDIN_FILENO) < 0)
        return -1;
    if (birth->output &&
        (open_output(birth, birth->output, birth->output_file, STDOUT_FILENO) < 0 ||
         open_output(birth, birth->errors, birth->errors_file, STDERR_FILENO) < 0))
        return -1;
    for (size_t i = 0; i < birth->pass_count; i++) {
        const struct spawn_pass *pass = &birth->pass[i];
        if (pass->fd == pass->as ? fcntl(pass->fd, F_SETFD, 0) < 0 : dup2(pass->fd, pass->as) < 0)
            return -1;
    }
    if (birth->terminal)
        (void)ioctl(STDIN_FILENO, TIOCSCTTY, 0); // EPERM: another session's; ENOTTY: none
    return 0;
}

/* Dispositions are the default already (main.c); only the mask is ours. */
static int set_signals(const struct birth *birth)
{
    sigset_t none;

    (void)birth;
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_oom_score(const struct birth *birth)
{
    char digits[12], *at = digits + sizeof(digits);
    int value = birth->launch->oom_score_adj;
    unsigned int rest = value < 0 ? (unsigned int)-value : (unsigned int)value;
    ssize_t written;
    int fd;

    if (birth->keep_oom_score)
        return 0;
    fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        *--at = '-';
    written = write(fd, at, (size_t)(digits + sizeof(digits) - at));
    close(fd); // it cannot fail, so errno is still that of the write
    return written < 0 ? -1 : 0;
}

static int set_limit(int resource, uint64_t soft, uint64_t hard)
{
    struct rlimit limit = {soft, hard};

    return prlimit(0, (__rlimit_resource_t)resource, &limit, NULL);
}

static int set_rlimits(const struct birth *birth)
{
    const struct launch *launch = birth->launch;

    if (birth->huge_pages && prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0) < 0)
        return -1;
    if (birth->files &&
        set_limit(RLIMIT_NOFILE, birth->files->rlim_cur, birth->files->rlim_max) < 0)
        return -1;
    for (size_t i = 0; i < launch->rlimits_count; i++) {
        const struct rlimit_value *limit = &launch->rlimits[i];
        if (set_limit(limit->resource, limit->soft, limit->hard) < 0)
            return -1;
    }
    return 0;
}

/* The calls themselves, not the C library's: those may want to tell other threads. */
static int set_groups(const struct birth *birth)
{
    const struct launch *launch = birth->launch;

    if (launch->keep_identity)
        return 0;
    if (syscall(SYS_setgroups, launch->groups_count, launch->groups) < 0)
        return -1;
    return (int)syscall(SYS_setresgid, launch->gid, launch->gid, launch->gid);
}

static int set_user(const struct birth *birth)
{
    const struct launch *launch = birth->launch;

    if (launch->keep_identity)
        return 0;
    return (int)syscall(SYS_setresuid, launch->uid, launch->uid, launch->uid);
}

static int enter_directory(const struct birth *birth)
{
    umask(022);
    return chdir(birth->launch->directory);
}

static int become_program(const struct birth *birth)
{
    const struct launch *launch = birth->launch;

    return execve(launch->program, launch->argv, launch->envp);
}

static const struct {
    enum spawn_step step;
    int (*run)(const struct birth *birth); // negative: failed, see errno
} steps[] = {
    {SPAWN_STEP_SESSION, set_session}, {SPAWN_STEP_STDIO, set_stdio},
    {SPAWN_STEP_SIGNALS, set_signals}, {SPAWN_STEP_OOM_SCORE, set_oom_score},
    {SPAWN_STEP_RLIMIT, set_rlimits},  {SPAWN_STEP_GROUPS, set_groups},
    {SPAWN_STEP_USER, set_user},       {SPAWN_STEP_CHDIR, enter_directory},
    {SPAWN_STEP_EXEC, become_program},
};

/* What is neither the child's nor its report is closed now and not by exec: a child that hangs on
 * the way there (its program is on a file system that does not answer) would keep our lock, sockets
 * and pipes open when we are gone. */
static void close_others(const struct birth *birth, int report)
{
    unsigned int first = (unsigned int)highest_passed(birth) + 1;

    if ((unsigned int)report > first)
        (void)close_range(first, (unsigned int)report - 1, 0);
    (void)close_range((unsigned int)report + 1, ~0U, 0);
}

static _Noreturn void live(const struct birth *birth, int report)
{
    struct spawn_report failure = {SPAWN_STEP_EXEC, EINVAL};

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (steps[i].run(birth) < 0) {
            failure = (struct spawn_report){steps[i].step, errno};
            break;
        }
        if (steps[i].step == SPAWN_STEP_STDIO)
            close_others(birth, report);
    }
    (void)!write(report, &failure, sizeof(failure));
    _exit(SPAWN_FAILED_STATUS);
}

/* --- the parent --------------------------------------------------------------------------- */

/* The report pipe must not have a number that the child gives to something else. */
static int open_report(int pipe[2], int above)
{
    int moved;

    if (pipe2(pipe, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    if (pipe[1] > above)
        return 0;
    moved = fcntl(pipe[1], F_DUPFD_CLOEXEC, above + 1);
    close(pipe[1]);
    if (moved < 0) {
        int error = errno;
        close(pipe[0]);
        return -error;
    }
    pipe[1] = moved;
    return 0;
}

int spawn_birth(const struct birth *birth, struct newborn *ret, enum spawn_step *ret_step)
{
    int pidfd = -1, pipe[2], result;
    struct clone_args args = {
        .flags = CLONE_INTO_CGROUP | CLONE_PIDFD | (birth->to_parent ? CLONE_PARENT : 0),
        .exit_signal = birth->to_parent ? 0 : SIGCHLD,
        .pidfd = (uintptr_t)&pidfd,
        .cgroup = (unsigned long long)birth->cgroup,
    };
    long pid;

    *ret_step = SPAWN_STEP_PIPE;
    result = open_report(pipe, highest_passed(birth));
    if (result == 0 && birth->files_max && pipe[1] >= birth->files_max) {
        close(pipe[0]);
        close(pipe[1]);
        result = -EMFILE;
    }
    if (result < 0)
        return result;
    *ret_step = SPAWN_STEP_CLONE;
    pid = syscall(SYS_clone3, &args, sizeof(args));
    if (pid == 0)
        live(birth, pipe[1]);
    result = pid < 0 ? -errno : 0;
    close(pipe[1]);
    if (result < 0) {
        close(pipe[0]);
        return result;
    }
    *ret = (struct newborn){.pid = (pid_t)pid, .pidfd = pidfd, .report = pipe[0]};
    *ret_step = SPAWN_STEP_NONE;
    return 0;
}

int spawn_report(int report, struct spawn_report *ret)
{
    struct spawn_report failure;
    ssize_t size = read(report, &failure, sizeof(failure));

    if (size < 0) // nothing yet, or nothing this time
        return -EAGAIN;
    if (size != sizeof(failure))
        return 0;
    *ret = failure;
    return 1;
}

bool spawn_is_program(pid_t pid)
{
    char path[32], text[512], *at;
    ssize_t length;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    length = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (length <= 0)
        return true;
    text[length] = '\0';
    at = strrchr(text, ')'); // the name before it may hold anything
    for (int field = 3; at && field <= 9; field++)
        at = strchr(at + 1, ' ');
    return !at || !(strtoul(at + 1, NULL, 10) & FORKED_NOT_EXECED);
}

bool spawn_is_dead(int pidfd)
{
    struct pollfd fd = {.fd = pidfd, .events = POLLIN};
    int ready = pidfd < 0 ? 1 : poll(&fd, 1, 0);

    if (ready < 0) // no memory to look: a signal finds the living, and those who are not reaped
        return pidfd_send_signal(pidfd, 0, NULL, 0) < 0 && errno == ESRCH;
    return pidfd < 0 || (ready == 1 && fd.revents & POLLIN);
}

bool spawn_is_doomed(pid_t pid)
{
    static const char key[] = "\nShdPnd:\t"; // shared by its threads: it stays there to the end
    char path[32], text[4096];
    const char *at;
    ssize_t length;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    length = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (length <= 0)
        return false;
    text[length] = '\0';
    at = strstr(text, key);
    return at && strtoull(at + sizeof(key) - 1, NULL, 16) >> (SIGKILL - 1) & 1;
}
