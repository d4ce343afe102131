/* See step.h. */
#include "core/step.h"

#include <signal.h>
#include <string.h>

#include "core/aide.h"
#include "core/governor.h"
#include "core/restart.h"

struct effect *step_emit(struct step *step, enum effect_kind kind)
{
    struct effect *effect = effects_add(step->context->effects, kind, step->context->member);

    effect->generation = (uint32_t)step->self->generation;
    return effect;
}

/* An aide belongs to the state in which it was started, and goes with it. */
void step_shift(struct step *step, enum state to, instant deadline)
{
    struct incarnation *self = step->self;
    struct effect *effect;

    aide_drop(step);
    effect = step_emit(step, EFFECT_SHIFT);
    effect->from = (uint16_t)self->state;
    effect->to = (uint16_t)to;
    effect->deadline = deadline;
    self->state = to;
    if (lifecycle_at_rest(self) || to == STATE_QUARANTINED)
        self->together = 0;
    self->entered_ns = step->context->now.ns;
    self->deadline_ns = deadline.ns;
    step_changed(step);
}

/* A hook that nobody waits for: what comes of it is no event. */
static void report(struct step *step, enum aide_kind hook)
{
    if (policy_aides(step->context->policy, hook) > 0)
        step_emit(step, EFFECT_REPORT)->hook = (uint16_t)hook;
}

void step_explain(struct step *step)
{
    step_emit(step, EFFECT_VERDICT);
    if (verdict_is_oom(step->self->last.kind))
        report(step, AIDE_ON_OOM);
}

void step_changed(struct step *step)
{
    step->self->changed = ++*step->context->sequence;
}

instant step_after(const struct step *step, span length)
{
    return instant_add(step->context->now, length);
}

void step_spawn(struct step *step)
{
    struct incarnation *self = step->self;

    self->generation++;
    self->alone = 0;
    self->together = 0;
    self->pid = 0;
    self->alive = 0;
    self->populated = 0;
    self->started_ns = step->context->now.ns;
    self->started_wall = step->context->wall_ns;
    self->grace_ns = EVENT_GRACE_POLICY;
    self->sent_signal = 0;
    self->stop_asked = 0;
    self->oom_seen = 0;
    self->step = SPAWN_STEP_NONE;
    self->step_error = 0;
    self->victims = 0;
    spent_forget_victims(step->context->spent);
    self->told_ns = 0;
    self->paid_ns = 0;
    self->queued_ns = 0;
    self->place_ns = 0;
    self->judged = 0;
    self->base = (struct reading){0};
    self->seen = (struct reading){0};
    self->paid = (struct reading){0};
    aide_forget(step);
    if (step->context->policy->pre_start > 0) {
        step_shift(step, STATE_PREPARING, INSTANT_NEVER);
        aide_hook(step, AIDE_PRE_START, 0);
    } else {
        step_bear(step);
    }
}

instant step_start_deadline(const struct step *step, instant otherwise)
{
    int64_t timeout = step->context->policy->start_timeout_ns;

    return timeout ? instant_add((instant){step->self->started_ns}, span_ns(timeout)) : otherwise;
}

void step_bear(struct step *step)
{
    struct incarnation *self = step->self;

    self->alive = 1;
    self->populated = 1;
    self->started_ns = step->context->now.ns;
    self->started_wall = step->context->wall_ns;
    step_shift(step, STATE_STARTING, step_start_deadline(step, step_after(step, EXEC_DEADLINE)));
    step_emit(step, EFFECT_SPAWN);
}

static struct governed governed(struct incarnation *self)
{
    return (struct governed){&self->counted_ns, &self->queued_ns, &self->place_ns};
}

/* What it had, and may have again. */
static int64_t memory_wanted(const struct step *step)
{
    int64_t peak = step->self->last.peak_bytes, limit = step->context->policy->mem_limit_bytes;

    return limit > 0 && peak > limit ? limit : peak;
}

/* False: its turn has not come. That is said once; a look again is no news. */
static bool is_admitted(struct step *step)
{
    struct incarnation *self = step->self;
    struct context *context = step->context;
    const struct governed member = governed(self);
    bool is_news = self->queued_ns == 0;
    instant at;

    if (governor_admits(context->governor, &member, memory_wanted(step), context->available_bytes,
                        context->now, context->random, &at))
        return true;
    if (is_news)
        step_shift(step, STATE_BACKOFF, at);
    else
        self->deadline_ns = at.ns;
    return false;
}

void step_spawn_again(struct step *step)
{
    if (!is_admitted(step))
        return;
    step->self->restarts++;
    step->self->restarts_all++;
    step_spawn_together(step);
}

void step_spawn_together(struct step *step)
{
    if (step->self->together)
        step_shift(step, STATE_WAITING, INSTANT_NEVER);
    else
        step_spawn(step);
}

void step_count_anew(struct step *step)
{
    step->self->failures = 0;
    step->self->restarts = 0;
    spent_clear(step->context->spent);
}

/* What was told as a child's death, and the main process has long survived, is accounted. */
static void settle_children(struct step *step)
{
    struct incarnation *self = step->self;
    instant settled = instant_add((instant){self->told_ns}, CHILD_SETTLED);

    if (!self->told_ns || !instant_reached(settled, step->context->now))
        return;
    self->base = self->seen;
    self->told_ns = 0;
}

void step_kill(struct step *step)
{
    if (!step->self->oom_seen)
        settle_children(step);
    step->self->sent_signal = SIGKILL;
    step_emit(step, EFFECT_KILL);
    step_shift(step, STATE_KILLING, step_after(step, EXAMINE_AFTER));
}

instant step_end_of_grace(const struct step *step)
{
    int64_t grace = step->self->grace_ns;

    if (grace == EVENT_GRACE_POLICY)
        grace = step->context->policy->stop_grace_ns;
    return step_after(step, span_ns(grace));
}

instant step_or_oom_deadline(const struct step *step, instant deadline)
{
    if (!step->self->oom_seen)
        return deadline;
    return instant_min(deadline, (instant){step->self->deadline_ns});
}

void step_send_stop(struct step *step, instant deadline)
{
    int64_t signal = step->context->policy->stop_signal;

    step->self->sent_signal = signal;
    step_emit(step, EFFECT_SIGNAL)->signal = (int32_t)signal;
    step_shift(step, STATE_STOPPING, deadline);
}

void step_leave(struct step *step)
{
    instant deadline = step_end_of_grace(step);

    if (instant_reached(deadline, step->context->now)) {
        step_kill(step);
        return;
    }
    deadline = step_or_oom_deadline(step, deadline);
    if (step->self->state == STATE_RUNNING && step->context->policy->pre_stop > 0) {
        step_shift(step, STATE_LEAVING, deadline);
        aide_hook(step, AIDE_PRE_STOP, 0);
    } else {
        step_send_stop(step, deadline);
    }
}

/* Was it up for so long that what went before does not count any more? A pre_start hook's time is
 * no time up. */
static bool was_up(const struct step *step, int64_t length_ns)
{
    const struct verdict *last = &step->self->last;

    return last->hook != AIDE_PRE_START && last->kind != VERDICT_START_TIMEOUT &&
           last->uptime.ns >= length_ns;
}

/* It is to be restarted, if its budgets allow. */
static void spend(struct step *step)
{
    struct verdict *last = &step->self->last;
    const struct intensity *intensity = step->context->policy->intensity;
    enum cause exceeded =
        budget_spend(intensity, last->kind, step->context->now, step->context->spent);

    if (exceeded == CAUSES_COUNT)
        return;
    last->budget = exceeded + 1;
    last->next = intensity[exceeded].then == THEN_STOP_STACK ? NEXT_STOP_STACK : NEXT_HOLD;
    *step->context->stop_stack |= last->next == NEXT_STOP_STACK;
}

void step_decide_next(struct step *step)
{
    struct incarnation *self = step->self;
    const struct policy *policy = step->context->policy;
    const struct governed member = governed(self);
    struct verdict *last = &self->last;

    governor_hears(step->context->governor, last->kind, step->context->now);
    last->delay = span_ns(0);
    if (!self->want) {
        last->next = self->again ? NEXT_RESTART : NEXT_REST;
        return;
    }
    if (policy->restart_window_ns > 0 && was_up(step, policy->restart_window_ns))
        self->restarts = 0;
    last->next = restart_next(policy, last, self->restarts);
    if (last->next == NEXT_RESTART)
        spend(step);
    if (last->next != NEXT_RESTART)
        return;
    if (last->kind != VERDICT_SPAWN_FAILED) // what was not born has not died
        governor_counts(step->context->governor, &member, step->context->now);
    if (policy->strategy != STRATEGY_ONE_FOR_ONE) {
        self->together = 1;
        if (step->context->member < *step->context->culprit)
            *step->context->culprit = step->context->member;
    }
    if (was_up(step, policy->backoff_reset_after_ns))
        self->failures = 0;
    self->failures++;
    last->delay = restart_delay_jittered(policy, self->failures, step->context->random);
    if ((last->kind == VERDICT_SPAWN_FAILED || last->hook == AIDE_PRE_START) &&
        last->delay.ns < SPAWN_RETRY_FLOOR.ns)
        last->delay = SPAWN_RETRY_FLOOR;
}

/* Whose limit it was, by name. */
static void name_level(const struct step *step, struct verdict *verdict)
{
    const struct roster *roster = step->context->roster;
    uint32_t levels[ENCLOSING_MAX];
    uint32_t count = group_levels(roster->groups, roster->groups_count,
                                  roster->members[step->context->member].group, levels);
    const struct stack_group *group;

    verdict->limit_bytes = 0;
    if (verdict->enclosing < 0 || (uint32_t)verdict->enclosing >= count)
        return;
    group = &roster->groups[levels[verdict->enclosing]];
    verdict->limit_bytes = group->limit_bytes;
    memcpy(verdict->group, group->name, sizeof(verdict->group));
}

void step_tell(struct step *step, const struct verdict *verdict)
{
    struct incarnation *self = step->self;

    self->last = *verdict;
    self->last.limit_bytes = step->context->policy->mem_limit_bytes;
    if (verdict->enclosing >= 0)
        name_level(step, &self->last);
    self->last.uptime = span_ns(step->context->now.ns - self->started_ns);
}

void step_account(struct step *step, const struct verdict *verdict)
{
    if (verdict->oom == 0 && (verdict->oom_kill > 0 || verdict->oom_group_kill > 0))
        memcpy(step->context->toll, step->self->seen.enclosing_oom, sizeof(step->context->toll));
}

void step_read(struct step *step)
{
    struct incarnation *self = step->self;
    bool is_ending = self->oom_seen || !self->populated; // and what was seen is why

    if (!step->event->reading.known)
        return;
    if (!is_ending && !step->event->dying && self->state != STATE_KILLING)
        settle_children(step);
    if (!is_ending)
        incarnation_settle(self, step->context->now);
    self->seen = step->event->reading;
}

void step_judge(struct step *step)
{
    struct incarnation *self = step->self;
    const struct event *event = step->event;
    bool blamed = self->state != STATE_RUNNING; // else it ended before we stopped it
    struct verdict verdict;
    struct obituary obituary;

    aide_drop(step);
    if (self->alive)
        self->ended_ns = step->context->now.ns;
    self->alive = 0;
    self->pid = 0;
    if (self->judged)
        return;
    self->judged = 1;
    if (event)
        step_read(step);
    obituary = (struct obituary){
        .step = (enum spawn_step)self->step,
        .error = (int32_t)self->step_error,
        .sent_signal = (int32_t)self->sent_signal,
        .stopping = self->stop_asked != 0,
        .oom_seen = self->oom_seen != 0,
        .oom_told = self->told_ns != 0,
        .victims = (uint32_t)self->victims,
        .success = &step->context->policy->success,
        .unhealthy = blamed && self->blame == BLAME_HEALTH,
        .start_timeout = blamed && self->blame == BLAME_START,
        .base = self->base,
        .now = self->seen,
        .paid = self->paid,
    };
    if (event && event->kind == EVENT_DEAD) {
        obituary.status_known = event->known != 0;
        obituary.exit_code = (int32_t)event->code;
        obituary.signal = (int32_t)event->signal;
        obituary.core_dumped = event->core != 0;
    }
    if (blamed && self->blame == BLAME_HOOK)
        obituary.hook = (struct hook_failure){
            .hook = (uint32_t)self->blame_hook,
            .index = (uint32_t)self->blame_index,
            .exit_code = (int32_t)self->blame_code,
            .signal = (int32_t)self->blame_signal,
            .error = (int32_t)self->blame_error,
        };
    if (event && event->kind == EVENT_DEAD && !event->reading.known)
        obituary.now.known = 0; // what was seen before may not be all
    verdict = verdict_decide(&obituary);
    step_account(step, &verdict);
    step_tell(step, &verdict);
    step_decide_next(step);
    step_explain(step);
}

static bool gives_up(const struct verdict *last)
{
    return last->next == NEXT_HOLD || last->next == NEXT_STOP_STACK || last->next == NEXT_OOM_STOP;
}

/* Whoever has to ask first does so in a TICK, which brings what it takes to know. */
static bool is_to_ask(const struct step *step, instant *due)
{
    instant soon = step_after(step, span_ms(1));

    if (!governor_reigns(step->context->governor, step->context->now))
        return false;
    if (due->ns < soon.ns)
        *due = soon;
    return true;
}

void step_go_on(struct step *step)
{
    struct incarnation *self = step->self;
    instant due = instant_add((instant){self->ended_ns}, self->last.delay);

    step_emit(step, EFFECT_MARK);
    if (!self->want && self->again) {
        self->want = 1;
        self->again = 0;
        if (!self->together) // else it was not for its own sake
            step_count_anew(step);
        step_shift(step, STATE_WAITING, INSTANT_NEVER);
    } else if (!self->want) {
        step_shift(step, STATE_EXITED, INSTANT_NEVER);
    } else if (self->last.next == NEXT_RESTART) {
        if (!is_to_ask(step, &due) && instant_reached(due, step->context->now))
            step_spawn_again(step);
        else
            step_shift(step, STATE_BACKOFF, due);
    } else {
        self->want = 0;
        step_shift(step, gives_up(&self->last) ? STATE_HELD : STATE_EXITED, INSTANT_NEVER);
        if (gives_up(&self->last))
            report(step, AIDE_ON_HOLD);
    }
}

void step_rest(struct step *step)
{
    uint32_t buried = (uint32_t)step->self->generation;

    step_go_on(step);
    step_emit(step, EFFECT_BURY)->generation = buried;
}

void step_rest_if_gone(struct step *step)
{
    if (!step->self->alive && !step->self->populated)
        step_rest(step);
}
