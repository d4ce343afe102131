/* Invariants about verdicts: one a death, and what really happened where the evidence allows. */
#include <signal.h>

#include "tests/sim/sim.h"

static bool is_oom(enum verdict_kind kind)
{
    return kind == VERDICT_OOM || kind == VERDICT_OOM_GROUP || kind == VERDICT_OOM_OUTSIDE;
}

/* Other counters moved in the interval, so the limit that killed may be taken for another. */
static bool limit_fits(const struct sim *sim, uint32_t member, enum verdict_kind told)
{
    const struct box *box = &sim->boxes[member];

    if (told == box->memory_death)
        return true;
    if (told == VERDICT_OOM)
        return box->met_limit;
    if (told == VERDICT_OOM_OUTSIDE)
        return box->memory_death == VERDICT_OOM_GROUP &&
               (box->was_late || budget_late(sim, member));
    return told == VERDICT_OOM_GROUP && box->memory_death == VERDICT_OOM_OUTSIDE &&
           budget_moved(sim, member);
}

static bool may_be_memory(const struct sim *sim, uint32_t member, enum verdict_kind told)
{
    const struct box *box = &sim->boxes[member];
    instant last_look = instant_min(sim->now, box->told_empty);

    if (sim->shadows[member].toll.victims)
        return true;
    if (box->memory_death != VERDICT_NONE)
        return limit_fits(sim, member, told);
    /* A child's kill, so fresh that it may have been the main process's. */
    return box->child_kills > 0 && !instant_reached(box->ambiguous_until, last_look);
}

/* Of an end that is known. */
static enum verdict_kind own_name(const struct sim *sim, uint32_t member, enum verdict_kind death)
{
    bool is_own = death == VERDICT_FAILED || death == VERDICT_CRASHED || death == VERDICT_KILLED;

    return is_own && is_success_end(sim, member) ? VERDICT_DONE : death;
}

/* Killed because it was not there in time, and that was so. */
static bool is_late(const struct sim *sim, uint32_t member)
{
    const struct shadow *shadow = &sim->shadows[member];
    int64_t timeout = sim->roster.members[member].policy.start_timeout_ns;
    bool was_there = shadow->book.is_ready && shadow->book.began.ns >= shadow->spawned.ns;

    return shadow->is_late && !was_there &&
           (shadow->is_vague || instant_since(shadow->killing, shadow->spawned).ns >= timeout);
}

/* What a death other than for memory must be called. */
static enum verdict_kind plain_name(const struct sim *sim, uint32_t member, bool known)
{
    const struct shadow *shadow = &sim->shadows[member];
    const struct box *box = &sim->boxes[member];
    bool is_stopped = sim->earlier[member].state != STATE_RUNNING;

    if (shadow->failed_hook && is_stopped)
        return VERDICT_FAILED;
    if (shadow->is_unhealthy && is_stopped)
        return VERDICT_UNHEALTHY;
    if (is_late(sim, member) && is_stopped && (!known || box->signal == SIGKILL))
        return VERDICT_START_TIMEOUT;
    if (shadow->asked)
        return VERDICT_STOPPED;
    return known ? own_name(sim, member, box->death) : VERDICT_FAILED;
}

static void check_truth(struct sim *sim, const struct event *event, uint32_t member)
{
    const struct box *box = &sim->boxes[member];
    const struct shadow *shadow = &sim->shadows[member];
    const struct verdict *told = &sim->fleet.members[member].last;
    bool known = event->kind == EVENT_DEAD && event->member == member && event->known;
    bool died_for_memory = is_oom(box->death);
    bool is_ours =
        is_late(sim, member) || shadow->asked || shadow->is_unhealthy || shadow->failed_hook;
    enum verdict_kind plain = plain_name(sim, member, known);

    /* Told as a child's, and its death was so slow to follow that nobody could connect them. */
    if (died_for_memory &&
        instant_reached(instant_add(box->taken_for_child, CHILD_SETTLED), sim->now)) {
        died_for_memory = false;
        if (plain != VERDICT_UNHEALTHY && !shadow->failed_hook)
            plain = shadow->asked ? VERDICT_STOPPED
                    : known       ? own_name(sim, member, VERDICT_KILLED)
                                  : VERDICT_FAILED;
    }

    if (told->victims != shadow->toll.victims && !shadow->toll.is_loose && !shadow->is_vague)
        break_rule(sim, "victims-counted", "%u told", told->victims);
    if (shadow->toll.victims && is_oom(told->kind))
        return;
    if (box->is_alive)
        break_rule(sim, "verdict-true", "%s for a living process", verdict_name(told->kind));
    else if (is_oom(told->kind) && !may_be_memory(sim, member, told->kind))
        break_rule(sim, "verdict-true", "%s, but it was %s (limit %s, %u children killed)",
                   verdict_name(told->kind), verdict_name(box->death),
                   verdict_name(box->memory_death), box->child_kills);
    else if (!is_oom(told->kind) && died_for_memory &&
             !(told->kind == plain && told->confidence == CONFIDENCE_PROBABLE && is_ours))
        break_rule(sim, "verdict-true", "%s, but it was %s", verdict_name(told->kind),
                   verdict_name(box->death));
    else if (!is_oom(told->kind) && told->kind != plain)
        break_rule(sim, "verdict-true", "%s, but it was %s%s", verdict_name(told->kind),
                   verdict_name(box->death), shadow->asked ? ", asked to stop" : "");
}

static void check_spawn_failed(struct sim *sim, uint32_t member)
{
    const struct box *box = &sim->boxes[member];
    const struct verdict *told = &sim->fleet.members[member].last;
    instant late = instant_add(sim->shadows[member].spawned, EXEC_DEADLINE);

    if (told->step == SPAWN_STEP_TIMEOUT) {
        if (box->is_program || !instant_reached(late, sim->now))
            break_rule(sim, "verdict-true", "too late to the program, but it was not");
    } else if (told->step != (enum spawn_step)box->step || told->error != box->error) {
        break_rule(sim, "verdict-true", "failed at step %d with %d, but it was %d with %d",
                   (int)told->step, told->error, (int)box->step, (int)box->error);
    }
}

/* Nothing happened that could be confused: then nothing may be in doubt. */
static void check_confidence(struct sim *sim, const struct event *event, uint32_t member)
{
    const struct box *box = &sim->boxes[member];
    const struct verdict *told = &sim->fleet.members[member].last;
    bool clear = event->kind == EVENT_DEAD && event->known && box->child_kills == 0 &&
                 (box->death != VERDICT_KILLED || told->kind == VERDICT_KILLED ||
                  told->kind == VERDICT_DONE) &&
                 !box->met_limit && !budget_moved(sim, member) && box->memory_death == VERDICT_NONE;

    if (clear && told->confidence != CONFIDENCE_CERTAIN)
        break_rule(sim, "confidence-honest", "%s is only %s", verdict_name(told->kind),
                   confidence_name(told->confidence));
    if (told->confidence == CONFIDENCE_CERTAIN && event->kind != EVENT_DEAD &&
        told->kind == VERDICT_FAILED && !told->hook)
        break_rule(sim, "confidence-honest", "nobody knows its status, but it is certain");
}

static void check_oom_child(struct sim *sim, uint32_t member)
{
    const struct box *box = &sim->boxes[member];
    bool was_main =
        box->memory_death != VERDICT_NONE && !sim->roster.members[member].policy.oom_group;

    if (box->child_kills == 0 && !was_main)
        break_rule(sim, "verdict-true", "no child was killed for memory");
}

static void check_unkillable(struct sim *sim, uint32_t member, uint32_t generation)
{
    const struct box *box = &sim->boxes[member];
    struct shadow *shadow = &sim->shadows[member];

    if (shadow->unkillable == generation)
        break_rule(sim, "one-verdict", "told twice that it is unkillable");
    if (!box_is_populated(box) && box->told_empty.ns != INSTANT_NEVER.ns)
        break_rule(sim, "verdict-true", "unkillable, but it is empty and that was told");
    if (!box->is_stuck && !instant_reached(instant_add(shadow->killing, KILL_DEADLINE), sim->now))
        break_rule(sim, "verdict-true", "unkillable after %lld ms",
                   (long long)span_to_ms(instant_since(sim->now, shadow->killing)));
    shadow->unkillable = generation;
}

/* The hook that is named is the one that failed. */
static void check_blame(struct sim *sim, uint32_t member)
{
    const struct shadow *shadow = &sim->shadows[member];
    const struct verdict *told = &sim->fleet.members[member].last;

    if (told->hook &&
        (told->kind != VERDICT_FAILED || told->hook != shadow->failed_hook ||
         told->hook_index != shadow->failed_index || told->exit_code != shadow->failed_code))
        break_rule(sim, "verdict-true", "hook %u %u with %d, but it was %u %u with %lld",
                   told->hook, told->hook_index, told->exit_code, shadow->failed_hook,
                   shadow->failed_index, (long long)shadow->failed_code);
    if (!told->hook && told->kind == VERDICT_FAILED && shadow->failed_hook &&
        sim->earlier[member].state != STATE_RUNNING)
        break_rule(sim, "verdict-true", "the hook that failed is not named");
}

void check_verdict(struct sim *sim, const struct event *event, const struct effect *effect)
{
    uint32_t member = effect->member;
    struct shadow *shadow = &sim->shadows[member];
    const struct verdict *told = &sim->fleet.members[member].last;

    if (effect->generation != shadow->generation) {
        break_rule(sim, "one-verdict", "of generation %u, which is not its own",
                   effect->generation);
        return;
    }
    if (told->kind == VERDICT_OOM_CHILD) {
        check_oom_child(sim, member);
        note_budget(sim, event, member);
        return;
    }
    if (told->kind == VERDICT_UNKILLABLE)
        check_unkillable(sim, member, effect->generation);
    if (shadow->judged == effect->generation) {
        break_rule(sim, "one-verdict", "a second verdict, %s", verdict_name(told->kind));
        return;
    }
    shadow->judged = effect->generation;
    shadow->told_at = sim->now;
    shadow->verdict = *told;
    if (told->kind == VERDICT_SPAWN_FAILED)
        check_spawn_failed(sim, member);
    else if (told->kind != VERDICT_UNKILLABLE)
        check_truth(sim, event, member);
    check_budget(sim, event, member);
    note_budget(sim, event, member);
    check_confidence(sim, event, member);
    check_blame(sim, member);
    check_restart(sim, effect);
}
