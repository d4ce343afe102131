/* See lifecycle.h. The table at the end of this file is the machine; what stands before it are its
 * cells, each a small function named after what it does. */
#include "core/lifecycle.h"

#include <signal.h>

#include "core/aide.h"
#include "core/quarantine.h"

typedef void cell(struct step *step);

/* --- cells: requests ---------------------------------------------------------------------- */

static void ignore(struct step *step)
{
    (void)step;
}

static void want_start(struct step *step)
{
    struct incarnation *self = step->self;

    self->want = 1;
    self->again = 0;
    self->alone = step->event->alone;
    step_count_anew(step);
    step_shift(step, STATE_WAITING, INSTANT_NEVER);
}

static void wait_no_more(struct step *step)
{
    if (step->event->alone)
        step->self->alone = 1;
}

/* A start or restart request does not wait for the back-off. */
static void start_now(struct step *step)
{
    step_count_anew(step);
    step->self->alone = step->event->alone;
    step_spawn_together(step);
}

/* Asked to stop, but held back by its dependents: nothing was sent yet. A restart that is held back
 * will bring it up, too, so it stays. */
static void cancel_stop(struct step *step)
{
    struct incarnation *self = step->self;

    if (self->again || self->want)
        return;
    if (self->together) { // others wait for it to stop
        self->again = 1;
        return;
    }
    self->want = 1;
    self->grace_ns = EVENT_GRACE_POLICY;
    if (self->blame)
        step_leave(step); // a hook failed meanwhile
}

static void want_restart(struct step *step)
{
    step->self->want = 0;
    step->self->again = 1;
    step->self->alone = step->event->alone;
    step->self->grace_ns = step->event->grace_ns;
}

/* A start or restart request while it is leaving: come back once it has left, whatever its policy
 * says about this death. */
static void want_again(struct step *step)
{
    step->self->want = 0;
    step->self->again = 1;
    step->self->alone = step->event->alone;
}

static void want_stop(struct step *step)
{
    step->self->want = 0;
    step->self->again = 0;
    step->self->grace_ns = step->event->grace_ns;
}

static void stop_resting(struct step *step)
{
    step->self->want = 0;
    step->self->again = 0;
    step->self->alone = 0;
}

static bool has_died(const struct incarnation *self)
{
    return self->last.kind != VERDICT_NONE;
}

static void stop_waiting(struct step *step)
{
    stop_resting(step);
    step_shift(step, has_died(step->self) ? STATE_EXITED : STATE_CREATED, INSTANT_NEVER);
}

/* A second stop request may shorten the grace period, never lengthen it. */
static void stop_sooner(struct step *step)
{
    struct incarnation *self = step->self;
    int64_t grace = step->event->grace_ns;
    instant sooner;

    stop_resting(step);
    if (grace == EVENT_GRACE_POLICY)
        grace = step->context->policy->stop_grace_ns;
    sooner = step_after(step, span_ns(grace));
    if (instant_reached(sooner, step->context->now))
        step_kill(step);
    else if (sooner.ns < self->deadline_ns)
        self->deadline_ns = sooner.ns;
}

static void send_signal(struct step *step)
{
    if (step->self->sent_signal != SIGKILL) // nothing undoes that
        step->self->sent_signal = step->event->signal;
    step_emit(step, EFFECT_SIGNAL)->signal = (int32_t)step->event->signal;
}

/* A signal that ends a service for good means that it is not wanted any more, as with Docker. It
 * has no deadline, unless a stop was asked for before and held back. */
static void kill_running(struct step *step)
{
    struct incarnation *self = step->self;
    instant deadline = self->want ? INSTANT_NEVER : step_end_of_grace(step);

    if (step->event->signal == SIGKILL) {
        stop_resting(step);
        self->stop_asked = 1;
        step_kill(step);
    } else if (step->event->signal == step->context->policy->stop_signal) {
        stop_resting(step);
        self->stop_asked = 1;
        send_signal(step);
        step_shift(step, STATE_STOPPING, step_or_oom_deadline(step, deadline));
    } else {
        send_signal(step);
    }
}

static bool ends_for_good(const struct step *step)
{
    return step->event->signal == SIGKILL ||
           step->event->signal == step->context->policy->stop_signal;
}

static void kill_stopping(struct step *step)
{
    if (step->self->want && ends_for_good(step)) // it was to come back
        stop_resting(step);
    if (step->event->signal == SIGKILL)
        step_kill(step);
    else
        send_signal(step);
}

/* Who sends its stop signal does not wait for its hooks. */
static void kill_leaving(struct step *step)
{
    instant deadline = {step->self->deadline_ns};

    kill_stopping(step);
    if (step->event->signal != SIGKILL && ends_for_good(step))
        step_shift(step, STATE_STOPPING, deadline);
}

static void kill_again(struct step *step)
{
    if (step->event->signal == SIGKILL)
        step_emit(step, EFFECT_KILL);
}

static void kill_waiting(struct step *step)
{
    if (ends_for_good(step))
        stop_waiting(step);
}

/* As if it had never been; but its compartments were, so the generations go on, and some may still
 * be there. */
static void forget(struct step *step)
{
    struct incarnation *self = step->self;
    const struct incarnation before = *self;

    incarnation_init(self);
    self->generation = before.generation;
    self->state = before.state;
    quarantine_keep(self, &before);
    step_shift(step, STATE_CREATED, INSTANT_NEVER);
}

/* --- cells: facts ------------------------------------------------------------------------- */

/* Requests may have overtaken the news, and only the first news counts. */
static void born(struct step *step)
{
    struct incarnation *self = step->self;

    if (!self->alive || self->pid)
        return;
    self->pid = step->event->pid;
    self->base = step->event->reading;
    self->seen = step->event->reading;
}

static void spawn_failed(struct step *step)
{
    struct incarnation *self = step->self;

    if (self->step == SPAWN_STEP_NONE) {
        self->step = step->event->step;
        self->step_error = step->event->error;
    }
    if (step->event->born)
        return; // its death is still to be reported
    self->populated = 0;
    step_judge(step);
    step_rest(step);
}

static void execed(struct step *step)
{
    bool waits = step->context->policy->post_start > 0;
    instant deadline = waits ? step_start_deadline(step, INSTANT_NEVER) : INSTANT_NEVER;

    step_shift(step, STATE_RUNNING, step_or_oom_deadline(step, deadline));
    aide_welcome(step);
}

static void died(struct step *step)
{
    struct incarnation *self = step->self;

    step_judge(step);
    if (!step->event->reading.populated)
        self->populated = 0;
    if (self->populated)
        step_kill(step);
    else
        step_rest(step);
}

static void died_leaving(struct step *step)
{
    step_judge(step);
    if (!step->event->reading.populated)
        step->self->populated = 0;
    step_rest_if_gone(step);
}

/* The kernel is killing its main process, or all of it. If something survives, so will not the
 * service. */
static void await_end(struct step *step)
{
    struct incarnation *self = step->self;

    if (self->oom_seen)
        return;
    self->oom_seen = 1;
    self->deadline_ns =
        instant_min((instant){self->deadline_ns}, step_after(step, OOM_NOTICE_DEADLINE)).ns;
}

/* Some of its processes. Should one have been the main one, its death follows closely. */
static void lose_children(struct step *step, const struct reading *before)
{
    struct incarnation *self = step->self;
    const struct policy *policy = step->context->policy;
    int64_t count = self->seen.tree_oom_kill - before->tree_oom_kill;
    struct obituary obituary = {.main_alive = true, .base = *before, .now = self->seen};
    struct verdict verdict = verdict_decide(&obituary);

    if (policy->oom_policy == OOM_CONTINUE &&
        spent_victims(step->context->spent, count, policy->oom_victims,
                      span_ns(policy->oom_within_ns), step->context->now)) {
        self->oom_seen = 1;
        self->victims = policy->oom_victims;
        step_kill(step);
        return;
    }
    step_account(step, &verdict);
    step_tell(step, &verdict);
    self->told_ns = step->context->now.ns;
    step_explain(step);
}

static void memory_changed(struct step *step)
{
    struct incarnation *self = step->self;
    const struct reading before = self->seen;
    bool is_whole;

    step_read(step);
    is_whole = step->context->policy->oom_group && self->seen.oom_kill > self->base.oom_kill;
    if (is_whole || step->event->dying)
        await_end(step);
    else if (self->seen.tree_oom_kill > before.tree_oom_kill)
        lose_children(step, &before);
}

/* While everything is being killed only the last counters matter. */
static void memory_read(struct step *step)
{
    if (!step->self->judged)
        step_read(step);
}

/* The compartment emptied before the exit record came. */
static void emptied(struct step *step)
{
    step_read(step);
    step->self->populated = 0;
    step_shift(step, STATE_KILLING, step_after(step, RECORD_DEADLINE));
}

static void emptied_leaving(struct step *step)
{
    memory_read(step);
    if (step->self->alive && step->self->populated)
        step->self->deadline_ns = step_after(step, RECORD_DEADLINE).ns;
    step->self->populated = 0;
    step_rest_if_gone(step);
}

/* --- cells: inner events ------------------------------------------------------------------ */

static void open(struct step *step)
{
    if (step->self->want)
        step_spawn(step);
}

static void release(struct step *step)
{
    if (step->self->want)
        return;
    step->self->stop_asked = 1;
    step_leave(step);
}

static void blame_start(struct step *step)
{
    if (!step->self->oom_seen && !step->self->ready && !step->self->blame)
        step->self->blame = BLAME_START;
    step_kill(step);
}

static void exec_too_late(struct step *step)
{
    if (step->context->policy->start_timeout_ns) {
        blame_start(step);
        return;
    }
    if (!step->self->oom_seen && step->self->step == SPAWN_STEP_NONE)
        step->self->step = SPAWN_STEP_TIMEOUT;
    step_kill(step);
}

static void empty_too_late(struct step *step)
{
    if (step->self->populated) {
        quarantine_due(step);
        return;
    }
    /* Empty, and nobody could say how the main process ended. */
    step_judge(step);
    step_rest(step);
}

/* --- the machine -------------------------------------------------------------------------- */

/* Columns in the order of the events; rows in the order of the states. */
#define FIRST_EVENT EVENT_START
#define COLUMNS     (INNER_COUNT - FIRST_EVENT)

/* clang-format off */
static cell *const machine[STATES_COUNT][COLUMNS] = {
/*                     START               STOP               RESTART             KILL               FORGET  SPAWNED SPAWN_FAILED  EXECED  DEAD          MEMORY          EMPTY            PROBED       HOOKED         EXAMINED             RELEASED           OPEN    RELEASE  DEADLINE          AIDE */
[STATE_CREATED]     = {want_start,         stop_resting,      want_start,         ignore,            ignore, ignore, ignore,       ignore, ignore,       ignore,         ignore,          ignore,      ignore,        ignore,              quarantine_let_go, ignore, ignore,  ignore,           ignore},
[STATE_WAITING]     = {wait_no_more,       stop_waiting,      wait_no_more,       kill_waiting,      ignore, ignore, ignore,       ignore, ignore,       ignore,         ignore,          ignore,      ignore,        ignore,              quarantine_let_go, open,   ignore,  ignore,           ignore},
[STATE_PREPARING]   = {aide_prepare_start, aide_prepare_stop, aide_prepare_again, aide_prepare_kill, ignore, ignore, ignore,       ignore, ignore,       ignore,         ignore,          ignore,      aide_prepared, ignore,              quarantine_let_go, ignore, ignore,  ignore,           aide_prepare_late},
[STATE_STARTING]    = {cancel_stop,        want_stop,         want_restart,       kill_running,      ignore, born,   spawn_failed, execed, died,         memory_changed, emptied,         ignore,      ignore,        ignore,              quarantine_let_go, ignore, release, exec_too_late,    ignore},
[STATE_RUNNING]     = {cancel_stop,        want_stop,         want_restart,       kill_running,      ignore, ignore, ignore,       ignore, died,         memory_changed, emptied,         aide_probed, aide_hooked,   ignore,              quarantine_let_go, ignore, release, blame_start,      aide_due},
[STATE_LEAVING]     = {want_again,         stop_sooner,       want_again,         kill_leaving,      ignore, ignore, ignore,       ignore, died,         memory_changed, emptied,         ignore,      aide_parted,   ignore,              quarantine_let_go, ignore, ignore,  step_kill,        aide_part_late},
[STATE_STOPPING]    = {want_again,         stop_sooner,       want_again,         kill_stopping,     ignore, born,   spawn_failed, ignore, died,         memory_changed, emptied,         ignore,      ignore,        ignore,              quarantine_let_go, ignore, ignore,  step_kill,        ignore},
[STATE_KILLING]     = {want_again,         stop_resting,      want_again,         kill_again,        ignore, born,   spawn_failed, ignore, died_leaving, memory_read,    emptied_leaving, ignore,      ignore,        quarantine_examined, quarantine_let_go, ignore, ignore,  empty_too_late,   ignore},
[STATE_BACKOFF]     = {start_now,          stop_waiting,      start_now,          kill_waiting,      ignore, ignore, ignore,       ignore, ignore,       ignore,         ignore,          ignore,      ignore,        ignore,              quarantine_let_go, ignore, ignore,  step_spawn_again, ignore},
[STATE_HELD]        = {want_start,         stop_resting,      want_start,         ignore,            forget, ignore, ignore,       ignore, ignore,       ignore,         ignore,          ignore,      ignore,        ignore,              quarantine_let_go, ignore, ignore,  ignore,           ignore},
[STATE_EXITED]      = {want_start,         stop_resting,      want_start,         ignore,            forget, ignore, ignore,       ignore, ignore,       ignore,         ignore,          ignore,      ignore,        ignore,              quarantine_let_go, ignore, ignore,  ignore,           ignore},
[STATE_QUARANTINED] = {want_again,         stop_resting,      want_again,         kill_again,        ignore, born,   spawn_failed, ignore, died_leaving, memory_read,    emptied_leaving, ignore,      ignore,        quarantine_examined, quarantine_let_go, ignore, ignore,  quarantine_late,  ignore},
};
/* clang-format on */

void lifecycle_step(struct incarnation *incarnation, int kind, const struct event *event,
                    struct context *context)
{
    struct step step = {incarnation, event, context};

    if (kind < FIRST_EVENT || kind >= INNER_COUNT)
        return;
    if (event && event_is_fact(event->kind) && event->kind != EVENT_RELEASED &&
        event->generation != (uint32_t)incarnation->generation)
        return;
    if ((kind == EVENT_PROBED || kind == EVENT_HOOKED) && !aide_is_heard(incarnation, event))
        return;
    machine[incarnation->state][kind - FIRST_EVENT](&step);
}
