/* Invariants about processes that are killed for memory while their service lives on. */
#include "tests/sim/check_victims.h"

#include "tests/sim/sim.h"

bool is_ended_by_us(const struct sim *sim, uint32_t member)
{
    const struct shadow *shadow = &sim->shadows[member];

    return shadow->is_unhealthy || shadow->failed_hook || shadow->toll.victims ||
           sim->fleet.members[member].blame == BLAME_START;
}

static bool is_up(int64_t state)
{
    return state == STATE_STARTING || state == STATE_RUNNING || state == STATE_LEAVING ||
           state == STATE_STOPPING;
}

/* Those within the time that ends now. */
static int64_t count_recent(const struct sim *sim, const struct toll_book *toll, int64_t within_ns)
{
    int64_t recent = 0;

    for (uint32_t i = toll->count; i > 0 && toll->count - i < VICTIMS_KEPT; i--)
        if (instant_since(sim->now, toll->at[(i - 1) % VICTIMS_KEPT]).ns <= within_ns)
            recent++;
    return recent;
}

void note_victims(struct sim *sim, const struct event *event)
{
    const struct policy *policy = &sim->roster.members[event->member].policy;
    struct toll_book *toll = &sim->shadows[event->member].toll;
    int64_t more;

    if (event->kind != EVENT_MEMORY || sim->is_stale ||
        !is_up(sim->fleet.members[event->member].state))
        return;
    more = event->reading.tree_oom_kill - toll->told;
    toll->told = event->reading.tree_oom_kill;
    toll->is_loose |= policy->oom_group && policy->oom_policy == OOM_CONTINUE;
    if (event->dying || policy->oom_policy != OOM_CONTINUE || more <= 0)
        return;
    for (int64_t i = 0; i < more; i++)
        toll->at[toll->count++ % VICTIMS_KEPT] = sim->now;
    if (policy->oom_victims > 0 &&
        count_recent(sim, toll, policy->oom_within_ns) >= policy->oom_victims)
        toll->victims = policy->oom_victims;
}

void check_victims(struct sim *sim, uint32_t member)
{
    const struct incarnation *it = &sim->fleet.members[member];
    const struct toll_book *toll = &sim->shadows[member].toll;

    if (toll->is_loose || sim->shadows[member].is_vague ||
        (!is_up(it->state) && it->state != STATE_KILLING))
        return;
    if (toll->victims && is_up(it->state) &&
        (uint32_t)it->generation == sim->shadows[member].generation)
        break_rule(sim, "victims-counted", "m%u is %s after %lld victims", member,
                   state_name((enum state)it->state), (long long)toll->victims);
    if (it->victims != toll->victims)
        break_rule(sim, "victims-counted", "m%u: %lld victims, not %lld", member,
                   (long long)it->victims, (long long)toll->victims);
}

void check_start(struct sim *sim, uint32_t member)
{
    const struct incarnation *it = &sim->fleet.members[member];
    const struct shadow *shadow = &sim->shadows[member];
    int64_t timeout = sim->roster.members[member].policy.start_timeout_ns;

    if (timeout == 0 || shadow->is_vague || it->ready ||
        (it->state != STATE_STARTING && it->state != STATE_RUNNING))
        return;
    if (instant_since(sim->now, shadow->spawned).ns > timeout + span_sec(1).ns)
        break_rule(sim, "start-in-time", "m%u is %s %lld ms after its birth", member,
                   state_name((enum state)it->state),
                   (long long)span_to_ms(instant_since(sim->now, shadow->spawned)));
}
