/* See aide.h. */
#include "core/aide.h"

#include <errno.h>
#include <signal.h>

#include "core/health.h"

/* --- moves -------------------------------------------------------------------------------- */

static struct effect *start(struct step *step, enum effect_kind effect, enum aide_kind kind,
                            int64_t index, span deadline)
{
    struct incarnation *self = step->self;
    struct effect *started = step_emit(step, effect);

    self->aide = ++self->aide_serial;
    self->aide_kind = kind;
    self->aide_index = index;
    self->aide_since_ns = step->context->now.ns;
    self->aide_ended = 0;
    self->aide_ns = step_after(step, deadline).ns;
    started->serial = (uint32_t)self->aide;
    return started;
}

void aide_hook(struct step *step, enum aide_kind kind, int64_t index)
{
    struct effect *effect = start(step, EFFECT_HOOK, kind, index, HOOK_DEADLINE);

    effect->hook = (uint16_t)kind;
    effect->index = (uint16_t)index;
}

static void end(struct step *step)
{
    struct incarnation *self = step->self;

    if (self->aide && !self->aide_ended)
        step_emit(step, EFFECT_END_AIDE)->serial = (uint32_t)self->aide;
    self->aide_ended = 1;
}

/* It has ended, or is not listened to any more. */
static void no_more(struct incarnation *self)
{
    self->aide = 0;
    self->aide_ended = 0;
    self->aide_ns = INSTANT_NEVER.ns;
}

void aide_drop(struct step *step)
{
    end(step);
    no_more(step->self);
}

void aide_forget(struct step *step)
{
    struct incarnation *self = step->self;

    no_more(self);
    self->aide_serial = 0;
    self->ready = 0;
    self->health = HEALTH_NONE;
    self->health_failures = 0;
    self->blame = BLAME_NONE;
    self->blame_hook = 0;
    self->blame_index = 0;
    self->blame_code = 0;
    self->blame_signal = 0;
    self->blame_error = 0;
}

bool aide_is_heard(const struct incarnation *self, const struct event *event)
{
    return self->aide != 0 && event->serial == self->aide &&
           (event->kind == EVENT_PROBED) == (self->aide_kind == AIDE_PROBE);
}

static bool succeeded(const struct event *event)
{
    return event->error == 0 && event->known && event->signal == 0 && event->code == 0;
}

/* The hook that ran is why the member does not start or is stopped. `event` NULL: it took too long.
 */
static void blame_hook(struct step *step, const struct event *event)
{
    struct incarnation *self = step->self;
    bool exited = event && event->error == 0 && event->known && event->signal == 0;

    self->blame = BLAME_HOOK;
    self->blame_hook = self->aide_kind;
    self->blame_index = self->aide_index;
    self->blame_code = exited ? event->code : -1;
    self->blame_signal = event ? event->signal : 0;
    self->blame_error = event ? event->error : ETIMEDOUT;
}

/* --- PREPARING ---------------------------------------------------------------------------- */

/* Nothing was born, and nothing will be. */
static void give_up(struct step *step)
{
    const struct event *event = step->event;

    no_more(step->self);
    step->self->ended_ns = step->context->now.ns;
    step->event = NULL; // it is not about the main process
    step_judge(step);
    step->event = event;
    step_rest(step);
}

/* Give up once the hook has ended. */
static void end_preparing(struct step *step)
{
    if (step->self->aide_ended)
        return;
    end(step);
    step->self->aide_ns = step_after(step, AIDE_END_DEADLINE).ns;
}

void aide_prepared(struct step *step)
{
    struct incarnation *self = step->self;

    if (!self->aide_ended && !succeeded(step->event))
        blame_hook(step, step->event);
    if (self->aide_ended || self->blame)
        give_up(step);
    else if (self->aide_index + 1 < step->context->policy->pre_start)
        aide_hook(step, AIDE_PRE_START, self->aide_index + 1);
    else {
        no_more(self);
        step_bear(step);
    }
}

void aide_prepare_late(struct step *step)
{
    if (step->self->aide_ended) {
        give_up(step);
        return;
    }
    blame_hook(step, NULL);
    end_preparing(step);
}

void aide_prepare_stop(struct step *step)
{
    step->self->want = 0;
    step->self->again = 0;
    step->self->alone = 0;
    step->self->stop_asked = 1;
    end_preparing(step);
}

void aide_prepare_again(struct step *step)
{
    aide_prepare_stop(step);
    step->self->again = 1;
    step->self->alone = step->event->alone;
}

/* Of a hook that is being ended nothing comes but another start. */
void aide_prepare_start(struct step *step)
{
    if (step->self->aide_ended)
        aide_prepare_again(step);
}

void aide_prepare_kill(struct step *step)
{
    if (step->event->signal == SIGKILL || step->event->signal == step->context->policy->stop_signal)
        aide_prepare_stop(step);
}

/* --- RUNNING ------------------------------------------------------------------------------ */

static span up(const struct step *step, int64_t at_ns)
{
    return span_ns(at_ns - step->self->entered_ns);
}

static void set_health(struct step *step, enum health to)
{
    struct incarnation *self = step->self;
    struct effect *effect;

    if (self->health == (int64_t)to)
        return;
    effect = step_emit(step, EFFECT_HEALTH);
    effect->from = (uint16_t)self->health;
    effect->to = (uint16_t)to;
    self->health = to;
    step_changed(step);
}

/* The next probe is due an interval after `since_ns`. */
static void await_probe(struct step *step, int64_t since_ns)
{
    struct incarnation *self = step->self;
    const struct policy *policy = step->context->policy;
    enum health health = (enum health)self->health;
    span interval = health_interval(policy, health, up(step, since_ns));
    int64_t due_ns = instant_add((instant){since_ns}, interval).ns;

    self->aide_ns = INSTANT_NEVER.ns;
    if (health == HEALTH_NONE || !policy->health)
        return;
    self->aide_ns = due_ns < step->context->now.ns ? step->context->now.ns : due_ns;
}

static void is_ready(struct step *step)
{
    no_more(step->self);
    step->self->ready = 1;
    if (!step->self->oom_seen)
        step->self->deadline_ns = INSTANT_NEVER.ns; // that of its start
    step_changed(step);
    await_probe(step, step->self->entered_ns);
}

void aide_welcome(struct step *step)
{
    const struct policy *policy = step->context->policy;

    if (policy->health)
        set_health(step, HEALTH_STARTING);
    if (policy->post_start > 0)
        aide_hook(step, AIDE_POST_START, 0);
    else
        is_ready(step);
}

static void hook_failed(struct step *step, const struct event *event)
{
    blame_hook(step, event);
    if (step->self->want)
        step_leave(step);
    else
        aide_drop(step); // it is to leave anyway, when its turn comes
}

void aide_hooked(struct step *step)
{
    struct incarnation *self = step->self;

    if (!succeeded(step->event)) {
        no_more(self);
        hook_failed(step, step->event);
    } else if (self->aide_index + 1 < step->context->policy->post_start) {
        aide_hook(step, AIDE_POST_START, self->aide_index + 1);
    } else {
        is_ready(step);
    }
}

/* A probe that began at `began_ns` has told something by now. */
static void take_result(struct step *step, bool success, int64_t began_ns)
{
    struct incarnation *self = step->self;
    const struct policy *policy = step->context->policy;

    if (!policy->health) // after a reload
        return;
    set_health(step, health_after(policy, (enum health)self->health, success, up(step, began_ns),
                                  &self->health_failures));
    await_probe(step, step->context->now.ns);
    if (self->health == HEALTH_UNHEALTHY && policy->on_unhealthy == UNHEALTHY_RESTART &&
        self->want) {
        self->blame = BLAME_HEALTH;
        step_leave(step);
    }
}

void aide_probed(struct step *step)
{
    struct incarnation *self = step->self;
    int64_t next_ns = self->aide_ns;

    if (self->aide_ended) { // it was too late: accounted
        no_more(self);
        self->aide_ns = next_ns;
        return;
    }
    no_more(self);
    if (step->event->error == ECANCELED) // nothing is wrong with it: the one who asked is gone
        self->aide_ns = step->context->now.ns;
    else
        take_result(step, succeeded(step->event), self->aide_since_ns);
}

static void start_probe(struct step *step)
{
    const struct policy *policy = step->context->policy;

    if (policy->health)
        start(step, EFFECT_PROBE, AIDE_PROBE, 0, span_ns(policy->health_timeout_ns));
    else
        no_more(step->self);
}

/* One that cannot be ended stands for the probe that would be due: a second one would hang, too. */
void aide_due(struct step *step)
{
    struct incarnation *self = step->self;
    int64_t began_ns = self->aide_ended ? step->context->now.ns : self->aide_since_ns;

    if (!self->aide) {
        start_probe(step);
    } else if (self->aide_kind == AIDE_PROBE) {
        end(step);
        self->aide_ns = INSTANT_NEVER.ns;
        take_result(step, false, began_ns);
    } else {
        hook_failed(step, NULL);
    }
}

/* --- LEAVING ------------------------------------------------------------------------------ */

/* Whatever it said: to stop is not to fail. */
void aide_parted(struct step *step)
{
    int64_t next = step->self->aide_index + 1;

    no_more(step->self);
    if (next < step->context->policy->pre_stop)
        aide_hook(step, AIDE_PRE_STOP, next);
    else
        step_send_stop(step, (instant){step->self->deadline_ns});
}

void aide_part_late(struct step *step)
{
    step_send_stop(step, (instant){step->self->deadline_ns});
}
