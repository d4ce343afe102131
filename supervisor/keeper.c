/* The keeper: real parent of the supervisor and of every service, so that no exit status is lost.
 *
 * It keeps what must outlive a supervisor (exit records, files), tells it to every new one, and
 * starts the next when one has died, whatever of. It allocates nothing, parses nothing and decides
 * nothing about services. When the supervisor has ended in order, so does the keeper. */
#include "supervisor/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/handover.h"
#include "supervisor/keeper_birth.h"
#include "supervisor/keeper_files.h"
#include "supervisor/keeper_records.h"
#include "supervisor/keeper_say.h"
#include "supervisor/keeper_table.h"

#define OWN_OOM_SCORE_ADJ "-900" // what we are allowed to; a service never inherits it

struct keeper {
    struct keeper_birth birth;
    pid_t supervisor;   // 0: there is none at present …
    int64_t born_ms;    //
    int64_t next_at_ms; // … and its successor's time has come then
    uint32_t pause_ms;  // before the birth of this one
    int channel;        // to it; -1: none, or it has closed its end
    bool told;          // all that it found: KEEPER_TOLD
    bool was_ready;     // it, or one before it
    bool ended;         // it has, and `end` says how
    siginfo_t end;      //
    int upgrade;        // folder of the build that goes on after it; -1: it is this one
    int signals;        // signalfd
    int signalled;      // one that came, and has no record yet; 0: none
    struct keeper_records records;
    struct keeper_files files;
};

static struct keeper keeper; // zeroed: pages that are not used are not there

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void protect_from_oom(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)!write(fd, OWN_OOM_SCORE_ADJ, strlen(OWN_OOM_SCORE_ADJ));
    close(fd);
}

/* --- what has happened ---------------------------------------------------------------------- */

static void reap_supervisor(void)
{
    siginfo_t info = {0};

    if (keeper.supervisor && !keeper.ended &&
        waitid(P_PID, (id_t)keeper.supervisor, &info, WEXITED | WNOHANG) == 0 && info.si_pid) {
        keeper.ended = true;
        keeper.end = info;
    }
}

/* Whoever has ended, as far as there is room in the table. */
static void reap(void)
{
    siginfo_t info = {0};

    if (keeper.signalled && !keeper_records_are_full(&keeper.records)) {
        keeper_records_add(&keeper.records, &(struct keeper_record){.status = keeper.signalled});
        keeper.signalled = 0;
    }
    reap_supervisor(); // first: in a full table there is no room to look for it among the others
    while (!keeper_records_are_full(&keeper.records) &&
           waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0) {
        const struct keeper_record record = {info.si_pid, info.si_code, info.si_status};
        if (info.si_pid == keeper.supervisor) {
            keeper.ended = true;
            keeper.end = info;
        } else {
            keeper_records_add(&keeper.records, &record);
        }
    }
}

/* SIGCHLD is only a hint to look; everything else asks the stack to stop. */
static void take_signals(void)
{
    struct signalfd_siginfo info;

    while (read(keeper.signals, &info, sizeof(info)) == sizeof(info))
        if (info.ssi_signo != SIGCHLD)
            keeper.signalled = (int)info.ssi_signo;
}

/* --- the channel ---------------------------------------------------------------------------- */

/* Files, records, and that this was all; then records as they come. True: it takes no more at
 * present. */
static bool tell(void)
{
    const struct keeper_message told = {.kind = KEEPER_TOLD};

    if (keeper.channel < 0)
        return false;
    if ((!keeper.told && !keeper_files_tell(&keeper.files, keeper.channel)) ||
        !keeper_records_tell(&keeper.records, keeper.channel))
        return true;
    if (!keeper.told && !keeper_records_are_full(&keeper.records))
        keeper.told = send(keeper.channel, &told, sizeof(told), MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
    return !keeper.told && !keeper_records_are_full(&keeper.records);
}

static void obey(const struct keeper_message *message, int file)
{
    static const char *const no_room[] = {"a file cannot be held: there are too many", NULL};

    if (message->kind == KEEPER_ACKNOWLEDGED) {
        keeper_records_acknowledge(&keeper.records, message->count);
    } else if (message->kind == KEEPER_READY) {
        keeper.was_ready = true;
    } else if (message->kind == KEEPER_DROP) {
        keeper_files_drop(&keeper.files, message->tag);
    } else if (message->kind == KEEPER_HOLD && file >= 0) {
        if (!keeper_files_hold(&keeper.files, message->tag, file))
            keeper_say(STDERR_FILENO, no_room);
        return;
    } else if (message->kind == KEEPER_PLAN && file >= 0) {
        (void)dup2(file, HANDOVER_PLAN);
    } else if (message->kind == KEEPER_UPGRADE && file >= 0 && keeper.upgrade < 0) {
        keeper.upgrade = file;
        return;
    }
    if (file >= 0)
        close(file);
}

/* One message. False: there is none at present; or never again, and the channel is closed. */
static bool take_message(void)
{
    struct keeper_message letter;
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {&letter, sizeof(letter)};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = CMSG_LEN(sizeof(int))};
    ssize_t size;
    int file = -1;

    if (keeper.channel < 0)
        return false;
    size = recvmsg(keeper.channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size < 0) // ECONNRESET: it died with something unread, which is told once, and not unsaid
        return errno == ECONNRESET;
    if (size == 0) {
        close(keeper.channel);
        keeper.channel = -1;
        return false;
    }
    if (message.msg_controllen >= CMSG_LEN(sizeof(int)) && control.align.cmsg_type == SCM_RIGHTS)
        memcpy(&file, CMSG_DATA(&control.align), sizeof(file));
    if (size == sizeof(letter))
        obey(&letter, file);
    else if (file >= 0)
        close(file);
    return true;
}

/* --- waiting ---------------------------------------------------------------------------------- */

/* Without a supervisor only until the next one's time has come. */
static int patience_ms(void)
{
    int64_t left = keeper.next_at_ms - now_ms();

    return keeper.supervisor ? -1 : left > 0 ? (int)left : 0;
}

/* Until the supervisor has ended, or it is time for the next one. */
static void keep(void)
{
    struct pollfd fds[] = {{.events = POLLIN}, {.fd = keeper.signals, .events = POLLIN}};

    /* What a death needs comes first: whoever waits for it does not wait for our housekeeping. A
     * child that ends between the first look and the signal is seen by the second. */
    for (;;) {
        bool full;
        reap();
        full = tell();
        if (fds[1].revents)
            take_signals();
        while (take_message())
            ;
        if (fds[0].revents || fds[1].revents) {
            reap();
            full = tell();
        }
        if (keeper.ended || patience_ms() == 0)
            return;
        fds[0].fd = keeper.channel;
        fds[0].events = (short)(POLLIN | (full ? POLLOUT : 0));
        if (poll(fds, 2, patience_ms()) <= 0)
            fds[0].revents = fds[1].revents = 0; // EINTR: stopped and continued
    }
}

/* --- one after the other ---------------------------------------------------------------------- */

/* 0 or negative errno. */
static int start_supervisor(void)
{
    int result = keeper_birth(&keeper.birth, &keeper.supervisor, &keeper.channel);

    keeper.born_ms = now_ms();
    keeper.told = keeper.ended = false;
    keeper_files_tell_again(&keeper.files);
    keeper_records_tell_again(&keeper.records);
    return result;
}

/* How it ended, and what follows. */
static void say_end(const char *follows)
{
    bool killed = keeper.end.si_code != CLD_EXITED;
    char digits[KEEPER_DIGITS], pause[KEEPER_DIGITS];
    bool waits = keeper.pause_ms > 0 && keeper.was_ready;
    const char *const words[] = {killed ? "the supervisor was killed by signal "
                                        : "the supervisor ended with status ",
                                 keeper_digits((uint32_t)keeper.end.si_status, digits),
                                 follows,
                                 waits ? ", in " : "",
                                 waits ? keeper_digits(keeper.pause_ms, pause) : "",
                                 waits ? " ms" : "",
                                 NULL};

    keeper_say(STDERR_FILENO, words);
}

static void await_next(void)
{
    if (keeper.birth.how) // the first one is followed at once
        keeper.pause_ms = keeper_pause_ms(keeper.pause_ms, now_ms() - keeper.born_ms);
    keeper.next_at_ms = now_ms() + keeper.pause_ms;
}

/* It has ended: what it had said before is heard, and what was asked of it. */
static void bury_supervisor(void)
{
    take_signals();
    while (take_message())
        ;
    if (keeper.channel >= 0)
        close(keeper.channel);
    keeper.channel = -1;
    keeper.supervisor = 0;
    keeper.ended = false;
}

static bool is_last(void)
{
    return !keeper.was_ready ||
           (keeper.end.si_code == CLD_EXITED && keeper.end.si_status == HANDOVER_DONE);
}

/* None, or not yet: in a while. */
static void try_later(const char *what, int error)
{
    keeper_say_failed(STDERR_FILENO, what, error);
    await_next();
}

static void succeed(void)
{
    int result;

    keeper.birth.how = HANDOVER_ADOPT;
    result = start_supervisor();
    if (result < 0)
        try_later("cannot start the next supervisor", -result);
}

/* Comes back when that has failed: then this build goes on. */
static void upgrade(void)
{
    int table = keeper_table_save(&keeper.records, &keeper.files);
    int result = table;

    if (table >= 0) {
        keeper_files_pass_on(&keeper.files, true);
        result = keeper_become(&keeper.birth, keeper.upgrade, table);
        keeper_files_pass_on(&keeper.files, false);
        close(table);
    }
    keeper_say_failed(STDERR_FILENO, "the other build cannot be started", -result);
    close(keeper.upgrade);
    keeper.upgrade = -1;
}

/* The supervisor's status becomes ours. */
static int end(void)
{
    siginfo_t other;

    do
        other.si_pid = 0;
    while (waitid(P_ALL, 0, &other, WEXITED | WNOHANG) == 0 && other.si_pid != 0);
    if (keeper.end.si_code == CLD_EXITED)
        return keeper.end.si_status;
    say_end(" before it was ready");
    return 128 + keeper.end.si_status;
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

/* What the keeper of another build knew, if this one goes on for it. */
static void take_table(void)
{
    int result = 0;

    keeper.was_ready = keeper.birth.how && strcmp(keeper.birth.how, HANDOVER_UPGRADE) == 0;
    if (keeper.was_ready)
        result = keeper_table_load(HANDOVER_TABLE, &keeper.records, &keeper.files);
    if (result < 0)
        keeper_say_failed(STDERR_FILENO, "what the keeper before this one knew is lost", -result);
    (void)dup2(STDIN_FILENO, HANDOVER_TABLE); // no other file is to have that number
}

static int start_first(void)
{
    int result = start_supervisor();

    if (result < 0 && keeper.was_ready) {
        try_later("cannot start the supervisor", -result);
    } else if (result < 0) {
        keeper_say_failed(HANDOVER_READY, "cannot start the supervisor", -result);
        return 1;
    }
    (void)dup2(STDIN_FILENO, HANDOVER_READY); // the null device: nobody waits any more
    return 0;
}

/* Returns the exit status. */
static int keep_all(void)
{
    for (;;) {
        keep();
        if (!keeper.supervisor) {
            succeed();
            continue;
        }
        bury_supervisor();
        if (is_last())
            return end();
        if (keeper.upgrade >= 0)
            upgrade();
        await_next();
        say_end(": the next one takes over");
    }
}

int keeper_main(const char *stack, const char *libexec_dir, const char *how)
{
    keeper.birth = (struct keeper_birth){stack, libexec_dir, how};
    keeper.channel = keeper.upgrade = -1;
    take_table();
    protect_from_oom();
    keeper.signals = watch_signals();
    if (keeper.signals < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) {
        keeper_say_failed(HANDOVER_READY, "cannot become the parent of the stack", errno);
        return 1;
    }
    return start_first() != 0 ? 1 : keep_all();
}
