/* What people asked for, and what must have come of it. */
#include <signal.h>

#include "tests/sim/sim.h"

static bool ends_for_good(const struct sim *sim, const struct event *event)
{
    return event->signal == SIGKILL ||
           event->signal == sim->roster.members[event->member].policy.stop_signal;
}

void note_request(struct sim *sim, const struct event *event)
{
    struct shadow *shadow = &sim->shadows[event->member];
    const struct incarnation *it = &sim->fleet.members[event->member];
    bool is_up = it->state == STATE_STARTING || it->state == STATE_RUNNING ||
                 (it->state == STATE_PREPARING && !it->aide_ended);
    bool is_start = event->kind == EVENT_START || event->kind == EVENT_RESTART;

    shadow->asked_alone |= is_start && event->alone;
    if (event->kind == EVENT_STOP)
        shadow->owed = false;
    else if (event->kind == EVENT_KILL && ends_for_good(sim, event) &&
             (is_up || it->state == STATE_PREPARING || it->state == STATE_WAITING ||
              it->state == STATE_BACKOFF))
        shadow->owed = false;
    else if (event->kind == EVENT_RESTART || (event->kind == EVENT_START && !is_up))
        shadow->owed = !sim->is_down;
    if ((event->kind == EVENT_START || event->kind == EVENT_RESTART) &&
        it->state == STATE_BACKOFF && !sim->is_down)
        shadow->waited = true;
}

/* What a request must have brought about at once. */
void check_request(struct sim *sim, const struct event *event)
{
    const struct incarnation *it = &sim->fleet.members[event->member];
    int64_t was = sim->earlier[event->member].state;

    if (event->kind == EVENT_FORGET && (was == STATE_EXITED || was == STATE_HELD) &&
        (it->state != STATE_CREATED || it->restarts_all != 0 || it->last.kind != VERDICT_NONE))
        break_rule(sim, "requests-honoured", "m%u is not forgotten", event->member);
    if (event->kind != EVENT_RESTART || event->alone || sim->is_down)
        return;
    for (uint32_t i = 0; i < sim->roster.members_count; i++) {
        bool was_up = sim->earlier[i].want && (sim->earlier[i].state == STATE_RUNNING ||
                                               sim->earlier[i].state == STATE_STARTING);
        bool directly = false;
        for (uint32_t j = 0; j < sim->roster.members[i].needs_count; j++)
            directly |= need_of(sim, i, j)->restart && need_of(sim, i, j)->member == event->member;
        if (directly && was_up && sim->fleet.members[i].want)
            break_rule(sim, "restarted-together", "m%u runs on while m%u is restarted", i,
                       event->member);
    }
}
