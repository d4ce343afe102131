/* One incarnation after the other: births, troubles, ends, and whether it serves. */
#include <errno.h>
#include <signal.h>

#include "simulation/dice.h"
#include "simulation/world.h"

static const struct trouble *trouble_of(const struct world *world, uint32_t member)
{
    return &world->simulation->troubles[member];
}

static const struct policy *policy_of(const struct world *world, uint32_t member)
{
    return &world->simulation->roster->members[member].policy;
}

/* The life that was recorded for this one; NULL: none. After the last it lives on. */
static const struct life *recorded(const struct world *world, uint32_t member)
{
    const struct trouble *trouble = trouble_of(world, member);
    uint64_t life = world->boxes[member].life;

    return trouble->lives && life <= trouble->lives_count ? &trouble->lives[life - 1] : NULL;
}

/* --- does it serve? ----------------------------------------------------------------------- */

void life_down(struct world *world, uint32_t member)
{
    struct box *box = &world->boxes[member];

    box->is_serving = false;
    if (box->down.ns == INSTANT_NEVER.ns)
        box->down = world->now;
}

void life_up(struct world *world, uint32_t member)
{
    struct box *box = &world->boxes[member];
    struct tally *tally = &world->result->members[member];
    int64_t length;

    if (box->down.ns == INSTANT_NEVER.ns)
        return;
    length = world->now.ns - box->down.ns;
    tally->down_ns = dice_sum(tally->down_ns, length);
    if (length > tally->longest_ns)
        tally->longest_ns = length;
    tally->lost_milli =
        dice_sum(tally->lost_milli, dice_whole((double)length / (double)NSEC_PER_SEC *
                                               (double)trouble_of(world, member)->requests_milli));
    box->down = INSTANT_NEVER;
}

/* --- ends --------------------------------------------------------------------------------- */

static struct reading read_counters(const struct world *world, uint32_t member)
{
    const struct roster *roster = world->simulation->roster;
    struct reading reading = world->boxes[member].counters;
    uint32_t levels[ENCLOSING_MAX];
    uint32_t count =
        group_levels(roster->groups, roster->groups_count, roster->members[member].group, levels);

    for (uint32_t i = 0; i < count; i++)
        reading.enclosing_oom[i] = world->group_oom[levels[i]];
    return reading;
}

static void ends(struct world *world, uint32_t member, int32_t code, int32_t number)
{
    struct box *box = &world->boxes[member];
    struct event dead = {.kind = EVENT_DEAD,
                         .member = member,
                         .generation = box->generation,
                         .known = 1,
                         .code = number ? 0 : code,
                         .signal = number};

    if (!box->is_alive)
        return;
    if (box->is_program && full_bytes(world, member) > box->counters.peak_bytes)
        box->counters.peak_bytes = full_bytes(world, member);
    box->is_alive = box->is_program = false;
    box->counters.populated = 0;
    dead.reading = read_counters(world, member);
    life_down(world, member);
    full_forecast(world);
    world_step(world, &dead);
}

void life_dies_for_memory(struct world *world, uint32_t member, enum verdict_kind limit,
                          uint32_t level)
{
    struct reading *counters = &world->boxes[member].counters;

    if (limit == VERDICT_OOM) {
        counters->max++;
        counters->oom++;
    } else if (limit == VERDICT_OOM_GROUP && level != LEVEL_HOST) {
        world->group_oom[level]++;
    }
    counters->oom_kill++;
    counters->tree_oom_kill++;
    counters->oom_group_kill += policy_of(world, member)->oom_group;
    ends(world, member, 0, SIGKILL);
}

/* --- what is to come ---------------------------------------------------------------------- */

static void plan(struct world *world, uint32_t member, enum happening_kind kind, span after,
                 int32_t code, int32_t number)
{
    world_plan(world, after,
               &(struct happening){.kind = kind,
                                   .member = member,
                                   .generation = world->boxes[member].generation,
                                   .code = code,
                                   .signal = number});
}

void life_begin(struct world *world, uint32_t member, uint32_t generation)
{
    struct box *box = &world->boxes[member];

    box->generation = generation;
    box->is_alive = true;
    box->is_program = box->is_serving = box->is_hung = false;
    box->life++;
    box->counters = (struct reading){.known = 1, .populated = 1};
    plan(world, member, HAPPENS_BIRTH, BIRTH_TAKES, 0, 0);
}

static void cannot_be_born(struct world *world, uint32_t member)
{
    struct event failed = {.kind = EVENT_SPAWN_FAILED,
                           .member = member,
                           .generation = world->boxes[member].generation,
                           .step = SPAWN_STEP_CLONE,
                           .error = EAGAIN};

    world->boxes[member].is_alive = false;
    life_down(world, member);
    world_step(world, &failed);
}

static void is_born(struct world *world, uint32_t member)
{
    struct event spawned = {.kind = EVENT_SPAWNED,
                            .member = member,
                            .generation = world->boxes[member].generation,
                            .pid = 1000 + member};
    const struct life *life = recorded(world, member);

    if (life && life->kind == VERDICT_SPAWN_FAILED) {
        cannot_be_born(world, member);
        return;
    }
    spawned.reading = read_counters(world, member);
    plan(world, member, HAPPENS_EXEC, EXEC_TAKES, 0, 0);
    world_step(world, &spawned);
}

/* Every life draws the same numbers in the same order, whatever comes of them. */
static void plan_troubles(struct world *world, uint32_t member)
{
    const struct trouble *trouble = trouble_of(world, member);
    struct box *box = &world->boxes[member];
    uint64_t dice = dice_seed(box->dice, box->life);
    int64_t start = dice_varied(&dice, &trouble->start);
    double limit = (double)policy_of(world, member)->mem_limit_bytes;

    box->bytes = (double)trouble->memory;
    box->growth = (double)dice_varied(&dice, &trouble->leak) / 3600;
    for (size_t i = 0; i < trouble->crashes_count; i++)
        plan(world, member, HAPPENS_CRASH, span_ns(dice_wait(&dice, trouble->crashes[i].every_ns)),
             trouble->crashes[i].code, trouble->crashes[i].signal);
    plan(world, member, HAPPENS_HANG, span_ns(dice_wait(&dice, trouble->hang_ns)), 0, 0);
    if (box->is_away)
        plan(world, member, HAPPENS_CRASH, span_ns(start), 1, 0);
    else
        plan(world, member, HAPPENS_SERVES, span_ns(start), 0, 0);
    if (limit > 0 && box->bytes >= limit) {
        plan(world, member, HAPPENS_LEAK, span_ns(0), 0, 0);
    } else if (limit > 0 && box->growth > 0) {
        double left = (limit - box->bytes) / box->growth * (double)NSEC_PER_SEC;
        if (left < 0x1p62)
            plan(world, member, HAPPENS_LEAK, span_ns((int64_t)left), 0, 0);
    }
}

/* Uptimes are counted from the birth. */
static void plan_recorded(struct world *world, uint32_t member)
{
    const struct trouble *trouble = trouble_of(world, member);
    const struct life *life = recorded(world, member);
    int64_t left = life ? life->uptime.ns - BIRTH_TAKES.ns - EXEC_TAKES.ns : 0;

    world->boxes[member].bytes = world->boxes[member].growth = 0;
    if (life)
        plan(world, member, HAPPENS_LIFE, span_ns(left > 0 ? left : 0), 0, 0);
    if (!life || life->kind != VERDICT_START_TIMEOUT)
        plan(world, member, HAPPENS_SERVES, span_ns(trouble->start.value), 0, 0);
}

static void becomes_program(struct world *world, uint32_t member)
{
    struct box *box = &world->boxes[member];
    struct event execed = {.kind = EVENT_EXECED, .member = member, .generation = box->generation};

    box->is_program = true;
    box->since = world->now;
    if (trouble_of(world, member)->lives)
        plan_recorded(world, member);
    else
        plan_troubles(world, member);
    full_forecast(world);
    world_step(world, &execed);
}

/* --- what comes --------------------------------------------------------------------------- */

static void serves(struct world *world, uint32_t member)
{
    world->boxes[member].is_serving = true;
    life_up(world, member);
}

/* What it died of then it dies of now; a program that hung hangs. */
static void meets_recorded_end(struct world *world, uint32_t member)
{
    const struct life *life = recorded(world, member);

    world->boxes[member].counters.peak_bytes = life->peak_bytes;
    switch (life->kind) {
    case VERDICT_OOM:
    case VERDICT_OOM_GROUP:
    case VERDICT_OOM_OUTSIDE:
        life_dies_for_memory(world, member, life->kind,
                             world->simulation->roster->members[member].group);
        break;
    case VERDICT_OOM_USERSPACE:
        world->boxes[member].counters.oomd_kills++;
        ends(world, member, 0, SIGKILL);
        break;
    case VERDICT_UNHEALTHY:
    case VERDICT_START_TIMEOUT:
        world->boxes[member].is_hung = true;
        life_down(world, member);
        break;
    default:
        ends(world, member, life->code, life->signal);
        break;
    }
}

static void goes_away(struct world *world, uint32_t member)
{
    struct box *box = &world->boxes[member];

    box->is_away = true;
    world_plan(world, span_ns(trouble_of(world, member)->outage_length_ns),
               &(struct happening){.kind = HAPPENS_OUTAGE_ENDS, .member = member});
    if (box->is_program)
        ends(world, member, 1, 0);
}

static void is_back(struct world *world, uint32_t member)
{
    struct box *box = &world->boxes[member];

    box->is_away = false;
    world_plan(world, span_ns(dice_wait(&box->outages, trouble_of(world, member)->outage_ns)),
               &(struct happening){.kind = HAPPENS_OUTAGE, .member = member});
}

/* Whoever does not serve fails its probe; one that hangs does not even answer. */
static void aide_ends(struct world *world, const struct happening *happening)
{
    const struct box *box = &world->boxes[happening->member];
    bool is_probe = happening->hook == AIDE_PROBE;
    bool is_up = box->is_serving && box->generation == happening->generation;
    struct event event = {.kind = is_probe ? EVENT_PROBED : EVENT_HOOKED,
                          .member = happening->member,
                          .generation = happening->generation,
                          .serial = happening->serial,
                          .hook = happening->hook,
                          .index = happening->index,
                          .known = 1,
                          .code = is_probe && !is_up && !happening->signal,
                          .signal = happening->signal};

    if (is_probe && box->is_hung && !happening->signal)
        return;
    world_step(world, &event);
}

static void happens_in_life(struct world *world, const struct happening *happening)
{
    uint32_t member = happening->member;

    switch (happening->kind) {
    case HAPPENS_BIRTH:
        is_born(world, member);
        break;
    case HAPPENS_EXEC:
        becomes_program(world, member);
        break;
    case HAPPENS_SERVES:
        serves(world, member);
        break;
    case HAPPENS_CRASH:
    case HAPPENS_EXIT:
        ends(world, member, happening->code, happening->signal);
        break;
    case HAPPENS_HANG:
        world->boxes[member].is_hung = true;
        life_down(world, member);
        break;
    case HAPPENS_LEAK:
        life_dies_for_memory(world, member, VERDICT_OOM, LEVEL_HOST);
        break;
    case HAPPENS_LIFE:
        meets_recorded_end(world, member);
        break;
    default:
        break;
    }
}

void life_happens(struct world *world, const struct happening *happening)
{
    const struct box *box = &world->boxes[happening->member];

    if (happening->kind == HAPPENS_AIDE)
        aide_ends(world, happening);
    else if (happening->kind == HAPPENS_OUTAGE)
        goes_away(world, happening->member);
    else if (happening->kind == HAPPENS_OUTAGE_ENDS)
        is_back(world, happening->member);
    else if (box->is_alive && box->generation == happening->generation)
        happens_in_life(world, happening);
}

/* --- what the fleet does to it ------------------------------------------------------------ */

void life_signal(struct world *world, uint32_t member, int32_t number)
{
    const struct box *box = &world->boxes[member];
    bool is_polite = box->is_program && !box->is_hung && number != SIGKILL;

    if (box->is_alive)
        plan(world, member, HAPPENS_EXIT, is_polite ? LEAVING_TAKES : KILLING_TAKES, 0,
             is_polite ? 0 : number);
}

void life_kill(struct world *world, uint32_t member)
{
    if (world->boxes[member].is_alive)
        plan(world, member, HAPPENS_EXIT, KILLING_TAKES, 0, SIGKILL);
}
