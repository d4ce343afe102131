/* See launch.h. */
#include "cli/stack/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/show/explain.h"
#include "cli/host/sealed.h"
#include "core/handover.h"
#include "core/nsec.h"
#include "core/paths.h"
#include "core/planfile.h"

#define READY_DEADLINE_MS 15000
#define PLAN_BYTES_MAX    (1 << 30)
#define ERR_FIFO          PATH_FIFO "/bulkhead.err"

/* Everything that is open while the keeper is being born; -1: not yet. */
struct files {
    int plan;
    int lock; // the caller's
    int ready[2];
    int cgroup;
    int keeper; // its cgroup
    int null;
    int err;
};

/* --- the plan --------------------------------------------------------------------------------- */

/* The copy for tools. It holds the services' environment: 0600. */
static int write_plan(const char *runtime_dir, const unsigned char *bytes, size_t size)
{
    char path[PATH_MAX];
    int fd, result;

    snprintf(path, sizeof(path), "%s/%s", runtime_dir, PATH_PLAN);
    (void)unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    result = write_all(fd, bytes, size);
    close(fd);
    return result;
}

/* Nobody can change it any more. Descriptor or negative errno. */
static int seal_plan(const char *runtime_dir)
{
    char path[PATH_MAX];
    struct stat status;
    unsigned char *bytes = NULL;
    ssize_t got = -1;
    int fd, result;

    snprintf(path, sizeof(path), "%s/%s", runtime_dir, PATH_PLAN);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= PLAN_BYTES_MAX)
        bytes = malloc((size_t)status.st_size + 1);
    if (bytes)
        got = read(fd, bytes, (size_t)status.st_size);
    result = got >= 0 ? sealed_make("bulkhead-plan", bytes, (size_t)got) : -EIO;
    free(bytes);
    close(fd);
    return result;
}

static int open_old_plan(const struct plan *plan, struct files *files, struct fault *ret_fault)
{
    files->plan = seal_plan(plan->runtime_dir);
    if (files->plan >= 0)
        return 0;
    return explain(ret_fault, NULL, "cannot read %s/%s: %s", plan->runtime_dir, PATH_PLAN,
                   strerror(-files->plan));
}

static int open_plan(const struct plan *plan, struct files *files, struct fault *ret_fault)
{
    unsigned char *bytes;
    size_t size;
    int result = planfile_encode(plan, &bytes, &size);

    if (result == 1)
        return explain(ret_fault, "make commands and environments shorter, or the stack smaller",
                       "the stack is too big for a plan");
    if (result != 0)
        return explain(ret_fault, NULL, "cannot make the plan: %s", strerror(-result));
    result = write_plan(plan->runtime_dir, bytes, size);
    if (result == 0) {
        files->plan = sealed_make("bulkhead-plan", bytes, size);
        result = files->plan < 0 ? files->plan : 0;
    }
    free(bytes);
    if (result == 0)
        return 0;
    return explain(ret_fault, NULL, "cannot write the plan to %s: %s", plan->runtime_dir,
                   strerror(-result));
}

/* --- the other files -------------------------------------------------------------------------- */

static int open_below(const char *dir, const char *name, int flags)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return open(path, flags | O_CLOEXEC);
}

static int open_err(const char *runtime_dir)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", runtime_dir, ERR_FIFO);
    if (mkfifo(path, 0600) != 0 && errno != EEXIST)
        return -1;
    return open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
}

static int open_files(const struct launch_request *request, struct files *files,
                      struct fault *ret_fault)
{
    const struct plan *plan = request->plan;

    files->lock = request->lock;
    files->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    files->err = open_err(plan->runtime_dir);
    if (files->null < 0 || files->err < 0 || pipe2(files->ready, O_CLOEXEC) != 0)
        return explain(ret_fault, NULL, "cannot open the files of the supervisor: %s",
                       strerror(errno));
    files->cgroup = open_below(plan->cgroup_dir, ".", O_RDONLY | O_DIRECTORY);
    files->keeper = open_below(plan->cgroup_dir, CGROUP_KEEPER, O_RDONLY | O_DIRECTORY);
    if (files->cgroup < 0 || files->keeper < 0)
        return explain(ret_fault, NULL, "cannot open the cgroup %s: %s", plan->cgroup_dir,
                       strerror(errno));
    return request->adopts ? open_old_plan(plan, files, ret_fault)
                           : open_plan(plan, files, ret_fault);
}

static void close_files(struct files *files)
{
    int *const owned[] = {&files->plan,   &files->ready[0], &files->ready[1], &files->cgroup,
                          &files->keeper, &files->null,     &files->err};

    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
        if (*owned[i] >= 0)
            close(*owned[i]);
        *owned[i] = -1;
    }
}

static bool has_programs(const char *dir)
{
    char path[PATH_MAX];

    return snprintf(path, sizeof(path), "%s/bulkheadd", dir) < PATH_MAX && access(path, X_OK) == 0;
}

const char *launch_programs(const char *self_dir, char *beside)
{
    if (!self_dir)
        return BULKHEAD_LIBEXEC;
    if (has_programs(self_dir))
        return self_dir;
    if (snprintf(beside, PATH_MAX, "%s/../libexec/bulkhead", self_dir) < PATH_MAX &&
        has_programs(beside))
        return beside;
    return BULKHEAD_LIBEXEC;
}

/* --- the birth -------------------------------------------------------------------------------- */

/* First away from the numbers that are spoken for, then onto them. */
static int place_files(const struct files *files)
{
    const int from[] = {files->null, files->err,      files->err,   files->plan,
                        files->lock, files->ready[1], files->cgroup};
    static const int to[] = {STDIN_FILENO,  STDOUT_FILENO,  STDERR_FILENO,  HANDOVER_PLAN,
                             HANDOVER_LOCK, HANDOVER_READY, HANDOVER_CGROUP};
    int away[sizeof(from) / sizeof(from[0])];

    for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
        away[i] = fcntl(from[i], F_DUPFD_CLOEXEC, HANDOVER_END);
        if (away[i] < 0)
            return -errno;
    }
    for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++)
        if (dup2(away[i], to[i]) < 0)
            return -errno;
    return close_range(HANDOVER_KEEPER, ~0U, 0) == 0 ? 0 : -errno;
}

static void reset_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Sanitizers and our own variables reach the supervisor; nothing else of the caller's does. */
static char **keeper_environment(void)
{
    static const char *const kept[] = {
        "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LSAN_OPTIONS=", "BULKHEAD_"};
    static char *list[32];
    size_t count = 0;

    for (char **at = environ; at && *at; at++)
        for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
            if (strncmp(*at, kept[i], strlen(kept[i])) == 0 &&
                count + 1 < sizeof(list) / sizeof(list[0]))
                list[count++] = *at;
    return list;
}

static void become_keeper(const struct files *files, const char *program,
                          const struct launch_request *request, const char *libexec)
{
    char *const argv[] = {(char[]){"bulkhead-keeper"}, (char *)(uintptr_t)request->plan->stack,
                          (char *)(uintptr_t)libexec,
                          request->adopts ? (char[]){HANDOVER_ADOPT} : NULL, NULL};
    int result;

    reset_signals();
    (void)setsid();
    (void)umask(022);
    result = chdir("/") == 0 ? place_files(files) : -errno;
    if (result == 0) {
        execve(program, argv, keeper_environment());
        result = -errno;
        dprintf(HANDOVER_READY, "%s: %s\n", program, strerror(-result));
    } else {
        dprintf(files->ready[1], "cannot prepare the keeper: %s\n", strerror(-result));
    }
    _exit(127);
}

/* Born inside its cgroup, a copy of this process that shares no memory with it. */
static pid_t clone_into(int cgroup)
{
    struct clone_args args = {
        .flags = CLONE_INTO_CGROUP,
        .exit_signal = SIGCHLD,
        .cgroup = (unsigned long long)cgroup,
    };
    long pid;

    fflush(NULL);
    pid = syscall(SYS_clone3, &args, sizeof(args));
    return pid < 0 ? -errno : (pid_t)pid;
}

int launch_trial(const char *cgroup_dir)
{
    int cgroup = open(cgroup_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = 0;
    pid_t pid;

    if (cgroup < 0)
        return -errno;
    pid = clone_into(cgroup);
    if (pid == 0)
        _exit(0);
    close(cgroup);
    if (pid > 0)
        (void)waitpid(pid, &status, 0);
    return pid > 0 ? status : pid;
}

/* --- ready ------------------------------------------------------------------------------------ */

/* Reads one line: its length, 0 at the end of the file, -ETIMEDOUT. */
static int read_line(int fd, char *line, size_t size)
{
    int64_t deadline = monotonic_ms() + READY_DEADLINE_MS;
    size_t used = 0;

    while (used < size - 1 && !memchr(line, '\n', used)) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left = deadline - monotonic_ms();
        int result = left > 0 ? poll(&wait, 1, (int)left) : 0;
        ssize_t got;
        if (result == 0)
            return -ETIMEDOUT;
        if (result < 0 && errno != EINTR)
            return -errno;
        if (result < 0)
            continue;
        got = read(fd, line + used, size - 1 - used);
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    line[used] = '\0';
    line[strcspn(line, "\n")] = '\0';
    return (int)strlen(line);
}

/* What our programs have written to stderr before the recorder was there to read it. */
static void read_err(int fd, char *text, size_t size)
{
    ssize_t got = read(fd, text, size - 1);

    text[got > 0 ? got : 0] = '\0';
    for (size_t length = strlen(text); length > 0 && text[length - 1] == '\n'; length--)
        text[length - 1] = '\0';
}

static int wait_ready(struct files *files, const char *state_dir, struct fault *ret_fault)
{
    char line[512], err[512], remedy[PATH_MAX + 64];
    int result;

    close(files->ready[1]);
    files->ready[1] = -1;
    result = read_line(files->ready[0], line, sizeof(line));
    if (result > 0 && strcmp(line, "ready") == 0)
        return 0;
    if (result > 0)
        return explain(ret_fault, NULL, "the stack could not be started: %s", line);
    read_err(files->err, err, sizeof(err));
    snprintf(remedy, sizeof(remedy), "%s/%s/bulkhead.log may tell more", state_dir, PATH_LOGS);
    if (result == -ETIMEDOUT)
        return explain(ret_fault, remedy, "the supervisor was not ready within %d s%s%s",
                       READY_DEADLINE_MS / 1000, *err ? ": " : "", err);
    return explain(ret_fault, remedy, "the supervisor ended before it was ready%s%s",
                   *err ? ": " : "", err);
}

int launch_stack(const struct launch_request *request, struct fault *ret_fault)
{
    struct files files = {-1, -1, {-1, -1}, -1, -1, -1, -1};
    char beside[PATH_MAX];
    const char *libexec = launch_programs(request->self_dir, beside);
    char program[PATH_MAX + 32];
    pid_t pid = -1;
    int result;

    snprintf(program, sizeof(program), "%s/bulkhead-keeper", libexec);
    if (access(program, X_OK) != 0)
        return explain(ret_fault, "install bulkhead as a whole: make install", "cannot run %s: %s",
                       program, strerror(errno));
    result = open_files(request, &files, ret_fault);
    if (result == 0) {
        pid = clone_into(files.keeper);
        if (pid == 0)
            become_keeper(&files, program, request, libexec);
        if (pid < 0)
            result = explain(ret_fault,
                             pid == -EAGAIN ? "too many processes for the limits here"
                                            : "see bulkhead doctor",
                             "cannot start a process in the cgroup %s/%s: %s",
                             request->plan->cgroup_dir, CGROUP_KEEPER, strerror(-pid));
    }
    if (result == 0)
        result = wait_ready(&files, request->plan->state_dir, ret_fault);
    if (result != 0 && pid > 0) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
    }
    close_files(&files);
    return result;
}
