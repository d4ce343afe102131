/* bulkhead-recorder STACK: keeps the output of a stack's services. Started by the supervisor with
 * open files at agreed numbers (core/handover.h); lives until the supervisor closes its pipe. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/handover.h"
#include "core/paths.h"
#include "core/planfile.h"
#include "recorder/archive.h"
#include "recorder/fanin.h"
#include "recorder/history.h"

#define HISTORY_PATIENCE_MS 2000 // of the supervisor's with all of us, at the end

static ssize_t read_some(void *self, void *bytes, size_t size, uint64_t offset)
{
    ssize_t got = pread(*(const int *)self, bytes, size, (off_t)offset);

    return got < 0 ? -errno : got;
}

/* 0, 1 with *ret_why when it is no plan file, or a negative errno. */
static int read_roster(int plan, struct roster *ret, const char **ret_why)
{
    struct planfile_source source = {.read = read_some, .self = &plan};
    struct stat status;

    if (fstat(plan, &status) < 0)
        return -errno;
    source.size = (uint64_t)status.st_size;
    return planfile_load(&source, ret, ret_why);
}

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

/* Three descriptors a member. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* There is another plan in the runtime folder: goes on with that one, or else with the old one. */
static void follow(struct fanin *fanin, struct roster *roster)
{
    char path[PATH_MAX];
    struct roster new = {0};
    const char *why = "";
    int plan, failed;

    snprintf(path, sizeof(path), "%s/%s", roster->runtime_dir, PATH_PLAN);
    plan = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    failed = plan < 0 ? -errno : read_roster(plan, &new, &why);
    if (plan >= 0)
        close(plan);
    if (failed == 0)
        failed = fanin_follow(fanin, &new, &why);
    if (failed != 0) {
        fanin_note(fanin, "recorder: cannot go on with the new plan: %s: %s", why,
                   failed < 0 ? strerror(-failed) : "what is new is not recorded");
        roster_finish(&new);
        return;
    }
    roster_finish(roster);
    *roster = new;
}

static int record(struct roster *roster)
{
    int buffer = fcntl(HANDOVER_BUFFER, F_GETFD) < 0 ? -1 : HANDOVER_BUFFER;
    struct history *history;
    struct fanin *fanin = NULL;
    const char *what;
    int failed = fanin_create(roster, buffer, &fanin, &what);

    if (failed != 0) {
        fprintf(stderr, "bulkhead-recorder: cannot %s: %s\n", what, strerror(-failed));
        return EXIT_FAILURE;
    }
    history = history_start(roster->runtime_dir, roster->state_dir);
    while ((failed = fanin_run(fanin, HANDOVER_RECORDER)) == 1)
        follow(fanin, roster);
    if (failed != 0)
        fanin_note(fanin, "recorder: cannot wait for output: %s", strerror(-failed));
    history_end(history);
    fanin_drain(fanin);
    failed = archive_journal(roster->runtime_dir, roster->state_dir);
    if (failed != 0)
        fanin_note(fanin, "recorder: cannot keep the journal in %s: %s", roster->state_dir,
                   strerror(-failed));
    history_finish(history, HISTORY_PATIENCE_MS);
    fanin_destroy(fanin); // when all is written
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* What we read was just written by somebody who is busy: a death's marker wakes us on the processor
 * that the next incarnation is born on. SCHED_BATCH keeps a wake-up from pre-empting (sched(7)). */
static void yield_to_newborn(void)
{
    (void)sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0});
}

int main(int argc, char **argv)
{
    struct roster roster = {0};
    const char *why = "";
    int status = EXIT_FAILURE;
    int failed;

    if (argc != 2) {
        fprintf(stderr, "bulkhead-recorder: it is started by bulkheadd, not by hand\n");
        return 2;
    }
    (void)mallopt(M_ARENA_MAX, 1); // two threads that seldom ask: a second heap is not worth it
    ignore_signals();
    take_sigio();
    raise_descriptor_limit();
    yield_to_newborn();
    failed = read_roster(HANDOVER_PLAN, &roster, &why);
    if (failed != 0)
        fprintf(stderr, "bulkhead-recorder: %s: cannot read the plan: %s\n", argv[1],
                failed < 0 ? strerror(-failed) : why);
    else
        status = record(&roster);
    roster_finish(&roster);
    return status;
}
