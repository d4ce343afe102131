/* See quarantine.h. */
#include "core/quarantine.h"

#include "core/step.h"

uint32_t quarantine_count(const struct incarnation *self)
{
    return (uint32_t)((self->left0 != 0) + (self->left1 != 0) + (self->left2 != 0) +
                      (self->left3 != 0));
}

/* The place that has that generation, 0: a free one; NULL: none. */
static int64_t *find(struct incarnation *self, int64_t generation)
{
    int64_t *const places[LEFT_BEHIND_MAX] = {&self->left0, &self->left1, &self->left2,
                                              &self->left3};

    for (int i = 0; i < LEFT_BEHIND_MAX; i++)
        if (*places[i] == generation)
            return places[i];
    return NULL;
}

bool quarantine_has(const struct incarnation *self, uint32_t generation)
{
    return generation > 0 && (self->left0 == generation || self->left1 == generation ||
                              self->left2 == generation || self->left3 == generation);
}

void quarantine_keep(struct incarnation *self, const struct incarnation *before)
{
    self->left0 = before->left0;
    self->left1 = before->left1;
    self->left2 = before->left2;
    self->left3 = before->left3;
}

/* --- cells -------------------------------------------------------------------------------- */

static void examine(struct step *step)
{
    step_emit(step, EFFECT_EXAMINE);
    step->self->deadline_ns = step_after(step, EXAMINE_DEADLINE).ns;
}

/* What it is now, it may stay for ever: the member goes on without it. */
static void leave_behind(struct step *step)
{
    struct incarnation *self = step->self;

    *find(self, 0) = self->generation;
    self->alive = 0;
    self->pid = 0;
    self->populated = 0;
    self->holds = 0;
    step_go_on(step);
}

static bool may_be_left(const struct incarnation *self)
{
    return !self->holds && quarantine_count(self) < LEFT_BEHIND_MAX;
}

/* Once an incarnation, and not if its main process had an end of its own. What the kernel has
 * counted for it stands beside it: it may be why it was to die. */
static void tell_unkillable(struct step *step)
{
    struct incarnation *self = step->self;
    struct obituary obituary = {.base = self->base, .now = self->seen, .paid = self->paid};
    struct verdict verdict = verdict_decide(&obituary);

    if (self->judged)
        return;
    verdict.confidence = CONFIDENCE_CERTAIN;
    step_tell(step, &verdict);
    self->judged = 1;
    self->ended_ns = step->context->now.ns;
    self->last.kind = VERDICT_UNKILLABLE;
    step_decide_next(step);
    step_explain(step);
}

static void give_up(struct step *step, bool holds)
{
    struct incarnation *self = step->self;

    tell_unkillable(step);
    step_emit(step, EFFECT_QUARANTINE);
    self->holds = holds;
    if (may_be_left(self))
        leave_behind(step);
    else
        step_shift(step, STATE_QUARANTINED, step_after(step, HOLD_AGAIN));
}

static bool is_late(const struct step *step, span more)
{
    instant killed = instant_add((instant){step->self->entered_ns}, KILL_DEADLINE);

    return instant_reached(instant_add(killed, more), step->context->now);
}

void quarantine_due(struct step *step)
{
    if (is_late(step, EXAMINE_DEADLINE)) // and nobody could look
        give_up(step, true);
    else
        examine(step);
}

void quarantine_examined(struct step *step)
{
    struct incarnation *self = step->self;
    const struct event *event = step->event;
    bool holds = !event->known || event->held;

    if (!self->populated)
        return;
    if (!self->judged && event->reading.known) // what its groups count is not its alone by now
        self->seen.peak_bytes = event->reading.peak_bytes;
    if (self->state == STATE_QUARANTINED) {
        self->holds = holds;
        if (may_be_left(self))
            leave_behind(step);
        else
            self->deadline_ns = step_after(step, HOLD_AGAIN).ns;
    } else if ((event->known && event->stuck) || is_late(step, span_ns(0))) {
        give_up(step, holds);
    } else {
        self->deadline_ns = step_after(step, EXAMINE_AGAIN).ns;
    }
}

/* Time to see whether it holds less by now; or the exit record does not come. */
void quarantine_late(struct step *step)
{
    if (step->self->populated) {
        examine(step);
        return;
    }
    step->self->alive = 0;
    step_rest(step);
}

/* One that was waited for is gone. Its exit record may be on the way; its verdict is given. */
static void own_is_gone(struct step *step)
{
    struct incarnation *self = step->self;

    if (self->state != STATE_QUARANTINED || !self->populated)
        return;
    self->populated = 0;
    if (self->alive)
        self->deadline_ns = step_after(step, RECORD_DEADLINE).ns;
    step_rest_if_gone(step);
}

void quarantine_let_go(struct step *step)
{
    struct incarnation *self = step->self;
    uint32_t generation = step->event->generation;

    if (!quarantine_has(self, generation)) {
        if (generation == (uint32_t)self->generation)
            own_is_gone(step);
        return;
    }
    *find(self, generation) = 0;
    step_emit(step, EFFECT_BURY)->generation = generation;
    step_changed(step);
    if (self->state == STATE_QUARANTINED && self->populated && may_be_left(self))
        leave_behind(step);
}
