/* See recording.h. */
#include "supervisor/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "core/handover.h"
#include "core/paths.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/cgroup.h"
#include "supervisor/sys/spawn.h"

#define DELAY_FIRST span_ms(100)
#define DELAY_MAX   span_sec(60)
#define LIVED_WELL  span_ms(250)

void recording_init(struct recording *recording)
{
    *recording = (struct recording){
        .pidfd = -1,
        .report = -1,
        .leash = -1,
        .buffer = memfd_create("bulkhead-recorder", MFD_CLOEXEC),
        .start_at = INSTANT_NONE,
        .delay = DELAY_FIRST,
    };
}

static void close_file(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void forget(struct supervisor *supervisor)
{
    struct recording *recording = &supervisor->recording;

    if (recording->report >= 0)
        loop_remove(&supervisor->loop, recording->report);
    close_file(&recording->report);
    if (recording->pidfd >= 0)
        loop_remove(&supervisor->loop, recording->pidfd);
    close_file(&recording->pidfd);
    close_file(&recording->leash);
    recording->pid = 0;
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

static int bear(struct supervisor *supervisor, const char *path, int leash, enum spawn_step *step)
{
    char *const argv[] = {(char[]){"bulkhead-recorder"}, supervisor->roster.stack, NULL};
    const struct launch launch = {
        .program = path,
        .argv = argv,
        .envp = environ,
        .directory = "/",
        .keep_identity = true,
    };
    struct birth birth = {
        .launch = &launch,
        .to_parent = supervisor->reaper.channel >= 0,
        .keep_oom_score = true, // a lower one than ours may not be ours to set
        .files = supervisor->files_raised ? &supervisor->files : NULL,
        .pass = {{HANDOVER_PLAN, HANDOVER_PLAN},
                 {HANDOVER_LOCK, HANDOVER_LOCK},
                 {leash, HANDOVER_RECORDER},
                 {supervisor->recording.buffer, HANDOVER_BUFFER}},
        .pass_count = supervisor->recording.buffer < 0 ? 3 : 4,
    };
    struct recording *recording = &supervisor->recording;
    struct newborn newborn;
    int result;

    *step = SPAWN_STEP_CGROUP;
    result = cgroup_open(HANDOVER_CGROUP, CGROUP_RECORDER, &birth.cgroup);
    if (result < 0)
        return result;
    result = spawn_birth(&birth, &newborn, step);
    close(birth.cgroup);
    if (result < 0)
        return result;
    recording->pid = newborn.pid;
    recording->pidfd = newborn.pidfd;
    recording->report = newborn.report;
    recording->own = !birth.to_parent;
    recording->started = supervisor->now;
    return loop_add(&supervisor->loop, newborn.report, EPOLLIN, SOURCE_RECORDER, 0);
}

static void start(struct supervisor *supervisor)
{
    struct recording *recording = &supervisor->recording;
    enum spawn_step step = SPAWN_STEP_PIPE;
    char path[4096];
    int leash[2], result;

    if ((size_t)snprintf(path, sizeof(path), "%s/bulkhead-recorder", supervisor->libexec_dir) >=
        sizeof(path))
        result = -ENAMETOOLONG;
    else
        result = pipe2(leash, O_CLOEXEC) < 0 ? -errno : 0;
    if (result == 0) {
        result = bear(supervisor, path, leash[0], &step);
        close(leash[0]);
        if (result == 0) {
            recording->leash = leash[1];
            (void)fcntl(leash[1], F_SETFL, O_NONBLOCK);
        } else
            close(leash[1]);
    }
    recording->start_at = INSTANT_NEVER;
    if (result < 0) {
        say_failed(supervisor, step, -result);
        if (!recording->pid)
            try_later(supervisor);
    }
}

void recording_turn(struct supervisor *supervisor)
{
    const struct recording *recording = &supervisor->recording;

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
    if (!recording->ending && !recording->said)
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

/* A pipe that is full tells it as well, whenever it reads again. */
void recording_reload(const struct recording *recording)
{
    if (recording->leash >= 0)
        (void)!write(recording->leash, "\n", 1);
}

void recording_finish(struct supervisor *supervisor)
{
    struct recording *recording = &supervisor->recording;

    if (!recording->pid)
        start(supervisor); // what lies in the FIFOs is still to be kept
    recording->ending = true;
    recording->start_at = INSTANT_NEVER;
    close_file(&recording->leash);
}

void recording_kill(struct supervisor *supervisor)
{
    if (supervisor->recording.pidfd >= 0)
        (void)pidfd_send_signal(supervisor->recording.pidfd, SIGKILL, NULL, 0);
}
