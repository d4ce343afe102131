/* The keeper: real parent of the supervisor and of every service, so that no exit status is lost.
 *
 * Of each child that ended it keeps a record until the supervisor has accounted for it; when its
 * table is full, the others stay zombies, whose records the kernel keeps. It allocates nothing,
 * parses nothing and decides nothing.
 *
 * Signals are passed on to the supervisor. When the supervisor ends, so does the keeper. */
#include "supervisor/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/handover.h"
#include "core/paths.h"

#define OWN_OOM_SCORE_ADJ "-900" // what we are allowed to; a service never inherits it
#define PATH_BYTES        4096

struct keeper {
    pid_t supervisor;
    int channel;     // -1: the supervisor has closed its end
    int signals;     // signalfd
    bool ended;      // the supervisor has, and `end` says how
    siginfo_t end;   //
    uint32_t oldest; // number of the oldest record that is not acknowledged …
    uint32_t told;   // … of the first that could not be sent yet …
    uint32_t next;   // … and of the next child's; all of them counted from the first child
    struct keeper_message records[KEEPER_RECORDS_MAX]; // by number, modulo
};

/* One line to where it is read: `up` waits at READY, afterwards the stack's log takes stderr. */
static void say(int fd, const char *const *words)
{
    char line[512], *at = line;

    for (; *words; words++) {
        size_t length = strlen(*words);
        if (length > (size_t)(line + sizeof(line) - 1 - at))
            break;
        at = mempcpy(at, *words, length);
    }
    *at++ = '\n';
    (void)!write(fd, line, (size_t)(at - line));
}

static void say_failed(int fd, const char *what, int error)
{
    const char *why = strerrordesc_np(error);
    const char *const words[] = {"bulkhead-keeper: ", what, ": ", why ? why : "?", NULL};

    say(fd, words);
}

static void protect_from_oom(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)!write(fd, OWN_OOM_SCORE_ADJ, strlen(OWN_OOM_SCORE_ADJ));
    close(fd);
}

/* --- birth -------------------------------------------------------------------------------- */

static void become_supervisor(int channel, const char *stack, const char *libexec_dir)
{
    char path[PATH_BYTES] = "";
    char *const argv[] = {(char[]){"bulkheadd"}, (char *)(uintptr_t)stack,
                          (char *)(uintptr_t)libexec_dir, NULL};

    if (strlen(libexec_dir) + sizeof("/bulkheadd") <= sizeof(path))
        stpcpy(stpcpy(path, libexec_dir), "/bulkheadd");
    if (dup2(channel, HANDOVER_KEEPER) >= 0)
        execve(path, argv, environ);
    say_failed(HANDOVER_READY, path, errno);
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

static int start_supervisor(struct keeper *keeper, const char *stack, const char *libexec_dir)
{
    int pair[2], cgroup, result;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    cgroup = openat(HANDOVER_CGROUP, CGROUP_SUPERVISOR, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    result = cgroup < 0 ? -errno : clone_into(cgroup);
    if (result == 0)
        become_supervisor(pair[1], stack, libexec_dir);
    if (cgroup >= 0)
        close(cgroup);
    close(pair[1]);
    keeper->channel = pair[0];
    keeper->supervisor = result;
    return result < 0 ? result : 0;
}

/* --- exit records ------------------------------------------------------------------------- */

static struct keeper_message *record_of(struct keeper *keeper, uint32_t number)
{
    return &keeper->records[number % KEEPER_RECORDS_MAX];
}

/* Reaps whoever has ended into the table, as far as there is room. */
static void reap(struct keeper *keeper)
{
    siginfo_t info = {0};

    while (keeper->next - keeper->oldest < KEEPER_RECORDS_MAX &&
           waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0) {
        if (info.si_pid == keeper->supervisor) { // the channel says the same
            keeper->ended = true;
            keeper->end = info;
            continue;
        }
        *record_of(keeper, keeper->next++) = (struct keeper_message){
            .kind = KEEPER_EXITED,
            .pid = info.si_pid,
            .code = info.si_code,
            .status = info.si_status,
        };
    }
}

/* Should the channel be full, the next acknowledgement makes room. */
static void tell(struct keeper *keeper)
{
    while (keeper->told != keeper->next) {
        const struct keeper_message *record = record_of(keeper, keeper->told);
        if (send(keeper->channel, record, sizeof(*record), MSG_NOSIGNAL | MSG_DONTWAIT) !=
            sizeof(*record))
            return;
        keeper->told++;
    }
}

/* False when the supervisor has closed the channel. */
static bool take_acknowledgement(struct keeper *keeper)
{
    struct keeper_message message;
    ssize_t size = recv(keeper->channel, &message, sizeof(message), MSG_DONTWAIT);

    if (size < 0)
        return errno == EAGAIN || errno == EINTR;
    if (size == sizeof(message) && message.kind == KEEPER_ACKNOWLEDGED &&
        message.count <= keeper->told - keeper->oldest)
        keeper->oldest += message.count;
    return size > 0;
}

/* SIGCHLD is only a hint to look; everything else asks the stack to stop. */
static void take_signal(const struct keeper *keeper)
{
    struct signalfd_siginfo info;

    if (read(keeper->signals, &info, sizeof(info)) == sizeof(info) && info.ssi_signo != SIGCHLD)
        (void)kill(keeper->supervisor, SIGTERM);
}

static void keep(struct keeper *keeper)
{
    struct pollfd fds[] = {{.fd = keeper->channel, .events = POLLIN},
                           {.fd = keeper->signals, .events = POLLIN}};

    /* What a death needs comes first: whoever waits for it does not wait for our housekeeping. A
     * child that ends between the first look and the signal is seen by the second. */
    for (;;) {
        reap(keeper);
        tell(keeper);
        if (fds[1].revents)
            take_signal(keeper);
        if (fds[0].revents && !take_acknowledgement(keeper))
            return;
        if (fds[0].revents || fds[1].revents) {
            reap(keeper);
            tell(keeper);
        }
        while (poll(fds, 2, -1) < 0)
            ; // EINTR: stopped and continued
    }
}

/* --- the end ------------------------------------------------------------------------------ */

/* The supervisor has ended, or is about to: its status becomes ours. */
static int end_with_supervisor(const struct keeper *keeper)
{
    siginfo_t info = keeper->end, other;
    char digits[4] = {0}, *digit = digits;
    const char *const words[] = {
        "bulkhead-keeper: the supervisor was killed by signal ", digits,
        "; its services run on, the next `bulkhead up` ends what is left of them", NULL};

    while (!keeper->ended && waitid(P_PID, (id_t)keeper->supervisor, &info, WEXITED) < 0 &&
           errno == EINTR)
        ;
    do
        other.si_pid = 0;
    while (waitid(P_ALL, 0, &other, WEXITED | WNOHANG) == 0 && other.si_pid != 0);
    if (info.si_code == CLD_EXITED)
        return info.si_status;
    if (info.si_status >= 10)
        *digit++ = (char)('0' + info.si_status / 10 % 10);
    *digit = (char)('0' + info.si_status % 10);
    say(STDERR_FILENO, words);
    return 128 + info.si_status;
}

static int watch_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGPIPE); // blocked only: a lost reader is an error of write(2)
    if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
        return -1;
    sigdelset(&set, SIGPIPE);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int keeper_main(const char *stack, const char *libexec_dir)
{
    struct keeper keeper = {.channel = -1};
    int result;

    protect_from_oom();
    keeper.signals = watch_signals();
    if (keeper.signals < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) {
        say_failed(HANDOVER_READY, "cannot become the parent of the stack", errno);
        return 1;
    }
    result = start_supervisor(&keeper, stack, libexec_dir);
    if (result < 0) {
        say_failed(HANDOVER_READY, "cannot start the supervisor", -result);
        return 1;
    }
    close(HANDOVER_READY);
    keep(&keeper);
    return end_with_supervisor(&keeper);
}
