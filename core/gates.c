/* See gates.h. */
#include "core/gates.h"

#include <string.h>

#include "core/health.h"

static bool is_leaving(const struct incarnation *self)
{
    switch ((enum state)self->state) {
    case STATE_PREPARING:
    case STATE_STARTING:
    case STATE_RUNNING:
    case STATE_LEAVING:
    case STATE_KILLING:
        return !self->want; // else it comes back
    case STATE_STOPPING:    // without a deadline (a signal on request) it may stay for ever
        return !self->want && self->deadline_ns != INSTANT_NEVER.ns;
    case STATE_CREATED:
    case STATE_WAITING:
    case STATE_BACKOFF:
    case STATE_HELD:
    case STATE_EXITED:
    case STATE_QUARANTINED: // may stay for ever: nobody waits for it
    case STATES_COUNT:
        break;
    }
    return false;
}

static bool has_process(const struct incarnation *self)
{
    return self->state == STATE_PREPARING || self->state == STATE_STARTING ||
           self->state == STATE_RUNNING || self->state == STATE_LEAVING ||
           self->state == STATE_STOPPING || self->state == STATE_KILLING;
}

uint16_t gates_signs(const struct incarnation *self)
{
    bool is_up = self->state == STATE_STARTING || self->state == STATE_RUNNING;
    /* What is about to leave is not there any more. */
    bool is_there = self->state == STATE_RUNNING && self->want && self->ready;
    bool rests = lifecycle_at_rest(self) || self->state == STATE_QUARANTINED;
    unsigned signs = 0;

    signs |= self->state == STATE_WAITING ? SIGN_WAITING : 0;
    signs |= self->alone ? SIGN_ALONE : 0;
    signs |= is_up && !self->want ? SIGN_WISH : 0;
    signs |= self->grace_ns == 0 ? SIGN_AT_ONCE : 0;
    signs |= is_leaving(self) ? SIGN_LEAVING : 0;
    signs |= has_process(self) ? SIGN_PROCESS : 0;
    signs |= rests ? SIGN_RESTING : 0;
    signs |= is_there ? SIGN_STARTED : 0;
    signs |= is_there && self->health == HEALTH_HEALTHY ? SIGN_HEALTHY : 0;
    signs |= self->state == STATE_EXITED && self->last.kind == VERDICT_DONE ? SIGN_COMPLETED : 0;
    signs |= self->together ? SIGN_TOGETHER : 0;
    signs |= self->together && self->state != STATE_WAITING ? SIGN_GATHERING : 0;
    return (uint16_t)signs;
}

/* --- who may start ------------------------------------------------------------------------ */

bool gates_need_met(const struct fleet *fleet, const struct need *need)
{
    unsigned on = fleet->signs[need->member], enough = 0;

    switch ((enum need_condition)need->condition) {
    case NEED_STARTED:
        enough = SIGN_STARTED | SIGN_COMPLETED;
        break;
    case NEED_COMPLETED:
        enough = SIGN_COMPLETED;
        break;
    case NEED_HEALTHY:
        enough = SIGN_HEALTHY;
        break;
    case NEEDS_COUNT:
        break;
    }
    return on & enough || (need->optional && on & SIGN_RESTING);
}

static ptrdiff_t first_gathering(const struct fleet *fleet)
{
    uint32_t i = 0;

    while (i + 1 < fleet->roster->members_count && !(fleet->signs[i] & SIGN_GATHERING))
        i++;
    return (ptrdiff_t)i;
}

ptrdiff_t fleet_waits_for(const struct fleet *fleet, uint32_t member)
{
    const struct member *self = &fleet->roster->members[member];

    if (fleet->signs[member] & SIGN_TOGETHER && fleet->gathering > 0)
        return first_gathering(fleet);
    if (fleet->signs[member] & SIGN_ALONE)
        return -1;
    for (uint32_t i = 0; i < self->needs_count; i++) {
        const struct need *need = &fleet->roster->needs[self->first_need + i];
        if (!gates_need_met(fleet, need))
            return (ptrdiff_t)need->member;
    }
    return -1;
}

/* --- who may leave ------------------------------------------------------------------------ */

static uint32_t mark_needs(struct fleet *fleet, uint32_t member, uint32_t end)
{
    const struct member *self = &fleet->roster->members[member];

    for (uint32_t i = 0; i < self->needs_count; i++) {
        uint32_t on = fleet->roster->needs[self->first_need + i].member;
        if (!fleet->needed[on]) {
            fleet->needed[on] = true;
            fleet->queue[end++] = on;
        }
    }
    return end;
}

/* Those who need a member and are going down as well go first; a member in between that has no
 * process passes the need on to what it needs itself. */
static void mark_needed(struct fleet *fleet)
{
    uint32_t count = fleet->roster->members_count, end = 0;

    memset(fleet->needed, 0, count * sizeof(*fleet->needed));
    for (uint32_t i = 0; i < count; i++)
        if (fleet->signs[i] & SIGN_LEAVING)
            end = mark_needs(fleet, i, end);
    while (end > 0) {
        uint32_t member = fleet->queue[--end];
        if (!(fleet->signs[member] & SIGN_PROCESS))
            end = mark_needs(fleet, member, end);
    }
}

/* --- both --------------------------------------------------------------------------------- */

static void judge_gate(struct fleet *fleet, uint32_t index, int64_t wall_ns)
{
    unsigned signs = fleet->signs[index];

    if (signs & SIGN_WAITING) {
        if (!fleet->ending && fleet_waits_for(fleet, index) < 0)
            fleet_step_member(fleet, index, INNER_OPEN, NULL, wall_ns);
    } else if (signs & SIGN_WISH) {
        if (signs & SIGN_AT_ONCE || !fleet->needed[index])
            fleet_step_member(fleet, index, INNER_RELEASE, NULL, wall_ns);
    }
}

void gates_judge(struct fleet *fleet, int64_t wall_ns)
{
    while (fleet->is_stirred && (fleet->waiting > 0 || fleet->wishing > 0)) {
        fleet->is_stirred = false;
        if (fleet->wishing > 0)
            mark_needed(fleet);
        for (uint32_t i = 0; i < fleet->roster->members_count; i++)
            if (fleet->signs[i] & (SIGN_WAITING | SIGN_WISH))
                judge_gate(fleet, i, wall_ns);
    }
    fleet->is_stirred = false;
}
