/* See upgrading.h. */
#include "cli/stack/upgrading.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/show/explain.h"
#include "cli/stack/launch.h"
#include "cli/stack/watch.h"
#include "core/handover.h"

#define CHECK_DEADLINE_MS 30000
#define TAKEN_OVER_MS     60000
#define LOOK_EVERY_NS     20000000L

#define STAYS "the stack runs on as it did"

/* --- can the new ones do it? --------------------------------------------------------------------
 */

static void become_check(const char *libexec, const char *runtime_dir, int output)
{
    char program[PATH_MAX];
    char *const argv[] = {program, (char[]){HANDOVER_SELF_CHECK}, (char *)(uintptr_t)runtime_dir,
                          NULL};

    snprintf(program, sizeof(program), "%s/bulkheadd", libexec);
    if (dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0)
        execv(program, argv);
    dprintf(output, "%s: %s\n", program, strerror(errno));
    _exit(127);
}

/* What it says, until it ends; false: not in time. */
static bool hear(int fd, char *text, size_t size)
{
    int64_t deadline = monotonic_ms() + CHECK_DEADLINE_MS;
    size_t used = 0;

    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left = deadline - monotonic_ms();
        ssize_t got;
        if (left <= 0 || poll(&wait, 1, (int)left) == 0)
            return false;
        got = read(fd, text + used, size - 1 - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || used + (size_t)got == size - 1)
            break;
        used += (size_t)got;
    }
    text[used] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return true;
}

static int check(const char *libexec, const char *runtime_dir, struct fault *ret_fault)
{
    char said[512] = "";
    int ends[2], status = 0;
    bool in_time;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return explain(ret_fault, NULL, "pipe: %s", strerror(errno));
    fflush(NULL);
    pid = fork();
    if (pid == 0)
        become_check(libexec, runtime_dir, ends[1]);
    close(ends[1]);
    in_time = pid > 0 && hear(ends[0], said, sizeof(said));
    close(ends[0]);
    if (pid < 0)
        return explain(ret_fault, NULL, "fork: %s", strerror(errno));
    if (!in_time)
        (void)kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!in_time)
        return explain(ret_fault, STAYS, "the new bulkheadd did not check itself within %d s",
                       CHECK_DEADLINE_MS / 1000);
    if (WIFSIGNALED(status))
        return explain(ret_fault, STAYS,
                       "the new bulkheadd was killed by signal %d while it "
                       "checked itself",
                       WTERMSIG(status));
    if (status != 0)
        return explain(ret_fault, STAYS, "the new bulkheadd cannot go on with this stack: %s",
                       *said ? said : "it does not say why");
    return 0;
}

/* --- the change ---------------------------------------------------------------------------------
 */

/* Who listens at the other end. */
static pid_t peer_of(const struct client *client)
{
    struct ucred peer = {0};
    socklen_t size = sizeof(peer);

    if (getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return 0;
    return peer.pid;
}

/* Is there a stack at all? */
static int find(const struct command_context *context, struct fault *ret_fault)
{
    struct client client = {.fd = -1};
    int failed = client_connect(context->runtime_dir, context->stack, &client, ret_fault);

    client_close(&client);
    return failed != 0;
}

static int ask(const struct command_context *context, int folder, pid_t *ret_before,
               struct fault *ret_fault)
{
    const struct wire_request request = {.verb = WIRE_UPGRADE, .table = KEEPER_TABLE_VERSION};
    struct wire_reply reply = {.kind = WIRE_INFO};
    struct client client = {.fd = -1};
    int failed = client_connect(context->runtime_dir, context->stack, &client, ret_fault);

    if (failed == 0) {
        *ret_before = peer_of(&client);
        failed = client_send_files(&client, &request, &folder, WIRE_UPGRADE_FILES, ret_fault);
    }
    while (failed == 0 && reply.kind != WIRE_DONE)
        failed = client_receive(&client, CLIENT_DEADLINE_MS, &reply, ret_fault);
    client_close(&client);
    return failed != 0;
}

/* Is that process of the new build? True where /proc does not tell. */
static bool is_new(int folder, pid_t pid)
{
    struct stat program, running;
    char path[32];

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    if (stat(path, &running) != 0 || fstatat(folder, "bulkheadd", &program, 0) != 0)
        return true;
    return program.st_dev == running.st_dev && program.st_ino == running.st_ino;
}

/* 0: nobody yet. */
static pid_t look(const struct command_context *context, pid_t before)
{
    struct watch watch = {.client.fd = -1};
    struct fault fault;
    pid_t pid = 0;

    if (watch_snapshot(context->runtime_dir, context->stack, &watch, &fault) == 0)
        pid = watch.info.supervisor_pid;
    watch_close(&watch);
    return pid != before ? pid : 0;
}

static int await(const struct command_context *context, int folder, pid_t before, pid_t *ret_pid,
                 struct fault *ret_fault)
{
    const struct timespec pause = {0, LOOK_EVERY_NS};
    int64_t deadline = monotonic_ms() + TAKEN_OVER_MS;
    pid_t pid;

    while ((pid = look(context, before)) == 0 && monotonic_ms() < deadline)
        nanosleep(&pause, NULL);
    if (pid == 0)
        return explain(ret_fault, "the services run on; the stack's log (bulkhead.log) tells more",
                       "no new supervisor has answered within %d s", TAKEN_OVER_MS / 1000);
    if (!is_new(folder, pid))
        return explain(ret_fault, "the stack's log (bulkhead.log) tells why",
                       "the new programs could not be started: the old ones go on");
    *ret_pid = pid;
    return 0;
}

int upgrading_do(const struct command_context *context, int32_t *ret_supervisor,
                 struct fault *ret_fault)
{
    char beside[PATH_MAX];
    const char *libexec = launch_programs(context->self_dir, beside);
    int folder = open(libexec, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    pid_t before = 0, pid = 0;
    int result;

    if (folder < 0)
        return explain(ret_fault, "install bulkhead as a whole: make install", "%s: %s", libexec,
                       strerror(errno));
    result = find(context, ret_fault);
    if (result == 0)
        result = check(libexec, context->runtime_dir, ret_fault);
    if (result == 0)
        result = ask(context, folder, &before, ret_fault);
    if (result == 0)
        result = await(context, folder, before, &pid, ret_fault);
    close(folder);
    if (result == 0)
        *ret_supervisor = pid;
    return result;
}
