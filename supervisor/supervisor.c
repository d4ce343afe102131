/* See supervisor.h: the turn. */
#include "supervisor/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/handover.h"
#include "core/paths.h"
#include "supervisor/act.h"
#include "supervisor/aide_bonds.h"
#include "supervisor/facts.h"
#include "supervisor/report.h"
#include "supervisor/spare.h"
#include "supervisor/sys/cgroup.h"
#include "supervisor/sys/clock.h"
#include "supervisor/sys/meminfo.h"
#include "supervisor/sys/memory.h"

#define DRAIN_PATIENCE span_sec(5)  // with the recorder and with clients, at the end
#define KILL_PATIENCE  span_ms(500) // with the kernel, after that
#define EFFECTS_KEPT   32           // places
#define LEISURE_AFTER  span_ms(20)
#define FINISH_STEP    span_ms(20) // between two looks at what is still to be removed

void supervisor_say(struct supervisor *supervisor, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    journal_note(&supervisor->journal, "%s", text);
    dprintf(STDERR_FILENO, "bulkheadd: %s\n", text);
}

static void read_clock(struct supervisor *supervisor)
{
    supervisor->now = clock_now();
    supervisor->wall_ns = clock_wall_ns();
}

/* --- one event ---------------------------------------------------------------------------- */

static void keep_journal(struct supervisor *supervisor)
{
    int result = journal_turn(&supervisor->journal, &supervisor->fleet, supervisor->now);

    if (result < 0)
        supervisor_say(supervisor, "the journal cannot be written: %s; the stack runs on without",
                       strerrordesc_np(-result));
}

static void step(struct supervisor *supervisor, struct event *event)
{
    const struct effects *effects = &supervisor->fleet.effects;

    read_clock(supervisor);
    event->at = supervisor->now;
    event->wall_ns = supervisor->wall_ns;
    if (event->kind == EVENT_FORGET)
        act_on_markers(supervisor); // as long as it is known what to write
    keep_journal(supervisor);
    journal_event(&supervisor->journal, event);
    fleet_step(&supervisor->fleet, event);
    journal_outcomes(&supervisor->journal, &supervisor->fleet);
    journal_flush(&supervisor->journal);
    for (uint32_t i = 0; i < effects->count; i++)
        act(supervisor, &effects->item[i]);
    if (effects->count > supervisor->effects_touched)
        supervisor->effects_touched = effects->count;
    if (effects->overflowed && !supervisor->overflow_told) {
        supervisor->overflow_told = true;
        supervisor_say(supervisor,
                       "an effect was lost: this is a bug of bulkhead, please report it "
                       "with the journal; `bulkhead down` and `up` mend it");
    }
}

/* What comes of effects goes first: a member's birth is known before anything else about it. */
static void drain_queues(struct supervisor *supervisor)
{
    struct event event;

    while (queue_pop(&supervisor->results, &event) || queue_pop(&supervisor->events, &event))
        step(supervisor, &event);
    if (supervisor->results.lost || supervisor->events.lost)
        supervisor_say(supervisor, "events were lost: a defect; please report it");
    supervisor->results.lost = supervisor->events.lost = 0;
}

/* --- at leisure --------------------------------------------------------------------------- */

/* What wakes the keeper and the recorder waits a little: a newborn needs the processor more. */
void supervisor_at_leisure(struct supervisor *supervisor)
{
    supervisor->leisure_at =
        instant_min(supervisor->leisure_at, instant_add(supervisor->now, LEISURE_AFTER));
}

/* What all members at once have brought or been told is not needed again soon. */
static void relax(struct supervisor *supervisor)
{
    struct effects *effects = &supervisor->fleet.effects;

    if (supervisor->effects_touched <= EFFECTS_KEPT)
        return;
    queue_relax(&supervisor->results);
    queue_relax(&supervisor->events);
    journal_relax(&supervisor->journal);
    memory_give_back(effects->item, supervisor->effects_touched * sizeof(*effects->item));
    memory_trim();
    supervisor->effects_touched = 0;
}

/* Every event is in the journal here, so the records that brought them are accounted for. */
static void take_leisure(struct supervisor *supervisor)
{
    if (supervisor->reaper.pending >= KEEPER_RECORDS_MAX / 2)
        reaper_acknowledge(&supervisor->reaper);
    else if (supervisor->reaper.pending)
        supervisor_at_leisure(supervisor);
    if (!instant_reached(supervisor->leisure_at, supervisor->now))
        return;
    supervisor->leisure_at = INSTANT_NEVER;
    relax(supervisor);
    reaper_acknowledge(&supervisor->reaper);
    act_on_markers(supervisor);
    spare_make_all(supervisor);
    report_turn(supervisor);
}

/* --- sources ------------------------------------------------------------------------------ */

void supervisor_asked_to_end(struct supervisor *supervisor)
{
    const struct event event = {
        .kind = EVENT_DOWN,
        .grace_ns = supervisor->fleet.ending ? 0 : EVENT_GRACE_POLICY,
    };

    queue_push(&supervisor->events, &event);
}

static void take_signal(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;

    if (read(supervisor->signals, &info, sizeof(info)) != sizeof(info))
        return;
    if (info.ssi_signo == SIGCHLD)
        facts_reap(supervisor);
    else
        supervisor_asked_to_end(supervisor);
}

static void take_recorder(struct supervisor *supervisor, uint32_t index)
{
    if (index == 0)
        recording_report(supervisor);
    else if (supervisor->recording.pid && !supervisor->recording.own)
        recording_died(supervisor, false); // nobody knows how
}

/* Of a helper. */
static void take_report(struct supervisor *supervisor, const struct loop_ready *ready)
{
    if (ready->source == SOURCE_LIMITS)
        limits_report(supervisor);
    else if (ready->source == SOURCE_SNAPSHOT)
        snapshot_report(supervisor);
    else if (ready->source == SOURCE_EXAMINE)
        examine_report(supervisor, ready->index);
    else
        quarantine_report(supervisor, ready->index);
}

static void dispatch(struct supervisor *supervisor, const struct loop_ready *ready)
{
    switch ((enum source)ready->source) {
    case SOURCE_SIGNAL:
        take_signal(supervisor);
        break;
    case SOURCE_KEEPER:
        facts_reap(supervisor);
        break;
    case SOURCE_CONTROL:
        control_accept(supervisor);
        break;
    case SOURCE_CLIENT:
        control_client(supervisor, ready->index);
        break;
    case SOURCE_MEMORY:
        facts_memory(supervisor, ready->index);
        break;
    case SOURCE_EMPTY:
        facts_empty(supervisor, ready->index);
        break;
    case SOURCE_REPORT:
        facts_report(supervisor, ready->index);
        break;
    case SOURCE_PIDFD:
        facts_pidfd(supervisor, ready->index);
        break;
    case SOURCE_RECORDER:
        take_recorder(supervisor, ready->index);
        break;
    case SOURCE_AIDE_REPORT:
        aide_report(supervisor, ready->index);
        break;
    case SOURCE_AIDE_EMPTY:
        aide_empty(supervisor, ready->index);
        break;
    case SOURCE_AIDE_PIDFD:
        aide_pidfd(supervisor, ready->index);
        break;
    case SOURCE_AIDE_OUTPUT:
        aide_output(supervisor, ready->index);
        break;
    case SOURCE_TERMINAL:
        terminal_ready(supervisor, ready->index);
        break;
    case SOURCE_FOLDER:
        folder_changed(supervisor);
        break;
    case SOURCE_LIMITS:
    case SOURCE_SNAPSHOT:
    case SOURCE_EXAMINE:
    case SOURCE_SQUEEZE:
        take_report(supervisor, ready);
        break;
    case SOURCE_QUARANTINE:
        quarantine_empty(supervisor, ready->index);
        break;
    }
}

/* Exit records first: what else is ready about the same death then finds it told. */
static void dispatch_all(struct supervisor *supervisor, const struct loop_ready *ready, int count)
{
    for (int i = 0; i < count; i++)
        if (ready[i].source == SOURCE_KEEPER)
            dispatch(supervisor, &ready[i]);
    for (int i = 0; i < count; i++)
        if (ready[i].source != SOURCE_KEEPER)
            dispatch(supervisor, &ready[i]);
}

/* --- the turn ----------------------------------------------------------------------------- */

static instant next_deadline(const struct supervisor *supervisor)
{
    instant deadline = fleet_deadline(&supervisor->fleet);

    if (supervisor->reap_again)
        return supervisor->now;
    deadline = instant_min(deadline, control_deadline(&supervisor->control));
    deadline = instant_min(deadline, graves_deadline(&supervisor->graves));
    deadline = instant_min(deadline, examine_deadline(&supervisor->examinations));
    deadline = instant_min(deadline, quarantine_deadline(&supervisor->quarantine));
    deadline = instant_min(deadline, aides_deadline(&supervisor->aides));
    deadline = instant_min(deadline, limits_deadline(&supervisor->limits));
    deadline = instant_min(deadline, sampler_deadline(&supervisor->sampler));
    deadline = instant_min(deadline, adopt_deadline(&supervisor->adoption));
    deadline = instant_min(deadline, supervisor->look_at);
    deadline = instant_min(deadline, supervisor->folder.look);
    deadline = instant_min(deadline, supervisor->leisure_at);
    if (supervisor->births_waiting > 0)
        return supervisor->now;
    deadline = instant_min(deadline, recording_deadline(&supervisor->recording));
    if (supervisor->finish_by.ns != INSTANT_NEVER.ns)
        deadline = instant_min(deadline, instant_add(supervisor->now, FINISH_STEP));
    return deadline;
}

static void tick(struct supervisor *supervisor)
{
    struct event event = {.kind = EVENT_TICK};

    if (!instant_reached(fleet_deadline(&supervisor->fleet), supervisor->now))
        return;
    if (fleet_asks_for_memory(&supervisor->fleet, supervisor->now))
        event.available_bytes = meminfo_available();
    queue_push(&supervisor->events, &event);
}

static int turn(struct supervisor *supervisor)
{
    struct loop_ready ready[LOOP_BATCH];
    int count;

    act_on_births(supervisor);
    drain_queues(supervisor);
    read_clock(supervisor);
    reload_turn(supervisor);
    act_on_graves(supervisor);
    examine_turn(supervisor);
    quarantine_turn(supervisor);
    aides_turn(supervisor);
    limits_turn(supervisor);
    sampler_turn(supervisor);
    take_leisure(supervisor);
    recording_turn(supervisor);
    folder_turn(supervisor);
    control_turn(supervisor);
    journal_flush(&supervisor->journal);
    count = loop_wait(&supervisor->loop, supervisor->now, next_deadline(supervisor), ready);
    if (count < 0)
        return count;
    read_clock(supervisor);
    dispatch_all(supervisor, ready, count);
    if (supervisor->reap_again)
        facts_reap(supervisor);
    facts_look(supervisor);
    adopt_turn(supervisor);
    tick(supervisor);
    return 0;
}

/* --- the end ------------------------------------------------------------------------------ */

void supervisor_finish(struct supervisor *supervisor)
{
    supervisor->finish_by = instant_add(supervisor->now, DRAIN_PATIENCE);
    report_rest(supervisor);
    aides_end_all(supervisor);
    act_on_markers(supervisor);
    if (supervisor->recording.ending || !aides_are_told(&supervisor->aides))
        recording_finish(supervisor);
}

/* What the last hooks say is to be kept, too. False: they still may say something. */
static bool have_hooks_ended(struct supervisor *supervisor)
{
    if (supervisor->recording.ending)
        return true;
    if (aides_are_told(&supervisor->aides))
        return false;
    supervisor->finish_by = instant_add(supervisor->now, DRAIN_PATIENCE);
    recording_finish(supervisor);
    return true;
}

/* Everybody has been told, and the recorder has kept what there was: or they had their time. */
static bool is_finished(struct supervisor *supervisor)
{
    instant late;

    if (!have_hooks_ended(supervisor))
        return false;
    late = supervisor->finish_by;
    if (!supervisor->recording.pid && control_idle(&supervisor->control) &&
        supervisor->graves.count == 0 && supervisor->aides.count == 0)
        return true;
    if (instant_reached(late, supervisor->now))
        recording_kill(supervisor);
    return instant_reached(instant_add(late, KILL_PATIENCE), supervisor->now);
}

static void remove_group(struct supervisor *supervisor, const char *name)
{
    int result = cgroup_remove(HANDOVER_CGROUP, name);

    if (result < 0)
        supervisor_say(supervisor, "the cgroup %s cannot be removed: %s", name,
                       strerrordesc_np(-result));
}

static void end(struct supervisor *supervisor)
{
    if (supervisor->recording.pid)
        supervisor_say(supervisor, "the recorder did not end in time and was killed; output may be "
                                   "missing from the logs");
    spare_drop_all(supervisor);
    quarantine_end(supervisor);
    remove_group(supervisor, CGROUP_SERVICES);
    remove_group(supervisor, CGROUP_RECORDER);
    journal_close(&supervisor->journal);
    control_close(supervisor);
}

/* What has been asked for or has happened is in the journal: whoever comes after us knows it. */
static void leave(struct supervisor *supervisor)
{
    drain_queues(supervisor);
    act_on_markers(supervisor);
    journal_close(&supervisor->journal);
    reaper_acknowledge(&supervisor->reaper);
}

int supervisor_run(struct supervisor *supervisor)
{
    struct event begin = {.kind = EVENT_BEGIN};
    int result = 0;

    (void)!getrandom(&begin.seed, sizeof(begin.seed), GRND_NONBLOCK);
    if (!supervisor->adoption.is_done)
        queue_push(&supervisor->events, &begin);
    while (result == 0 && !supervisor->upgrading &&
           (supervisor->finish_by.ns == INSTANT_NEVER.ns || !is_finished(supervisor)))
        result = turn(supervisor);
    if (result == 0 && supervisor->upgrading) {
        leave(supervisor);
        return 1;
    }
    end(supervisor);
    return result;
}
