/* The kernel and the processes: births, fates, signals, kills for memory, and the news of them,
 * which come late, twice, in another order, or not at all. */
#include "tests/sim/world.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "tests/sim/sim.h"

bool box_is_populated(const struct box *box)
{
    return box->is_alive || box->children > 0;
}

static struct box *box_of(struct sim *sim, const struct happening *happening)
{
    struct box *box = &sim->boxes[happening->member];

    return box->generation == happening->generation ? box : NULL;
}

static const struct policy *policy_of(const struct sim *sim, uint32_t member)
{
    return &sim->roster.members[member].policy;
}

/* --- news --------------------------------------------------------------------------------- */

static span delay(struct sim *sim)
{
    if (sim->is_calm)
        return span_ns(100 * NSEC_PER_USEC);
    if (chance(sim, 80))
        return draw_span(sim, 0, 2000);
    return draw_span(sim, 0, chance(sim, 80) ? 300000 : 2500000);
}

static instant tell(struct sim *sim, instant at, const struct event *event)
{
    const struct box *box = &sim->boxes[event->member];

    if (at.ns < box->spawned_told.ns)
        at = box->spawned_told;
    agenda_event(sim, at, event);
    if (!sim->is_calm && chance(sim, 4))
        agenda_event(sim, instant_add(at, delay(sim)), event);
    if (!sim->is_calm && chance(sim, 4))
        agenda_event(sim, instant_add(at, draw_span(sim, 0, 20000000)), event);
    return at;
}

void world_tell(struct sim *sim, const struct event *event)
{
    tell(sim, instant_add(sim->now, delay(sim)), event);
}

static struct event fact(const struct sim *sim, enum event_kind kind, uint32_t member)
{
    return (struct event){
        .kind = kind, .member = member, .generation = sim->boxes[member].generation};
}

static void tell_plain(struct sim *sim, enum event_kind kind, uint32_t member)
{
    struct event event = fact(sim, kind, member);

    tell(sim, instant_add(sim->now, delay(sim)), &event);
}

/* --- ends --------------------------------------------------------------------------------- */

static void empties(struct sim *sim, uint32_t member)
{
    if (box_is_populated(&sim->boxes[member]))
        return;
    tell_plain(sim, EVENT_EMPTY, member);
    world_empties(sim, member);
}

static void main_ends(struct sim *sim, uint32_t member, int32_t code, int32_t number,
                      enum verdict_kind death)
{
    struct box *box = &sim->boxes[member];
    struct event dead = fact(sim, EVENT_DEAD, member);
    instant at = instant_add(sim->now, delay(sim));

    box->is_alive = false;
    box->died = sim->now;
    box->code = code;
    box->signal = number;
    box->death = death;
    if (box->step && !box->told_step) {
        struct event failed = fact(sim, EVENT_SPAWN_FAILED, member);
        failed.step = box->step;
        failed.error = box->error;
        failed.born = 1;
        at = tell(sim, at, &failed); // the pipe is read before the death is told
    }
    dead.known = !box->hides_status;
    dead.code = dead.known ? code : 0;
    dead.signal = dead.known ? number : 0;
    if (!box->loses_record)
        tell(sim, at, &dead);
    if (box->children > 0 && !box->children_stay)
        agenda_add(sim, instant_add(sim->now, draw_span(sim, 100, 500000)), HAPPENS_CHILDREN_GO,
                   member);
    empties(sim, member);
}

/* The true cause of a SIGKILL that is not somebody else's. */
static enum verdict_kind our_cause(const struct box *box)
{
    return box->memory_death != VERDICT_NONE ? box->memory_death : VERDICT_STOPPED;
}

static void sigkill_all(struct sim *sim, uint32_t member)
{
    struct box *box = &sim->boxes[member];
    bool had_children = box->children > 0;

    box->kill_pending = true;
    if (box->is_stuck)
        return;
    box->children = 0;
    if (box->is_alive)
        main_ends(sim, member, 0, SIGKILL, our_cause(box));
    else if (had_children)
        empties(sim, member);
}

static void main_exits(struct sim *sim, const struct happening *happening)
{
    struct box *box = box_of(sim, happening);
    enum verdict_kind death = happening->death;

    if (!box || !box->is_alive || box->is_stuck)
        return;
    if (death == VERDICT_STOPPED)
        death = our_cause(box);
    main_ends(sim, happening->member, happening->code, happening->signal, death);
}

static void exit_at(struct sim *sim, uint32_t member, instant at, int32_t code, int32_t number,
                    enum verdict_kind death)
{
    struct happening *happening = agenda_add(sim, at, HAPPENS_MAIN_EXIT, member);

    happening->code = code;
    happening->signal = number;
    happening->death = death;
}

static void get_stuck(struct sim *sim, uint32_t member)
{
    sim->boxes[member].is_stuck = true;
    agenda_add(sim,
               instant_add(sim->now, draw_span(sim, 100000,
                                               chance(sim, sim->is_frosty ? 90 : 20) ? 1000000000
                                                                                     : 30000000)),
               HAPPENS_THAW, member);
}

/* --- memory ------------------------------------------------------------------------------- */

static void dies_for_memory(struct sim *sim, uint32_t member, enum verdict_kind limit)
{
    struct box *box = &sim->boxes[member];
    int64_t killed = 1;

    if (limit == VERDICT_OOM) {
        box->counters.max++;
        box->counters.oom += 1 + (int64_t)draw(sim, 5);
    } else if (limit == VERDICT_OOM_GROUP) {
        (void)budget_meets(sim, member);
    }
    if (policy_of(sim, member)->oom_group) {
        killed += box->children;
        box->counters.oom_group_kill++;
    }
    box->counters.oom_kill += killed;
    box->counters.tree_oom_kill += killed;
    box->memory_death = limit;
    box->condemned = sim->now;
    if (!sim->is_calm && chance(sim, 6))
        get_stuck(sim, member);
    tell_plain(sim, EVENT_MEMORY, member);
    if (policy_of(sim, member)->oom_group)
        agenda_add(sim, instant_add(sim->now, draw_span(sim, 0, 3000)), HAPPENS_SIGKILL, member);
    else
        exit_at(sim, member, instant_add(sim->now, draw_span(sim, 0, 3000)), 0, SIGKILL, limit);
}

static void child_dies_for_memory(struct sim *sim, uint32_t member)
{
    struct box *box = &sim->boxes[member];

    if (!box->is_alive || box->children == 0 || box->memory_death != VERDICT_NONE)
        return;
    box->children--;
    box->child_kills++;
    box->child_kill_news = true;
    box->ambiguous_until = INSTANT_NEVER;
    box->counters.tree_oom_kill++;
    if (!policy_of(sim, member)->oom_group) { // else: in a cgroup that the service made itself
        box->counters.oom++;
        box->counters.oom_kill++;
        box->met_limit = true;
    }
    tell_plain(sim, EVENT_MEMORY, member);
}

static void meets_limit(struct sim *sim, uint32_t member)
{
    struct box *box = &sim->boxes[member];

    box->counters.max++;
    if (chance(sim, 50)) {
        box->counters.oom++;
        box->met_limit = true;
    }
    tell_plain(sim, EVENT_MEMORY, member);
}

static void meets_fate(struct sim *sim, uint32_t member)
{
    struct box *box = &sim->boxes[member];

    if (!box->is_alive || box->is_stuck)
        return;
    switch (box->fate) {
    case FATE_EXIT_0:
        main_ends(sim, member, 0, 0, VERDICT_DONE);
        break;
    case FATE_EXIT_1:
        main_ends(sim, member, 1 + (int32_t)draw(sim, 255), 0, VERDICT_FAILED);
        break;
    case FATE_CRASH:
        main_ends(sim, member, 0, SIGSEGV, VERDICT_CRASHED);
        break;
    case FATE_KILLED:
        main_ends(sim, member, 0, SIGKILL, VERDICT_KILLED);
        break;
    case FATE_OOM:
        dies_for_memory(sim, member, VERDICT_OOM);
        break;
    case FATE_OOM_GROUP:
        dies_for_memory(sim, member, VERDICT_OOM_GROUP);
        break;
    case FATE_OOM_OUTSIDE:
        dies_for_memory(sim, member, VERDICT_OOM_OUTSIDE);
        break;
    case FATE_NONE:
    case FATES_COUNT:
        break;
    }
}

/* --- births ------------------------------------------------------------------------------- */

static void not_born(struct sim *sim, uint32_t member)
{
    static const int64_t errors[] = {EAGAIN, ENOMEM, EMFILE, EBUSY};
    struct box *box = &sim->boxes[member];
    struct event failed = fact(sim, EVENT_SPAWN_FAILED, member);

    box->step = SPAWN_STEP_CGROUP + (int64_t)draw(sim, SPAWN_STEP_CLONE);
    box->error = errors[draw(sim, 4)];
    failed.step = box->step;
    failed.error = box->error;
    tell(sim, instant_add(sim->now, delay(sim)), &failed);
}

static void plan_life(struct sim *sim, uint32_t member)
{
    struct box *box = &sim->boxes[member];
    span length = chance(sim, 30)   ? draw_span(sim, 0, 300000)
                  : chance(sim, 60) ? draw_span(sim, 300000, 10000000)
                                    : draw_span(sim, 10000000, 100000000);

    agenda_add(sim, instant_add(sim->now, length), HAPPENS_FATE, member);
    box->children = chance(sim, 50) ? (uint32_t)draw(sim, 4) : 0;
    if (chance(sim, 15)) {
        span early = span_ns((int64_t)draw(sim, (uint64_t)length.ns + 1));
        agenda_add(sim, instant_add(sim->now, early),
                   box->children ? HAPPENS_CHILD_OOM : HAPPENS_MISHAP, member);
    }
    for (uint32_t i = 0; i < box->children && !policy_of(sim, member)->oom_group; i++)
        agenda_add(sim, instant_add(sim->now, span_ns((int64_t)draw(sim, (uint64_t)length.ns + 1))),
                   HAPPENS_CHILD_OOM, member);
    if (chance(sim, 5))
        agenda_add(sim, instant_add(sim->now, draw_span(sim, 0, 5000000)), HAPPENS_MISHAP, member);
}

static void plan_birth(struct sim *sim, uint32_t member)
{
    struct box *box = &sim->boxes[member];
    instant soon = instant_add(sim->now, draw_span(sim, 1000, 50000));

    if (!sim->is_calm && chance(sim, 3)) {
        agenda_add(sim, soon, HAPPENS_EXEC_FAILS, member);
    } else if (!sim->is_calm && chance(sim, 2)) {
        box->never_executes = true;
        if (chance(sim, 50))
            get_stuck(sim, member);
    } else if (chance(sim, 2)) {
        box->fate = FATE_OOM; // the limit does not hold even the program's start
        agenda_add(sim, soon, HAPPENS_FATE, member);
    } else {
        agenda_add(sim, soon, HAPPENS_EXEC, member);
    }
}

static void spawn(struct sim *sim, uint32_t member, uint32_t generation)
{
    struct box *box = &sim->boxes[member];
    struct care care = box->generation == generation ? box->care : (struct care){0};
    struct event spawned;

    care.illness = chance(sim, 50) ? 2 : chance(sim, 60) ? 30 : 90;
    *box = (struct box){
        .care = care,
        .generation = generation,
        .counters.known = 1,
        .counters.peak_bytes = (int64_t)draw(sim, 5) << 20,
        .noticed = INSTANT_NEVER,
        .told_empty = INSTANT_NEVER,
        .taken_for_child = INSTANT_NEVER,
        .fate = (enum fate)draw(sim, FATES_COUNT),
        .ignores_stop = chance(sim, 12),
        .children_stay = chance(sim, 40),
        .holds = chance(sim, 30),
        .hides_status = !sim->is_calm && chance(sim, 5),
        .loses_record = !sim->is_calm && chance(sim, 3),
    };
    memcpy(box->group_at_birth, sim->group_oom, sizeof(box->group_at_birth));
    if (!sim->is_calm && chance(sim, 5)) {
        not_born(sim, member);
        return;
    }
    box->is_born = true;
    box->is_alive = true;
    spawned = fact(sim, EVENT_SPAWNED, member);
    spawned.pid = 100 + (int64_t)generation;
    spawned.reading.known = 1;
    budget_read(sim, member, &spawned.reading);
    box->spawned_told =
        tell(sim, instant_add(sim->now, chance(sim, 95) ? span_ns(0) : delay(sim)), &spawned);
    plan_birth(sim, member);
}

static void becomes_program(struct sim *sim, uint32_t member)
{
    struct box *box = &sim->boxes[member];

    if (!box->is_alive || box->is_stuck)
        return;
    box->is_program = true;
    tell_plain(sim, EVENT_EXECED, member);
    plan_life(sim, member);
}

static void fails_to_execute(struct sim *sim, uint32_t member)
{
    struct box *box = &sim->boxes[member];

    if (!box->is_alive || box->is_stuck)
        return;
    box->step = SPAWN_STEP_SESSION + (int64_t)draw(sim, SPAWN_STEP_EXEC - SPAWN_STEP_SESSION + 1);
    box->error = ENOENT;
    main_ends(sim, member, 127, 0, VERDICT_SPAWN_FAILED);
}

/* --- what the fleet does ------------------------------------------------------------------ */

static void take_signal(struct sim *sim, uint32_t member, int32_t number)
{
    struct box *box = &sim->boxes[member];
    instant soon = instant_add(sim->now, draw_span(sim, 0, 3000));

    if (!box->is_alive || box->is_stuck)
        return;
    if (number == SIGKILL)
        exit_at(sim, member, soon, 0, SIGKILL, VERDICT_STOPPED);
    else if (!box->is_program)
        exit_at(sim, member, soon, 0, number, VERDICT_CRASHED);
    else if (number != policy_of(sim, member)->stop_signal && chance(sim, 25))
        exit_at(sim, member, soon, 0, number, VERDICT_CRASHED);
    else if (number == policy_of(sim, member)->stop_signal && !box->ignores_stop) {
        instant later =
            instant_add(sim->now, draw_span(sim, 0, chance(sim, 85) ? 1000000 : 15000000));
        if (chance(sim, 60))
            exit_at(sim, member, later, 0, 0, VERDICT_DONE);
        else if (chance(sim, 50))
            exit_at(sim, member, later, 143, 0, VERDICT_FAILED);
        else
            exit_at(sim, member, soon, 0, number, VERDICT_CRASHED);
    }
}

/* Big ones take their time. */
static span dying_time(struct sim *sim)
{
    if (sim->is_calm || chance(sim, 95))
        return draw_span(sim, 0, 20000);
    return draw_span(sim, 100000, chance(sim, 80) ? 4000000 : 15000000);
}

void world_act(struct sim *sim, const struct effect *effect)
{
    struct box *box = &sim->boxes[effect->member];

    world_act_aide(sim, effect);
    world_act_stuck(sim, effect);
    if (effect->kind == EFFECT_SPAWN) {
        spawn(sim, effect->member, effect->generation);
    } else if (box->generation != effect->generation) {
        return;
    } else if (effect->kind == EFFECT_SIGNAL) {
        take_signal(sim, effect->member, effect->signal);
    } else if (effect->kind == EFFECT_KILL) {
        if (!sim->is_calm && chance(sim, sim->is_frosty ? 80 : 4) && box->is_alive &&
            !box->is_stuck)
            get_stuck(sim, effect->member);
        agenda_add(sim, instant_add(sim->now, dying_time(sim)), HAPPENS_SIGKILL, effect->member);
    } else if (effect->kind == EFFECT_BURY) {
        box->buried = true;
    }
}

void world_happens(struct sim *sim, const struct happening *happening)
{
    struct box *box = box_of(sim, happening);
    uint32_t member = happening->member;

    if (happening->kind == HAPPENS_AIDE_ENDS)
        world_aide_ends(sim, happening);
    if (!box) {
        world_lets_go(sim, happening);
        return;
    }
    switch (happening->kind) {
    case HAPPENS_EXEC:
        becomes_program(sim, member);
        break;
    case HAPPENS_EXEC_FAILS:
        fails_to_execute(sim, member);
        break;
    case HAPPENS_FATE:
        meets_fate(sim, member);
        break;
    case HAPPENS_CHILD_OOM:
        child_dies_for_memory(sim, member);
        break;
    case HAPPENS_MISHAP:
        if (box->is_alive)
            meets_limit(sim, member);
        break;
    case HAPPENS_MAIN_EXIT:
        main_exits(sim, happening);
        break;
    case HAPPENS_CHILDREN_GO:
        if (box->children > 0 && !box->is_stuck) {
            box->children = 0;
            empties(sim, member);
        }
        break;
    case HAPPENS_SIGKILL:
        sigkill_all(sim, member);
        break;
    case HAPPENS_THAW:
        box->is_stuck = false;
        if (box->kill_pending || box->memory_death != VERDICT_NONE)
            sigkill_all(sim, member);
        break;
    case HAPPENS_AIDE_ENDS:
    case HAPPENS_NOTHING:
    case HAPPENS_ECHO:
    case HAPPENS_EVENT:
        break;
    }
}
