/* See recording.h. */
#include "supervisor/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/handover.h"
#include "core/paths.h"
#include "supervisor/briefing.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/cgroup.h"
#include "supervisor/sys/sock.h"
#include "supervisor/sys/spawn.h"

#define DELAY_FIRST span_ms(100)
#define DELAY_MAX   span_sec(60)
#define LIVED_WELL  span_ms(250)
#define DIE_WITHIN  span_sec(1) // of SIGKILL; else the next one is started beside it

/* What the recorder may hold: the ring at its largest, its history, the pages of the files that it
 * writes; and for each member what is unfinished of two lines. */
#define MEMORY_BYTES        ((int64_t)128 << 20)
#define MEMORY_MEMBER_BYTES ((int64_t)32 << 10)

void recording_init(struct recording *recording)
{
    *recording = (struct recording){
        .pidfd = -1,
        .report = -1,
        .channel = -1,
        .buffer = memfd_create("bulkhead-recorder", MFD_CLOEXEC),
        .start_at = INSTANT_NONE,
        .killed_at = INSTANT_NEVER,
        .delay = DELAY_FIRST,
    };
}

static void close_file(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* --- what outlives us ----------------------------------------------------------------------- */

/* What a recorder has read and not written. */
static void hold_buffer(struct supervisor *supervisor)
{
    struct recording *recording = &supervisor->recording;

    if (recording->buffer >= 0 && !recording->held)
        recording->held =
            reaper_hold(&supervisor->reaper, KEEPER_TAG_RING, NULL, recording->buffer) == 0;
}

/* Its channel: it records on, without a word from us, until the next of us takes it over. */
static void hold_channel(struct supervisor *supervisor, bool hold)
{
    struct recording *recording = &supervisor->recording;
    char pid[16];

    snprintf(pid, sizeof(pid), "%d", (int)recording->pid);
    if (hold)
        (void)reaper_hold(&supervisor->reaper, KEEPER_TAG_RECORDER, pid, recording->channel);
    else
        (void)reaper_drop(&supervisor->reaper, KEEPER_TAG_RECORDER, pid);
}

/* False: it has ended, or never was. */
static bool take_over(struct supervisor *supervisor, pid_t pid, int channel)
{
    struct recording *recording = &supervisor->recording;
    struct pollfd end = {.fd = channel};
    int pidfd = pid > 0 ? pidfd_open(pid, 0) : -1;

    if (pidfd < 0)
        return false;
    /* Its end is open, so it lives; and if it lives by now, the pid was nobody else's before. */
    if (recording->pid || poll(&end, 1, 0) < 0 || (end.revents & POLLHUP)) {
        close(pidfd);
        return false;
    }
    recording->pid = pid;
    recording->pidfd = pidfd;
    recording->channel = channel;
    recording->started = supervisor->now;
    watching_begin(&recording->watching, supervisor->now);
    return true;
}

bool recording_held(struct supervisor *supervisor, const struct keeper_news *news)
{
    struct recording *recording = &supervisor->recording;
    size_t length = strlen(KEEPER_TAG_RECORDER);

    if (strcmp(news->tag, KEEPER_TAG_RING) == 0) {
        close_file(&recording->buffer);
        recording->buffer = news->file;
        recording->held = true;
        return true;
    }
    if (strncmp(news->tag, KEEPER_TAG_RECORDER, length) != 0)
        return false;
    if (!take_over(supervisor, (pid_t)strtol(news->tag + length, NULL, 10), news->file)) {
        (void)reaper_drop(&supervisor->reaper, news->tag, NULL);
        close(news->file);
    }
    return true;
}

/* --- its life ------------------------------------------------------------------------------- */

static void forget(struct supervisor *supervisor)
{
    struct recording *recording = &supervisor->recording;

    if (recording->report >= 0)
        loop_remove(&supervisor->loop, recording->report);
    close_file(&recording->report);
    if (recording->pidfd >= 0)
        loop_remove(&supervisor->loop, recording->pidfd);
    close_file(&recording->pidfd);
    hold_channel(supervisor, false);
    close_file(&recording->channel);
    recording->pid = 0;
    recording->killed_at = INSTANT_NEVER;
}

static void try_later(struct supervisor *supervisor)
{
    struct recording *recording = &supervisor->recording;

    recording->start_at = INSTANT_NEVER;
    if (recording->ending)
        return;
    recording->start_at = instant_add(supervisor->now, recording->delay);
    recording->delay.ns = recording->delay.ns ? recording->delay.ns * 2 : DELAY_FIRST.ns;
    if (recording->delay.ns > DELAY_MAX.ns)
        recording->delay = DELAY_MAX;
}

static void say_failed(struct supervisor *supervisor, enum spawn_step step, int error)
{
    if (!supervisor->recording.said)
        supervisor_say(supervisor,
                       "the recorder cannot be started: %s: %s; output is kept in the "
                       "FIFOs as far as it fits",
                       spawn_step_name(step), strerrordesc_np(error));
    supervisor->recording.said = true;
}

/* Only ever more: a limit that is lowered may make who writes it wait. */
static void limit_memory(struct supervisor *supervisor, int cgroup)
{
    struct recording *recording = &supervisor->recording;
    int64_t bytes = MEMORY_BYTES + MEMORY_MEMBER_BYTES * (int64_t)supervisor->roster.members_count;
    char digits[24];
    const struct control controls[] = {
        {.file = "memory.swap.max", .value = "0", .optional = true},
        {.file = "memory.max", .value = digits, .optional = true},
    };
    int result;

    if (bytes <= recording->limit_bytes)
        return;
    snprintf(digits, sizeof(digits), "%lld", (long long)bytes);
    result = cgroup_limit(cgroup, controls, sizeof(controls) / sizeof(controls[0]));
    if (result < 0)
        supervisor_say(supervisor, "the memory of the recorder cannot be limited: %s",
                       strerrordesc_np(-result));
    recording->limit_bytes = bytes;
}

static int bear(struct supervisor *supervisor, const char *path, int channel, enum spawn_step *step)
{
    char *const argv[] = {(char[]){"bulkhead-recorder"}, supervisor->roster.stack, NULL};
    const struct launch launch = {
        .program = path,
        .argv = argv,
        .envp = environ,
        .directory = "/",
        .keep_identity = true, // it opens its folders and drops what it may then
    };
    struct birth birth = {
        .launch = &launch,
        .to_parent = supervisor->reaper.channel >= 0,
        .keep_oom_score = true, // a lower one than ours may not be ours to set
        .files = supervisor->files_raised ? &supervisor->files : NULL,
        .pass = {{HANDOVER_LOCK, HANDOVER_LOCK},
                 {channel, HANDOVER_RECORDER},
                 {supervisor->recording.buffer, HANDOVER_BUFFER}},
        .pass_count = supervisor->recording.buffer < 0 ? 2 : 3,
    };
    struct recording *recording = &supervisor->recording;
    struct newborn newborn;
    int result;

    *step = SPAWN_STEP_CGROUP;
    result = cgroup_open(HANDOVER_CGROUP, CGROUP_RECORDER, &birth.cgroup);
    if (result < 0)
        return result;
    limit_memory(supervisor, birth.cgroup);
    result = spawn_birth(&birth, &newborn, step);
    close(birth.cgroup);
    if (result < 0)
        return result;
    recording->pid = newborn.pid;
    recording->pidfd = newborn.pidfd;
    recording->report = newborn.report;
    recording->own = !birth.to_parent;
    recording->started = supervisor->now;
    watching_begin(&recording->watching, supervisor->now);
    hold_channel(supervisor, true);
    return loop_add(&supervisor->loop, newborn.report, EPOLLIN, SOURCE_RECORDER, 0);
}

static void start(struct supervisor *supervisor)
{
    struct recording *recording = &supervisor->recording;
    enum spawn_step step = SPAWN_STEP_PIPE;
    char path[4096];
    int theirs = -1, result;

    hold_buffer(supervisor);
    if ((size_t)snprintf(path, sizeof(path), "%s/bulkhead-recorder", supervisor->libexec_dir) >=
        sizeof(path))
        result = -ENAMETOOLONG;
    else
        result = sock_pair(&recording->channel, &theirs);
    if (result == 0)
        result = briefing_plan(supervisor, recording->channel); // waits there for it
    if (result == 0)
        result = bear(supervisor, path, theirs, &step);
    close_file(&theirs);
    recording->start_at = INSTANT_NEVER;
    if (result == 0)
        return;
    say_failed(supervisor, step, -result);
    if (recording->pid)
        return;
    close_file(&recording->channel);
    try_later(supervisor);
}

/* --- is it there? --------------------------------------------------------------------------- */

static void hear_answers(struct recording *recording)
{
    struct recorder_message answer;

    while (sock_receive(recording->channel, &answer, sizeof(answer)) == sizeof(answer))
        if (answer.kind == RECORDER_ASKED)
            watching_answer(&recording->watching, answer.first, answer.count);
}

static void watch(struct supervisor *supervisor)
{
    struct recording *recording = &supervisor->recording;
    struct recorder_message question = {.kind = RECORDER_ASKED};

    if (!instant_reached(recording->watching.look_at, supervisor->now))
        return;
    hear_answers(recording);
    switch (watching_look(&recording->watching, supervisor->now)) {
    case WATCHING_ASK:
        question.first = recording->watching.asked;
        (void)sock_send(recording->channel, &question, sizeof(question)); // else: no answer
        break;
    case WATCHING_KILL:
        supervisor_say(supervisor, "the recorder does not answer; another one is started");
        recording_kill(supervisor);
        recording->killed_at = supervisor->now;
        break;
    case WATCHING_WAIT:
        break;
    }
}

/* Killed, and still not dead: none of its threads will see a line of our program again, but one
 * that hangs in a system call keeps it from ending. Its death will be nobody's. */
static void give_up(struct supervisor *supervisor)
{
    supervisor_say(supervisor, "the recorder that was killed does not end: the disk hangs");
    forget(supervisor);
    supervisor->recording.start_at = supervisor->now;
}

instant recording_deadline(const struct recording *recording)
{
    if (!recording->pid)
        return recording->start_at;
    if (recording->ending)
        return INSTANT_NEVER;
    if (recording->killed_at.ns != INSTANT_NEVER.ns)
        return instant_add(recording->killed_at, DIE_WITHIN);
    return recording->watching.look_at;
}

void recording_turn(struct supervisor *supervisor)
{
    const struct recording *recording = &supervisor->recording;

    if (recording->pid && !recording->ending) {
        if (recording->killed_at.ns == INSTANT_NEVER.ns)
            watch(supervisor);
        else if (instant_reached(recording_deadline(recording), supervisor->now))
            give_up(supervisor);
    }
    if (!recording->pid && instant_reached(recording->start_at, supervisor->now))
        start(supervisor);
}

void recording_report(struct supervisor *supervisor)
{
    struct recording *recording = &supervisor->recording;
    struct spawn_report failure;
    int result;

    if (recording->report < 0)
        return;
    result = spawn_report(recording->report, &failure);
    if (result == -EAGAIN)
        return;
    if (result == 1)
        say_failed(supervisor, failure.step, failure.error);
    else
        recording->said = false;
    loop_remove(&supervisor->loop, recording->report);
    close_file(&recording->report);
}

void recording_died(struct supervisor *supervisor, bool failed)
{
    struct recording *recording = &supervisor->recording;

    recording_report(supervisor);
    if (!recording->ending && !recording->said && recording->killed_at.ns == INSTANT_NEVER.ns)
        supervisor_say(supervisor, "the recorder ended; it is started again");
    /* Who writes much waits meanwhile: one that lived well is followed at once. */
    if (instant_since(supervisor->now, recording->started).ns >= LIVED_WELL.ns)
        recording->delay = span_ns(0);
    forget(supervisor);
    try_later(supervisor);
    if (!recording->ending || !failed || recording->second)
        return;
    recording->second = true;
    supervisor_say(supervisor, "the recorder did not end as it should; a second one keeps what it "
                               "has left, but some output may be missing");
    supervisor_finish(supervisor);
}

/* Whoever does not take it is replaced by one that gets it at its birth. */
void recording_reload(struct supervisor *supervisor)
{
    struct recording *recording = &supervisor->recording;
    int cgroup;

    if (!recording->pid || recording->channel < 0)
        return;
    if (cgroup_open(HANDOVER_CGROUP, CGROUP_RECORDER, &cgroup) == 0) {
        limit_memory(supervisor, cgroup);
        close(cgroup);
    }
    if (briefing_plan(supervisor, recording->channel) < 0)
        recording_kill(supervisor);
}

void recording_renew(struct supervisor *supervisor)
{
    struct recording *recording = &supervisor->recording;

    if (!recording->pid || recording->channel < 0)
        return;
    (void)shutdown(recording->channel, SHUT_RDWR); // the end, without RECORDER_END
    forget(supervisor);
    recording->start_at = supervisor->now;
}

void recording_finish(struct supervisor *supervisor)
{
    const struct recorder_message end = {.kind = RECORDER_END};
    struct recording *recording = &supervisor->recording;

    if (!recording->pid)
        start(supervisor); // what lies in the FIFOs is still to be kept
    recording->ending = true;
    recording->start_at = INSTANT_NEVER;
    if (recording->channel >= 0) {
        (void)sock_send(recording->channel, &end,
                        sizeof(end));                  // else it fails, and a second one is told
        (void)shutdown(recording->channel, SHUT_RDWR); // the keeper has it open, too
    }
    hold_channel(supervisor, false);
    close_file(&recording->channel);
}

void recording_kill(struct supervisor *supervisor)
{
    if (supervisor->recording.pidfd >= 0)
        (void)pidfd_send_signal(supervisor->recording.pidfd, SIGKILL, NULL, 0);
}
