/* See adopt.h: member by member, from the state that was decided and from what is there. */
#include "supervisor/adopt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/handover.h"
#include "core/quarantine.h"
#include "supervisor/act.h"
#include "supervisor/aide_bonds.h"
#include "supervisor/facts.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/cgroup.h"
#include "supervisor/sys/cgroup_find.h"
#include "supervisor/sys/process.h"

#define RECORD_PATIENCE    span_sec(1) // from our start to the exit record of who was gone by then
#define KEEPER_PATIENCE_MS 500
#define NEWBORN_LOOK       span_ms(10) // between two looks at a newborn on its way to the program

static struct event fact(const struct supervisor *supervisor, enum event_kind kind, uint32_t index)
{
    return (struct event){
        .kind = kind,
        .member = index,
        .generation = (uint32_t)supervisor->fleet.members[index].generation,
    };
}

static struct effect effect(const struct supervisor *supervisor, enum effect_kind kind,
                            uint32_t index)
{
    return (struct effect){
        .kind = kind,
        .member = index,
        .generation = (uint32_t)supervisor->fleet.members[index].generation,
    };
}

/* --- a birth that was decided ----------------------------------------------------------------- */

/* Nobody was ever born: now, or it is called off. */
static void bear(struct supervisor *supervisor, uint32_t index, const char *name)
{
    const struct incarnation *self = &supervisor->fleet.members[index];
    const struct effect birth = effect(supervisor, EFFECT_SPAWN, index);
    struct event event = fact(supervisor, EVENT_SPAWN_FAILED, index);

    (void)cgroup_remove(supervisor->services, name); // made, and not used
    if (self->state == STATE_STARTING) {
        act(supervisor, &birth);
        return;
    }
    event.step = SPAWN_STEP_CLONE;
    event.error = ECANCELED;
    queue_push(&supervisor->events, &event);
}

/* It was born, and the fleet has not heard of it. */
static void tell_born(struct supervisor *supervisor, uint32_t index, const struct inhabitant *who)
{
    struct event event = fact(supervisor, EVENT_SPAWNED, index);
    int levels[ENCLOSING_MAX];
    uint32_t count = levels_around(&supervisor->levels, &supervisor->roster, index, levels);

    event.pid = who->pid;
    cgroup_read_new(levels, count, supervisor->counted, &event.reading);
    queue_push(&supervisor->events, &event);
}

/* --- a main process ----------------------------------------------------------------------- */

static void await_records(struct supervisor *supervisor)
{
    supervisor->adoption.records_by = instant_add(supervisor->now, RECORD_PATIENCE);
}

/* It is there, or it has ended; nobody else is asked yet. */
static int take_main(struct supervisor *supervisor, uint32_t index, const struct inhabitant *who)
{
    const struct incarnation *self = &supervisor->fleet.members[index];
    bool is_there = who->state == INHABITANT_THERE, is_newborn = self->state == STATE_STARTING;
    const struct fact_adopted adopted = {
        .pid = who->pid,
        .pidfd = is_there ? who->pidfd : -1,
        .foreign = is_there && who->foreign,
        .unheard = is_newborn && !(is_there && who->is_program),
    };
    const struct event execed = fact(supervisor, EVENT_EXECED, index);
    int result;

    if (is_newborn && is_there && who->is_program)
        queue_push(&supervisor->events, &execed);
    result = facts_adopted(supervisor, index, (uint32_t)self->generation, &adopted);
    if (is_there && adopted.unheard)
        supervisor->adoption.look_at = instant_add(supervisor->now, NEWBORN_LOOK);
    if (!is_there && who->pid)
        await_records(supervisor);
    if (!is_there && !who->pid)
        facts_lost(supervisor, index);
    return result;
}

/* --- what is left of one ---------------------------------------------------------------------- */

static void await_empty(struct supervisor *supervisor, uint32_t index, bool is_there)
{
    struct event event = fact(supervisor, EVENT_EMPTY, index);

    supervisor->slots[index].generation = event.generation;
    if (is_there)
        facts_await_empty(supervisor, index);
    else
        queue_push(&supervisor->events, &event);
}

static void watch_failed(struct supervisor *supervisor, uint32_t index, int error)
{
    const struct effect kill = effect(supervisor, EFFECT_KILL, index);

    supervisor_say(supervisor, "%s: cannot watch it any more, and ends it: %s",
                   supervisor->roster.members[index].name, strerrordesc_np(error));
    act(supervisor, &kill);
}

/* --- one member --------------------------------------------------------------------------- */

static bool has_incarnation(const struct incarnation *self)
{
    return self->alive || self->populated;
}

/* The last generation of which a cause of death was to be written. */
static int64_t last_past(const struct incarnation *self)
{
    bool is_over =
        lifecycle_at_rest(self) || self->state == STATE_WAITING || self->state == STATE_BACKOFF;

    return is_over ? self->generation : self->generation - 1;
}

static void mark_again(struct supervisor *supervisor, uint32_t index)
{
    const struct incarnation *self = &supervisor->fleet.members[index];
    int64_t past = last_past(self);

    if (self->last.kind == VERDICT_NONE || past <= supervisor->fleet.kept[index].marked)
        return;
    supervisor->slots[index].unmarked = (uint32_t)past;
    supervisor_at_leisure(supervisor);
}

/* A mark can be forged: nobody is gone by a pid that is another's. */
static bool is_anothers(const struct supervisor *supervisor, uint32_t index, pid_t pid)
{
    for (uint32_t i = 0; i < supervisor->roster.members_count; i++)
        if (i != index && supervisor->fleet.members[i].pid == pid)
            return true;
    return false;
}

static void adopt_member(struct supervisor *supervisor, uint32_t index)
{
    const struct incarnation *self = &supervisor->fleet.members[index];
    const struct effect kill = effect(supervisor, EFFECT_KILL, index);
    struct inhabitant who = {.pid = (pid_t)self->pid, .state = INHABITANT_NONE, .pidfd = -1};
    char name[COMPARTMENT_NAME_MAX];
    bool is_there;
    int result = 0;

    mark_again(supervisor, index);
    supervisor->slots[index].generation = (uint32_t)self->generation;
    if (!has_incarnation(self))
        return;
    compartment_name(&supervisor->roster, index, (uint32_t)self->generation, name);
    is_there = inhabitant_find(supervisor, name, (pid_t)self->pid, &who) == 0;
    if (who.state == INHABITANT_GONE && !self->pid && is_anothers(supervisor, index, who.pid))
        who.pid = 0;
    if (who.was_frozen)
        supervisor_say(supervisor, "%s: %s was frozen, and goes on",
                       supervisor->roster.members[index].name, name);
    if (self->alive && !self->pid && who.state == INHABITANT_NONE) {
        bear(supervisor, index, name);
        return;
    }
    if (self->alive && !self->pid)
        tell_born(supervisor, index, &who);
    if (self->alive)
        result = take_main(supervisor, index, &who);
    else if (who.pidfd >= 0)
        close(who.pidfd);
    if (!self->alive)
        await_empty(supervisor, index, is_there);
    if (result < 0)
        watch_failed(supervisor, index, -result);
    else if (is_there && (self->state == STATE_KILLING || self->state == STATE_QUARANTINED))
        act(supervisor, &kill); // it may not have been sent
}

/* --- what nobody needs -------------------------------------------------------------------- */

static bool is_of_incarnation(const struct supervisor *supervisor, const struct compartment *it)
{
    const struct incarnation *self;

    if (!it->is_service || it->member < 0)
        return false;
    self = &supervisor->fleet.members[it->member];
    return has_incarnation(self) && self->generation == (int64_t)it->generation;
}

static bool was_left_behind(const struct supervisor *supervisor, const struct compartment *it)
{
    return it->member >= 0 &&
           quarantine_has(&supervisor->fleet.members[it->member], it->generation);
}

/* A spare, a grave, one that was left behind, or what the plan does not have any more. */
static void bury(struct supervisor *supervisor, const struct compartment *it)
{
    if (was_left_behind(supervisor, it) && quarantine_adopt(supervisor, it->name) == 0)
        return;
    if (cgroup_remove(supervisor->services, it->name) == 0)
        return;
    (void)cgroup_kill(supervisor->services, it->name);
    act_bury(supervisor, it->name);
}

static bool is_found(const struct compartments *found, uint32_t member, int64_t generation)
{
    for (uint32_t i = 0; i < found->count; i++)
        if (found->item[i].is_service && found->item[i].member == (int32_t)member &&
            found->item[i].generation == generation)
            return true;
    return false;
}

/* Left behind, and gone since. */
static void release_gone(struct supervisor *supervisor, const struct compartments *found,
                         uint32_t member)
{
    const struct incarnation *self = &supervisor->fleet.members[member];
    const int64_t left[] = {self->left0, self->left1, self->left2, self->left3};
    struct event event = {.kind = EVENT_RELEASED, .member = member};

    for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
        event.generation = (uint32_t)left[i];
        if (left[i] && !is_found(found, member, left[i]))
            queue_push(&supervisor->events, &event);
    }
}

/* What nobody lives in any more, or is waited for. */
static void clear(struct supervisor *supervisor, const struct compartments *found)
{
    for (uint32_t i = 0; i < found->count; i++) {
        const struct compartment *it = &found->item[i];
        if (!it->is_service)
            continue;
        if (!is_of_incarnation(supervisor, it))
            bury(supervisor, it);
        else if (supervisor->fleet.members[it->member].state == STATE_QUARANTINED)
            (void)quarantine_adopt(supervisor, it->name);
    }
    for (uint32_t i = 0; i < supervisor->roster.members_count; i++)
        if (quarantine_count(&supervisor->fleet.members[i]) > 0)
            release_gone(supervisor, found, i);
}

static int end_helper(void *context, pid_t pid)
{
    (void)context;
    if (pid > 1 && pid != getpid())
        (void)kill(pid, SIGKILL);
    return 0;
}

/* Who beside us is in supervisor/ was helping the one before. */
static void end_helpers(void)
{
    int cgroup;

    if (cgroup_open(HANDOVER_CGROUP, CGROUP_SUPERVISOR, &cgroup) < 0)
        return;
    (void)cgroup_each_process(cgroup, end_helper, NULL);
    close(cgroup);
}

/* --- all of it ---------------------------------------------------------------------------- */

/* The effects of the last step are the only ones that may be missing and leave no trace when they
 * are not. A signal may come twice. */
static void signal_again(struct supervisor *supervisor)
{
    const struct effects *effects = &supervisor->fleet.effects;

    for (uint32_t i = 0; i < effects->count; i++)
        if (effects->item[i].kind == EFFECT_SIGNAL &&
            supervisor->slots[effects->item[i].member].pid)
            act(supervisor, &effects->item[i]);
}

/* What the keeper has for us: files that were held, and who has ended. It is there already, or
 * comes at once. */
static void hear_keeper(struct supervisor *supervisor)
{
    struct pollfd keeper = {.fd = HANDOVER_KEEPER, .events = POLLIN};

    do
        facts_reap(supervisor);
    while (supervisor->reaper.channel >= 0 && !supervisor->reaper.told &&
           poll(&keeper, 1, KEEPER_PATIENCE_MS) == 1);
    supervisor->reap_again = true;
}

static void say(struct supervisor *supervisor, const char *why)
{
    uint32_t running = 0;

    for (uint32_t i = 0; i < supervisor->roster.members_count; i++)
        running += supervisor->slots[i].pid != 0;
    if (supervisor->adoption.with_history)
        supervisor_say(supervisor,
                       "went on with a stack whose supervisor had ended: %u of its %u "
                       "services are there",
                       running, supervisor->roster.members_count);
    else
        supervisor_say(supervisor,
                       "went on with %u processes that were found: what was before is not known "
                       "(the journal: %s). Services that are not there were not started",
                       running, why);
}

int adopt(struct supervisor *supervisor)
{
    struct event event = {.kind = EVENT_ADOPT, .pid = getpid()};
    const struct effect finish = {.kind = EFFECT_FINISH};
    struct compartments found;
    char why[256] = "";
    int result = compartments_find(supervisor, &found);

    if (result < 0)
        return result;
    supervisor->adoption.with_history = adopt_fleet(supervisor, why, sizeof(why)) == 0;
    if (!supervisor->adoption.with_history && found.count > 0)
        result = adopt_without(supervisor, &found);
    supervisor->adoption.is_done = supervisor->adoption.with_history || found.count > 0;
    if (result == 0 && supervisor->adoption.is_done) {
        queue_push(&supervisor->events, &event);
        end_helpers();
        for (uint32_t i = 0; i < supervisor->roster.members_count; i++)
            adopt_member(supervisor, i);
        adopt_aides(supervisor, &found);
        hear_keeper(supervisor);
        recording_reload(supervisor); // the one before us may not have come to it
        signal_again(supervisor);
        clear(supervisor, &found);
        say(supervisor, why);
        if (supervisor->fleet.finished)
            act(supervisor, &finish);
    }
    compartments_finish(&found);
    return result;
}

int64_t adopt_started_wall_ns(const struct supervisor *supervisor)
{
    struct process keeper;

    if (process_look(getppid(), &keeper) < 0)
        return supervisor->wall_ns;
    return supervisor->wall_ns - process_age_ns(keeper.start);
}

void adopt_turn(struct supervisor *supervisor)
{
    struct adoption *adoption = &supervisor->adoption;
    bool is_heard = true;

    if (instant_reached(adoption->look_at, supervisor->now)) {
        for (uint32_t i = 0; i < supervisor->roster.members_count; i++)
            is_heard &= facts_heard(supervisor, i);
        adoption->look_at = is_heard ? INSTANT_NEVER : instant_add(supervisor->now, NEWBORN_LOOK);
    }
    if (!instant_reached(adoption->records_by, supervisor->now))
        return;
    adoption->records_by = INSTANT_NEVER;
    for (uint32_t i = 0; i < supervisor->roster.members_count; i++)
        if (supervisor->slots[i].pid && supervisor->slots[i].pidfd < 0)
            facts_lost(supervisor, i);
    for (uint32_t i = 0; i < supervisor->aides.end; i++)
        if (supervisor->aides.item[i].pidfd < 0)
            aide_pidfd(supervisor, i);
}

instant adopt_deadline(const struct adoption *adoption)
{
    return instant_min(adoption->records_by, adoption->look_at);
}
