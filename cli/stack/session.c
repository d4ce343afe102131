/* See session.h. */
#include "cli/stack/session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/stack/ask.h"
#include "cli/stack/client.h"
#include "cli/stack/pseudo.h"
#include "cli/host/sealed.h"
#include "core/planfile.h"

#define BUFFER_BYTES 16384

struct session {
    const struct session_request *request;
    struct client client;
    struct pseudo pseudo; // our terminal is lent
    int stdio[3];         // what the process gets
    bool owned[3];        // opened for it
    int feed;             // a pipe to its stdin, which we fill; -1: none
    int signals;
    bool input; // there may be more of it
    char pending[BUFFER_BYTES];
    size_t pending_from, pending_to; // input on its way
};

/* --- what the process reads and writes -------------------------------------------------------- */

static int open_detached(struct session *session)
{
    const char *output = session->request->output;
    char path[4096] = "/dev/null";

    session->stdio[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    session->owned[0] = session->stdio[0] >= 0;
    if (output)
        snprintf(path, sizeof(path), "%s/%s", session->request->context->runtime_dir, output);
    for (int i = 1; i < 3; i++) { // a FIFO opened for both does not wait for its reader
        session->stdio[i] = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        session->owned[i] = session->stdio[i] >= 0;
    }
    return session->owned[0] && session->owned[1] && session->owned[2] ? 0 : -errno;
}

/* A process of another session cannot read our terminal: what is typed goes through a pipe. */
static int open_pipe(struct session *session)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    session->stdio[0] = ends[0];
    session->owned[0] = true;
    session->feed = ends[1];
    session->input = true;
    return fcntl(session->feed, F_SETFL, O_NONBLOCK) == 0 ? 0 : -errno;
}

static int open_stdio(struct session *session)
{
    const struct launch *launch = session->request->launch;
    bool terminal = isatty(STDIN_FILENO) == 1;
    int failed;

    for (int i = 0; i < 3; i++)
        session->stdio[i] = i;
    if (session->request->detach)
        return open_detached(session);
    if (!terminal)
        return 0;
    if (session->request->plain || isatty(STDOUT_FILENO) != 1)
        return open_pipe(session);
    failed = pseudo_open(launch->keep_identity ? (uid_t)-1 : launch->uid, &session->pseudo);
    for (int i = 0; failed == 0 && i < 3; i++)
        session->stdio[i] = session->pseudo.slave;
    session->input = failed == 0;
    return failed;
}

static void close_stdio(struct session *session)
{
    for (int i = 0; i < 3; i++)
        if (session->owned[i])
            close(session->stdio[i]);
    memset(session->owned, 0, sizeof(session->owned));
    if (session->pseudo.slave >= 0)
        close(session->pseudo.slave);
    session->pseudo.slave = -1;
}

/* --- the request ------------------------------------------------------------------------------ */

/* The descriptor of the launch record, or a negative errno. */
static int seal_launch(const struct launch *launch)
{
    unsigned char *bytes;
    size_t size;
    int result = planfile_launch_encode(launch, &bytes, &size);

    if (result != 0)
        return result > 0 ? -E2BIG : result;
    result = sealed_make("bulkhead-launch", bytes, size);
    free(bytes);
    return result;
}

/* 0 when it runs; else an exit status. */
static int send_request(struct session *session)
{
    const struct session_request *from = session->request;
    struct wire_request request = {
        .verb = WIRE_EXEC, .run = from->run, .names_count = 1, .names = {from->member}};
    int files[WIRE_EXEC_FILES] = {seal_launch(from->launch), session->stdio[0], session->stdio[1],
                                  session->stdio[2]};
    struct wire_reply reply = {.kind = WIRE_INFO};
    struct fault fault = {0};
    int failed;

    if (files[0] < 0)
        return command_failed("cannot hand over what is to be run: %s", strerror(-files[0]));
    failed =
        client_connect(from->context->runtime_dir, from->context->stack, &session->client, &fault);
    if (failed == 0)
        failed = client_send_files(&session->client, &request, files, WIRE_EXEC_FILES, &fault);
    close(files[0]);
    while (failed == 0 && reply.kind != WIRE_STARTED)
        failed = client_receive(&session->client, CLIENT_DEADLINE_MS, &reply, &fault);
    return failed == 0 ? 0 : ask_failed(&fault);
}

/* --- to and fro ------------------------------------------------------------------------------- */

static int input_end(const struct session *session)
{
    return session->feed >= 0 ? session->feed : session->pseudo.master;
}

static void end_input(struct session *session)
{
    session->input = false;
    if (session->feed >= 0)
        close(session->feed);
    session->feed = -1;
}

static void take_input(struct session *session)
{
    ssize_t got = read(STDIN_FILENO, session->pending, sizeof(session->pending));

    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    session->pending_from = 0;
    session->pending_to = got > 0 ? (size_t)got : 0;
    if (got <= 0)
        end_input(session);
}

static void pass_input(struct session *session)
{
    ssize_t put = write(input_end(session), session->pending + session->pending_from,
                        session->pending_to - session->pending_from);

    if (put > 0)
        session->pending_from += (size_t)put;
    if (session->pending_from == session->pending_to || (put < 0 && errno != EAGAIN))
        session->pending_from = session->pending_to = 0;
    if (put < 0 && errno != EAGAIN && errno != EINTR)
        end_input(session);
}

/* True: there may be more. */
static bool pass_output(struct session *session)
{
    char buffer[BUFFER_BYTES];
    ssize_t got = read(session->pseudo.master, buffer, sizeof(buffer));

    return got > 0 && write_all(STDOUT_FILENO, buffer, (size_t)got) == 0;
}

static void take_signal(struct session *session)
{
    struct signalfd_siginfo signal;
    struct wire_request request = {.verb = WIRE_EXEC_SIGNAL};
    struct fault fault;

    if (read(session->signals, &signal, sizeof(signal)) != (ssize_t)sizeof(signal))
        return;
    if (signal.ssi_signo == SIGWINCH) {
        if (session->pseudo.master >= 0)
            pseudo_resize(&session->pseudo);
        return;
    }
    request.signal = (int32_t)signal.ssi_signo;
    (void)client_send(&session->client, &request, &fault); // if it is gone, the end tells of that
}

/* Copies and passes on until something comes from the supervisor. */
static void attend(struct session *session)
{
    for (;;) {
        bool full = session->pending_to > session->pending_from;
        struct pollfd waiting[] = {
            {.fd = session->client.fd, .events = POLLIN},
            {.fd = session->signals, .events = POLLIN},
            {.fd = session->input && !full ? STDIN_FILENO : -1, .events = POLLIN},
            {.fd = full ? input_end(session) : -1, .events = POLLOUT},
            {.fd = session->pseudo.master, .events = POLLIN},
        };

        if (poll(waiting, 5, -1) < 0 && errno != EINTR)
            return;
        if (waiting[4].revents & POLLIN)
            (void)pass_output(session);
        if (waiting[1].revents != 0)
            take_signal(session);
        if (waiting[2].revents != 0)
            take_input(session);
        if (waiting[3].revents != 0)
            pass_input(session);
        if (waiting[0].revents != 0)
            return;
        if (waiting[4].revents == POLLHUP) // nobody has it open, but its end is not told yet
            (void)poll(waiting, 1, 20);
    }
}

static int tell_end(const struct session *session, const struct wire_exec *exec)
{
    if (exec->oom) {
        command_note("%s: the kernel killed it for memory: it met the limit of its compartment",
                     session->request->member);
        return 128 + SIGKILL;
    }
    if (exec->signal > 0)
        return 128 + exec->signal;
    if (exec->code < 0)
        return command_failed("%s: how it ended is not known", session->request->member);
    return exec->code;
}

/* What it ran ends with the supervisor: nobody else knows whom its end is to be told. */
static int tell_lost(const struct session *session)
{
    return command_failed("%s: the stack's supervisor has died, and the process beside it is ended "
                          "by the next one; how it ended is not known",
                          session->request->member);
}

static int follow(struct session *session)
{
    struct wire_reply reply = {.kind = WIRE_INFO};
    struct fault fault = {0};
    int failed = 0;

    if (session->pseudo.master >= 0 && (failed = pseudo_raw(&session->pseudo)) != 0)
        return command_failed("cannot set the terminal: %s", strerror(-failed));
    while (failed == 0 && reply.kind != WIRE_EXITED) {
        attend(session);
        failed = client_receive(&session->client, CLIENT_DEADLINE_MS, &reply, &fault);
    }
    while (session->pseudo.master >= 0 && pass_output(session))
        ;
    pseudo_close(&session->pseudo);
    if (failed == CLIENT_GONE)
        return tell_lost(session);
    return failed == 0 ? tell_end(session, &reply.exec) : ask_failed(&fault);
}

/* Leaves a child behind that stands for the client. */
static int detach(struct session *session)
{
    struct wire_reply reply = {.kind = WIRE_INFO};
    struct fault fault;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid != 0)
        return pid > 0 ? STATUS_DONE : command_failed("cannot fork: %s", strerror(errno));
    setsid();
    for (int fd = 0; fd < 3; fd++)
        dup2(session->stdio[0], fd);
    while (client_receive(&session->client, -1, &reply, &fault) == 0 && reply.kind != WIRE_EXITED)
        ;
    return STATUS_DONE;
}

static int open_signals(struct session *session)
{
    static const int passed[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH};
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
        sigaddset(&set, passed[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -errno;
    session->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return session->signals < 0 ? -errno : 0;
}

int session_run(const struct session_request *request)
{
    struct session session = {.request = request,
                              .client.fd = -1,
                              .pseudo = {.master = -1, .slave = -1},
                              .feed = -1,
                              .signals = -1};
    int failed = open_stdio(&session);
    int status;

    if (failed == 0)
        failed = open_signals(&session);
    fflush(NULL);
    if (failed != 0)
        status =
            command_failed("cannot open what the process reads and writes: %s", strerror(-failed));
    else
        status = send_request(&session);
    if (status == 0 && request->detach) {
        status = detach(&session);
    } else if (status == 0) {
        close_stdio(&session);
        status = follow(&session);
    }
    close_stdio(&session);
    end_input(&session);
    pseudo_close(&session.pseudo);
    if (session.signals >= 0)
        close(session.signals);
    client_close(&session.client);
    return status;
}
