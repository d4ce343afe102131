/* See client.h. */
#include "cli/stack/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "cli/host/stack_roster.h"
#include "core/paths.h"

static void __attribute__((format(printf, 3, 4)))
say(struct fault *fault, const char *remedy, const char *format, ...)
{
    va_list arguments;

    memset(fault, 0, sizeof(*fault));
    fault->level = FAULT_ERROR;
    va_start(arguments, format);
    vsnprintf(fault->what, sizeof(fault->what), format, arguments);
    va_end(arguments);
    snprintf(fault->remedy, sizeof(fault->remedy), "%s", remedy);
}

static bool is_populated(const struct roster *roster, const char *below)
{
    char path[4096];
    int length = snprintf(path, sizeof(path), "%s%s", roster->cgroup_dir, below);

    return length > 0 && (size_t)length < sizeof(path) && stack_cgroup_populated(path);
}

/* Nobody listens: is the stack down, or has its supervisor alone gone? */
static int explain_absence(const char *runtime_dir, const char *stack, struct fault *ret_fault)
{
    struct roster roster = {0};
    const char *why;
    bool left = false, kept = false;

    if (stack_roster_load(runtime_dir, &roster, &why) == 0) {
        left = roster.cgroup_dir && is_populated(&roster, "");
        kept = left && is_populated(&roster, "/" CGROUP_KEEPER);
        roster_finish(&roster);
    }
    if (kept) {
        say(ret_fault, "its own log says why: bulkhead logs bulkhead",
            "stack \"%s\": its supervisor is gone, and the next one is not there yet", stack);
        return CLIENT_AWAY;
    }
    if (left) {
        say(ret_fault, "\"bulkhead up\" goes on with them, \"bulkhead down\" ends them",
            "stack \"%s\": its supervisor is gone, but processes of it are left", stack);
        return CLIENT_ABANDONED;
    }
    say(ret_fault, "start it with \"bulkhead up -d\"; -p NAME names another one",
        "stack \"%s\" is not running (no supervisor listens in %s)", stack, runtime_dir);
    return CLIENT_NOT_RUNNING;
}

static int explain_errno(int error, const char *runtime_dir, const char *stack,
                         struct fault *ret_fault)
{
    if (error == ENOENT || error == ECONNREFUSED || error == ENOTDIR)
        return explain_absence(runtime_dir, stack, ret_fault);
    if (error == EACCES || error == EPERM)
        say(ret_fault, "run it as the user who started the stack", "stack \"%s\": %s/%s: %s", stack,
            runtime_dir, PATH_CONTROL, strerror(error));
    else if (error == EAGAIN)
        say(ret_fault, "too many clients, or it is stopped (SIGSTOP)",
            "stack \"%s\": its supervisor takes no connection", stack);
    else
        say(ret_fault, "", "stack \"%s\": %s/%s: %s", stack, runtime_dir, PATH_CONTROL,
            strerror(error));
    return error == EAGAIN ? CLIENT_SILENT : -error;
}

/* Connects by way of the folder's descriptor: a socket's path is bounded to 107 bytes, ours is not.
 * 0 or an errno. */
static int connect_in(int folder, int fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = CLIENT_DEADLINE_MS / 1000};

    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" PATH_CONTROL, folder);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    return connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
}

int client_try(const char *runtime_dir, const char *stack, struct client *ret,
               struct fault *ret_fault)
{
    int folder = open(runtime_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int error = folder < 0 ? errno : 0;
    int fd = -1;

    if (error == 0) {
        fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        error = fd < 0 ? errno : connect_in(folder, fd);
        close(folder);
    }
    if (error != 0) {
        if (fd >= 0)
            close(fd);
        return explain_errno(error, runtime_dir, stack, ret_fault);
    }
    ret->fd = fd;
    snprintf(ret->stack, sizeof(ret->stack), "%s", stack);
    return 0;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_a_little(void)
{
    struct timespec pause = {0, CLIENT_PAUSE_MS * 1000000L};

    (void)nanosleep(&pause, NULL);
}

int client_connect(const char *runtime_dir, const char *stack, struct client *ret,
                   struct fault *ret_fault)
{
    int64_t end = now_ms() + CLIENT_RETURN_MS;
    int outcome;

    while ((outcome = client_try(runtime_dir, stack, ret, ret_fault)) == CLIENT_AWAY &&
           now_ms() < end)
        pause_a_little();
    return outcome == CLIENT_AWAY ? CLIENT_SILENT : outcome;
}

void client_close(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

static int gone(const struct client *client, struct fault *ret_fault)
{
    say(ret_fault, "\"bulkhead ps\" tells whether the stack still runs",
        "stack \"%s\": its supervisor ended the conversation", client->stack);
    return CLIENT_GONE;
}

static int silent(const struct client *client, struct fault *ret_fault)
{
    say(ret_fault, "is it stopped (SIGSTOP), or the machine out of memory?",
        "stack \"%s\": no answer from its supervisor within %d s", client->stack,
        CLIENT_DEADLINE_MS / 1000);
    return CLIENT_SILENT;
}

/* 1: there is something to read; 0: not in time; a negative errno. */
static int wait_readable(int fd, int timeout_ms)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    int64_t end = now_ms() + timeout_ms;

    for (;;) {
        int64_t left = end - now_ms();
        int ready = poll(&waiting, 1, timeout_ms < 0 ? -1 : left > 0 ? (int)left : 0);

        if (ready >= 0 || errno != EINTR)
            return ready < 0 ? -errno : ready;
    }
}

/* That our request was not read is told before what was sent to us. */
static ssize_t receive_frame(int fd, unsigned char *frame, size_t size)
{
    ssize_t got = recv(fd, frame, size, MSG_TRUNC);

    return got < 0 && errno == ECONNRESET ? recv(fd, frame, size, MSG_TRUNC) : got;
}

int client_receive(struct client *client, int timeout_ms, struct wire_reply *ret,
                   struct fault *ret_fault)
{
    unsigned char frame[WIRE_REPLY_MAX];
    struct wire_reply reply;
    const char *why = "longer than a frame";
    int ready = wait_readable(client->fd, timeout_ms);
    ssize_t got;

    if (ready == 0)
        return silent(client, ret_fault);
    got = ready < 0 ? -1 : receive_frame(client->fd, frame, sizeof(frame));
    if (got == 0 || (got < 0 && errno == ECONNRESET))
        return gone(client, ret_fault);
    if (got < 0) {
        say(ret_fault, "", "stack \"%s\": %s", client->stack, strerror(errno));
        return -errno;
    }
    if ((size_t)got > sizeof(frame) || wire_reply_decode(frame, (size_t)got, &reply, &why) != 0) {
        say(ret_fault, "was the stack started by another version of bulkhead?",
            "stack \"%s\": an answer that is none: %s", client->stack, why);
        return CLIENT_MALFORMED;
    }
    if (reply.kind == WIRE_ERROR) {
        say(ret_fault, "", "%s", reply.message);
        return CLIENT_REFUSED;
    }
    *ret = reply;
    return 0;
}

/* Nobody takes our request any more; why not may have been sent before. */
static int hear_why(struct client *client, struct fault *ret_fault)
{
    struct wire_reply reply;

    if (client_receive(client, 0, &reply, ret_fault) == CLIENT_REFUSED)
        return CLIENT_REFUSED;
    return gone(client, ret_fault);
}

/* One packet, the files with it. The number of bytes, or -1 with errno. */
static ssize_t send_packet(int fd, unsigned char *frame, size_t length, const int *files,
                           size_t files_count)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * WIRE_FILES_MAX)];
    } control = {0};
    struct iovec part = {frame, length};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    struct cmsghdr *header;

    if (files_count > WIRE_FILES_MAX) {
        errno = EINVAL;
        return -1;
    }
    if (files_count > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * files_count);
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * files_count);
        memcpy(CMSG_DATA(header), files, sizeof(int) * files_count);
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

int client_send(struct client *client, const struct wire_request *request, struct fault *ret_fault)
{
    return client_send_files(client, request, NULL, 0, ret_fault);
}

int client_send_files(struct client *client, const struct wire_request *request, const int *files,
                      size_t files_count, struct fault *ret_fault)
{
    unsigned char *frame = malloc(WIRE_REQUEST_MAX);
    size_t length = frame ? wire_request_encode(request, frame, WIRE_REQUEST_MAX) : 0;
    ssize_t sent = -1;

    errno = frame ? EMSGSIZE : ENOMEM;
    if (length > 0)
        sent = send_packet(client->fd, frame, length, files, files_count);
    free(frame);
    if (sent >= 0)
        return 0;
    if (errno == EPIPE || errno == ECONNRESET)
        return hear_why(client, ret_fault);
    if (errno == EAGAIN)
        return silent(client, ret_fault);
    if (errno == EMSGSIZE) {
        say(ret_fault, "name fewer at once", "too many names for one request");
        return CLIENT_REFUSED;
    }
    say(ret_fault, "", "stack \"%s\": %s", client->stack, strerror(errno));
    return -errno;
}

static int ask_once(const char *runtime_dir, const char *stack, const struct wire_request *request,
                    struct fault *ret_fault)
{
    struct client client = {.fd = -1};
    struct wire_reply reply = {.kind = WIRE_INFO};
    int failed = client_connect(runtime_dir, stack, &client, ret_fault);

    if (failed != 0)
        return failed;
    failed = client_send(&client, request, ret_fault);
    while (failed == 0 && reply.kind != WIRE_DONE && reply.kind != WIRE_BYE)
        failed = client_receive(&client, CLIENT_DEADLINE_MS, &reply, ret_fault);
    client_close(&client);
    return failed;
}

/* Is twice the same as once? */
static bool may_be_repeated(const struct wire_request *request)
{
    return request->verb != WIRE_RESTART &&
           (request->verb != WIRE_KILL || request->signal == SIGKILL);
}

int client_request(const char *runtime_dir, const char *stack, const struct wire_request *request,
                   struct fault *ret_fault)
{
    int64_t end = now_ms() + CLIENT_RETURN_MS;
    int outcome;

    while ((outcome = ask_once(runtime_dir, stack, request, ret_fault)) == CLIENT_GONE &&
           may_be_repeated(request) && now_ms() < end)
        pause_a_little();
    if (outcome == CLIENT_GONE && !may_be_repeated(request))
        say(ret_fault, "\"bulkhead events --until now\" shows whether it was done",
            "stack \"%s\": its supervisor died while it was asked", stack);
    return outcome;
}
