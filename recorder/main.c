/* bulkhead-recorder STACK: keeps the output of a stack's services. Started by the supervisor with
 * open files at agreed numbers (core/handover.h); lives until the supervisor says so, or is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "core/handover.h"
#include "recorder/archive.h"
#include "recorder/fanin.h"
#include "recorder/handed.h"
#include "recorder/history.h"
#include "recorder/place.h"
#include "recorder/sandbox.h"

#define HISTORY_PATIENCE_MS 2000 // of the supervisor's with all of us, at the end

/* It ends when the supervisor says so: a signal meant for the services or the terminal's group must
 * not cost their last lines. */
static void ignore_signals(void)
{
    static const int ignored[] = {SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGQUIT};
    size_t i;

    for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        signal(ignored[i], SIG_IGN);
}

static void wake(int number)
{
    (void)number;
}

/* SIGIO is for whoever waits for output (fanin.h). */
static void take_sigio(void)
{
    struct sigaction action = {.sa_handler = wake};
    sigset_t blocked;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGIO);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    sigaction(SIGIO, &action, NULL);
}

/* Two descriptors a member, and two more while another plan comes. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* --- what is handed over -------------------------------------------------------------------- */

/* The first plan: 1; 0 or -EPIPE: the end came first; or another negative errno. */
static int wait_for_plan(struct handed *handed)
{
    struct pollfd channel = {.fd = HANDOVER_RECORDER, .events = POLLIN};
    int heard;

    while ((heard = handed_hear(handed, HANDOVER_RECORDER, 0, true)) == -EAGAIN)
        if (poll(&channel, 1, -1) < 0 && errno != EINTR)
            return -errno;
    return heard;
}

static void say_kept(void *context, const char *what, int error)
{
    if (error == 0)
        fanin_note(context, "recorder: %s", what);
    else
        fanin_note(context, "recorder: %s: %s", what, strerror(error));
}

/* --- its life --------------------------------------------------------------------------------- */

/* What both threads work with (crew.h). */
struct work {
    struct place *place;
    struct handed *handed;
    struct fanin *fanin;
    struct history *history;
};

/* Until there is no more. 0: the stack has ended; -EPIPE: the supervisor is gone; -EAGAIN: not yet;
 * or another negative errno. */
static int follow(const struct work *work)
{
    struct handed *handed = work->handed;
    int heard;

    while ((heard = handed_hear(handed, HANDOVER_RECORDER, fanin_reads(work->fanin),
                                !fanin_is_stuck(work->fanin))) == 1) {
        history_limit(work->history, &handed->roster.history);
        fanin_follow(work->fanin, handed);
        handed_finish(handed);
    }
    return heard;
}

/* Nobody writes any more. */
static int end(const struct work *work)
{
    int failed;

    history_end(work->history);
    fanin_drain(work->fanin);
    failed = archive_journal(work->place->runtime, work->place->state);
    if (failed != 0)
        fanin_note(work->fanin, "recorder: cannot keep the journal: %s", strerror(-failed));
    return failed;
}

/* A disk that hangs holds us up no longer than that: SIGALRM ends us. */
static void leave(const struct work *work)
{
    alarm(RECORDER_LEAVES_MS / 1000);
    history_end(work->history);
    fanin_leave(work->fanin);
}

/* Records to the end: CREW_RELIEVED; 0 or -EPIPE (handed.h); another negative errno: it cannot go
 * on, and somebody comes after us. */
static int record(void *context)
{
    const struct work *work = context;
    int heard = -EAGAIN;
    int failed;

    while (heard == -EAGAIN) {
        failed = fanin_run(work->fanin, HANDOVER_RECORDER);
        heard = failed != 0 ? failed : follow(work);
    }
    if (heard == 0)
        return end(work);
    if (heard == -EPIPE)
        leave(work);
    else if (heard != CREW_RELIEVED)
        fanin_note(work->fanin, "recorder: %s",
                   work->handed->why ? work->handed->why : strerror(-heard));
    return heard;
}

/* 0 or a negative errno, after saying what is wrong. */
static int live(struct place *place, struct handed *handed)
{
    int buffer = fcntl(HANDOVER_BUFFER, F_GETFD) < 0 ? -1 : HANDOVER_BUFFER;
    struct work work = {place, handed, NULL, history_prepare(place->runtime)};
    const char *what;
    int failed = fanin_create(place, buffer, &work.fanin, &what), result = 0;

    if (failed == 0) {
        /* All that may be done by root and by name is done; then it is given up. */
        sandbox_enter(place, say_kept, work.fanin);
        history_limit(work.history, &handed->roster.history);
        fanin_begin(work.fanin, handed);
        handed_finish(handed);
        history_start(work.history, place->state_path);
        what = "start a thread";
        failed = fanin_record(work.fanin, record, &work, &result); // until all is written
    }
    if (failed != 0)
        fprintf(stderr, "bulkhead-recorder: cannot %s: %s\n", what, strerror(-failed));
    history_end(work.history);
    history_finish(work.history, result == -EPIPE ? 0 : HISTORY_PATIENCE_MS);
    fanin_destroy(work.fanin);
    return failed != 0 ? failed : result;
}

/* What we read was just written by somebody who is busy: a death's marker wakes us on the processor
 * that the next incarnation is born on. SCHED_BATCH keeps a wake-up from pre-empting (sched(7)). */
static void yield_to_newborn(void)
{
    (void)sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0});
}

int main(int argc, char **argv)
{
    struct handed handed = {0};
    struct place place = {-1, -1, -1, -1, "", ""};
    const char *what = "read the plan";
    int status;

    if (argc != 2) {
        fprintf(stderr, "bulkhead-recorder: it is started by bulkheadd, not by hand\n");
        return 2;
    }
    tzset();                       // reads a file outside
    (void)mallopt(M_ARENA_MAX, 1); // two threads that seldom ask: a second heap is not worth it
    ignore_signals();
    take_sigio();
    raise_descriptor_limit();
    yield_to_newborn();
    status = wait_for_plan(&handed);
    if (status == 1)
        status = place_open(&handed.roster, &place, &what);
    else if (status == 0 || status == -EPIPE)
        return EXIT_SUCCESS;
    if (status < 0) {
        fprintf(stderr, "bulkhead-recorder: %s: cannot %s: %s\n", argv[1], what,
                handed.why ? handed.why : strerror(-status));
        handed_finish(&handed);
        return EXIT_FAILURE;
    }
    status = live(&place, &handed);
    handed_finish(&handed);
    place_close(&place);
    return status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
