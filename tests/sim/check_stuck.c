/* Invariants about what the kernel does not let end. */
#include "tests/sim/check_stuck.h"

#include "tests/sim/sim.h"

/* A place: that of one which was buried long ago. */
static struct left *find_place(struct sim *sim, uint32_t member)
{
    for (int i = 0; i < LEFT_KEPT; i++) {
        struct left *left = &sim->left[member][i];
        if (!left->is_alive && (left->is_buried || !left->is_left))
            return left;
    }
    break_rule(sim, "few-are-left", "more than anybody counts");
    return &sim->left[member][0];
}

/* Given up: it is stuck, or had its time. */
void check_quarantine(struct sim *sim, const struct effect *effect)
{
    const struct box *box = &sim->boxes[effect->member];
    const struct shadow *shadow = &sim->shadows[effect->member];
    bool had_time = instant_reached(instant_add(shadow->killing, span_sec(10)), sim->now);

    if (effect->generation != shadow->generation ||
        left_of(sim, effect->member, effect->generation))
        break_rule(sim, "left-once", "generation %u", effect->generation);
    if (box_is_populated(box) && !box->is_stuck && !had_time)
        break_rule(sim, "only-the-stuck-are-left", "generation %u only takes its time",
                   effect->generation);
    *find_place(sim, effect->member) = (struct left){
        .generation = effect->generation,
        .is_alive = box_is_populated(box),
        .is_stuck = box->is_stuck,
        .holds = box->holds,
    };
    note_left(sim, effect->member);
}

/* The last effect of one step that is about it follows; the fleet is behind that step already. */
void note_left(struct sim *sim, uint32_t member)
{
    struct shadow *shadow = &sim->shadows[member];
    struct left *left = left_of(sim, member, shadow->generation);

    if (!left || left->is_left || !quarantine_has(&sim->fleet.members[member], left->generation))
        return;
    left->is_left = true;
    shadow->buried = left->generation;
}

void check_beside_left(struct sim *sim, uint32_t member)
{
    uint32_t count = 0;

    for (int i = 0; i < LEFT_KEPT; i++) {
        const struct left *left = &sim->left[member][i];
        if (left->generation == 0 || left->is_buried)
            continue;
        count += left->is_left || left->is_alive;
        if (left->is_alive && left->holds)
            break_rule(sim, "held-is-waited-for", "generation %u holds what it needs",
                       left->generation);
        if (left->is_alive && !left->is_left)
            break_rule(sim, "no-start-while-alive", "generation %u was not left behind",
                       left->generation);
    }
    if (count > 4)
        break_rule(sim, "few-are-left", "%u are left behind", count);
}

static bool check_bury_left(struct sim *sim, const struct effect *effect)
{
    struct left *left = left_of(sim, effect->member, effect->generation);

    if (!left || !left->is_left)
        return false;
    if (left->is_buried)
        break_rule(sim, "buried-once", "generation %u, left behind, again", effect->generation);
    if (left->is_alive)
        break_rule(sim, "buried-empty", "generation %u is still there", effect->generation);
    left->is_buried = true;
    return true;
}

void check_bury(struct sim *sim, const struct effect *effect)
{
    struct shadow *shadow = &sim->shadows[effect->member];
    const struct box *box = &sim->boxes[effect->member];

    if (check_bury_left(sim, effect))
        return;
    shadow->burials++;
    if (effect->generation != shadow->buried + 1)
        break_rule(sim, "buried-once", "generation %u, after %u", effect->generation,
                   shadow->buried);
    if (box->generation != effect->generation || box_is_populated(box))
        break_rule(sim, "buried-empty", "generation %u is not empty", effect->generation);
    shadow->buried = effect->generation;
}

/* What was seen is acted on: it costs the member no more time. */
void check_stuck(struct sim *sim, const struct event *event)
{
    const struct incarnation *it = &sim->fleet.members[event->member];
    const struct left *left;
    int64_t was = sim->earlier[event->member].state;
    bool was_there = was == STATE_KILLING || was == STATE_QUARANTINED;

    if (event->kind == EVENT_EXAMINED && event->known && event->stuck && was_there &&
        it->generation == event->generation && it->populated &&
        (it->state == STATE_KILLING ||
         (it->state == STATE_QUARANTINED && !event->held && quarantine_count(it) < 4)))
        break_rule(sim, "stuck-costs-a-second", "m%u still waits for it", event->member);
    if (event->kind != EVENT_RELEASED)
        return;
    left = left_of(sim, event->member, event->generation);
    if (left && left->is_left && !left->is_buried)
        break_rule(sim, "let-go-is-buried", "m%u: generation %u is not", event->member,
                   event->generation);
}
