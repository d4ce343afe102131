/* See world.h: the turn, and what the fleet's effects do to the world. */
#include "simulation/world.h"

#include <errno.h>
#include <stdlib.h>

#include "simulation/dice.h"

/* When it is Sunday, of no year in particular: people's time decides nothing. */
#define WALL_NS INT64_C(1700000000000000000)

void world_plan(struct world *world, span after, const struct happening *happening)
{
    struct happening planned = *happening;

    planned.at = instant_add(world->now, after);
    world->failed |= !calendar_add(&world->calendar, &planned);
}

/* --- effects ------------------------------------------------------------------------------ */

static void plan_aide(struct world *world, const struct effect *effect)
{
    bool is_killed = effect->kind == EFFECT_END_AIDE;

    world_plan(world, is_killed ? KILLING_TAKES : AIDE_TAKES,
               &(struct happening){.kind = HAPPENS_AIDE,
                                   .member = effect->member,
                                   .generation = effect->generation,
                                   .serial = effect->serial,
                                   .hook = effect->hook,
                                   .index = effect->index,
                                   .signal = is_killed ? 9 : 0});
}

/* Somebody comes, sees, and starts it. */
static void await_somebody(struct world *world, uint32_t member)
{
    struct box *box = &world->boxes[member];

    if (box->is_awaited)
        return;
    box->is_awaited = true;
    world_plan(world, world->simulation->attendance,
               &(struct happening){.kind = HAPPENS_STARTED, .member = member});
}

static void note_shift(struct world *world, const struct effect *effect)
{
    const struct incarnation *it = &world->fleet.members[effect->member];
    bool is_done = it->last.kind == VERDICT_DONE;
    bool is_stopped = it->last.kind == VERDICT_STOPPED;

    if (effect->to != STATE_HELD && effect->to != STATE_EXITED)
        return;
    if (effect->to == STATE_EXITED && is_done) {
        life_up(world, effect->member); // its work is done
        return;
    }
    if (!is_stopped) {
        world->result->members[effect->member].holds++;
        world->held = instant_min(world->held, world->now);
    }
    await_somebody(world, effect->member);
}

static void act(struct world *world, const struct effect *effect)
{
    struct tally *tally = &world->result->members[effect->member];

    switch (effect->kind) {
    case EFFECT_SPAWN:
        life_begin(world, effect->member, effect->generation);
        break;
    case EFFECT_SIGNAL:
        life_signal(world, effect->member, effect->signal);
        break;
    case EFFECT_KILL:
        life_kill(world, effect->member);
        break;
    case EFFECT_PROBE:
    case EFFECT_HOOK:
    case EFFECT_END_AIDE:
        plan_aide(world, effect);
        break;
    case EFFECT_VERDICT:
        tally->deaths[world->fleet.members[effect->member].last.kind]++;
        break;
    case EFFECT_SHIFT:
        note_shift(world, effect);
        break;
    case EFFECT_MARK:
    case EFFECT_BURY:
    case EFFECT_FINISH:
    case EFFECT_HEALTH:
    case EFFECT_REPORT:
    case EFFECT_EXAMINE: // what is killed ends here
    case EFFECT_QUARANTINE:
    case EFFECTS_COUNT:
        break;
    }
}

void world_step(struct world *world, struct event *event)
{
    event->at = world->now;
    event->wall_ns = WALL_NS + world->now.ns;
    fleet_step(&world->fleet, event);
    world->result->events++;
    for (uint32_t i = 0; i < world->fleet.effects.count; i++)
        act(world, &world->fleet.effects.item[i]);
}

/* --- the turn ----------------------------------------------------------------------------- */

static void tick(struct world *world)
{
    struct event event = {.kind = EVENT_TICK};

    if (fleet_asks_for_memory(&world->fleet, world->now))
        event.available_bytes = full_available(world);
    world_step(world, &event);
}

static void start(struct world *world, uint32_t member)
{
    struct event event = {.kind = EVENT_START, .member = member};

    world->boxes[member].is_awaited = false;
    world_step(world, &event);
}

void world_turn(struct world *world, instant end)
{
    while (!world->failed) {
        instant deadline = fleet_deadline(&world->fleet), next = calendar_next(&world->calendar);
        struct happening happening;

        if (instant_min(deadline, next).ns > end.ns)
            break;
        if (instant_min(deadline, next).ns > world->now.ns)
            world->now = instant_min(deadline, next);
        if (deadline.ns <= next.ns) {
            tick(world);
            continue;
        }
        happening = calendar_take(&world->calendar);
        if (happening.kind == HAPPENS_STARTED)
            start(world, happening.member);
        else if (happening.kind == HAPPENS_FULL)
            full_happens(world, &happening);
        else
            life_happens(world, &happening);
    }
    world->now = end;
}

/* --- a run -------------------------------------------------------------------------------- */

/* Instances of a service need the same things, and miss them at the same times. */
static uint32_t first_of_service(const struct roster *roster, uint32_t member)
{
    uint32_t first = member;

    while (first > 0 && roster->members[first].number > 1)
        first--;
    return first;
}

static void plan_outages(struct world *world, uint64_t seed)
{
    for (uint32_t i = 0; i < world->simulation->roster->members_count; i++) {
        struct box *box = &world->boxes[i];
        box->outages = dice_seed(~seed, first_of_service(world->simulation->roster, i));
        world_plan(world,
                   span_ns(dice_wait(&box->outages, world->simulation->troubles[i].outage_ns)),
                   &(struct happening){.kind = HAPPENS_OUTAGE, .member = i});
    }
}

static void start_all(struct world *world, uint64_t seed)
{
    const struct roster *roster = world->simulation->roster;
    struct event event = {.kind = EVENT_BEGIN, .seed = (int64_t)seed};

    world_step(world, &event);
    for (uint32_t i = 0; i < roster->members_count; i++) {
        struct event begin = {
            .kind = EVENT_START, .member = i, .more = i + 1 < roster->members_count};
        world_step(world, &begin);
    }
}

int world_begin(struct world *world, const struct simulation *simulation, uint32_t run,
                struct simulation_result *result)
{
    const struct roster *roster = simulation->roster;
    uint64_t seed = dice_seed(simulation->seed, run);

    *world = (struct world){.simulation = simulation,
                            .result = result,
                            .begun = {NSEC_PER_SEC},
                            .now = {NSEC_PER_SEC},
                            .held = INSTANT_NEVER};
    world->boxes = calloc((size_t)roster->members_count + 1, sizeof(*world->boxes));
    world->group_oom = calloc((size_t)roster->groups_count + 1, sizeof(*world->group_oom));
    if (!world->boxes || !world->group_oom || fleet_init(&world->fleet, roster) < 0) {
        world_finish(world);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < roster->members_count; i++) {
        world->boxes[i].down = INSTANT_NEVER;
        world->boxes[i].dice = dice_seed(seed, i);
    }
    plan_outages(world, seed);
    start_all(world, seed);
    return 0; // what failed on the way, a turn finds
}

void world_close(struct world *world)
{
    for (uint32_t i = 0; i < world->simulation->roster->members_count; i++) {
        life_up(world, i);
        world->result->members[i].restarts += world->fleet.members[i].restarts_all;
    }
}

void world_finish(struct world *world)
{
    fleet_finish(&world->fleet);
    calendar_finish(&world->calendar);
    free(world->boxes);
    free(world->group_oom);
}
