/* See act.h. */
#include "supervisor/act.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "core/breaks.h"
#include "core/handover.h"
#include "core/paths.h"
#include "supervisor/attend.h"
#include "supervisor/facts.h"
#include "supervisor/loaded.h"
#include "supervisor/marker.h"
#include "supervisor/marks.h"
#include "supervisor/spare.h"
#include "supervisor/report.h"
#include "supervisor/sys/cgroup.h"
#include "supervisor/sys/fifo.h"
#include "supervisor/sys/pty.h"
#include "supervisor/sys/spawn.h"

/* --- MARK --------------------------------------------------------------------------------- */

/* Into stderr first: a break in stdout says that this one is there already. Where there is no room
 * for it in stdout, the recorder does without. */
static void mark(struct supervisor *supervisor, uint32_t index)
{
    struct slot *slot = &supervisor->slots[index];
    struct kept *kept = &supervisor->fleet.kept[index];
    char line[BREAK_BYTES + MARKER_BYTES];
    size_t length;

    if (!slot->unmarked)
        return;
    kept->marked = slot->unmarked;
    kept->breaks = (uint32_t)(kept->breaks + 1);
    slot->unmarked = 0;
    journal_kept(&supervisor->journal, &supervisor->fleet, index);
    break_write((uint32_t)kept->breaks, line);
    length = BREAK_BYTES + marker_line(&supervisor->fleet.members[index].last, line + BREAK_BYTES);
    if (fifo_write(slot->errors, line, length) == 0) {
        (void)fifo_write(slot->output, line, BREAK_BYTES);
        return;
    }
    if (supervisor->markers_lost++ == 0)
        supervisor_say(supervisor, "%s: its log does not take the cause of death: the FIFO is full",
                       supervisor->roster.members[index].name);
}

/* --- KILL --------------------------------------------------------------------------------- */

/* The main process as well: somebody may have moved it out of its compartment. */
void act_kill(struct supervisor *supervisor, uint32_t index, uint32_t generation)
{
    struct slot *slot = &supervisor->slots[index];
    bool current = slot->generation == generation, again = slot->unkilled;
    char name[COMPARTMENT_NAME_MAX];
    int result;

    compartment_name(&supervisor->roster, index, generation, name);
    result = cgroup_kill(supervisor->services, name);
    if (current && slot->pid && slot->pidfd >= 0)
        (void)pidfd_send_signal(slot->pidfd, SIGKILL, NULL, 0); // ESRCH: dead already
    slot->unkilled = current && result < 0 && result != -ENOENT;
    if (!slot->unkilled)
        return;
    facts_again(supervisor, slot);
    if (!again)
        supervisor_say(supervisor, "%s: cannot kill the compartment %s: %s; it is tried again",
                       supervisor->roster.members[index].name, name, strerrordesc_np(-result));
}

/* --- SPAWN -------------------------------------------------------------------------------- */

/* Everything on the way to one birth, so that it can be undone as a whole. */
struct delivery {
    struct loaded loaded;
    uint32_t member;
    char name[COMPARTMENT_NAME_MAX];
    char output[INSTANCE_NAME_MAX + 4]; // FIFO names
    char errors[INSTANCE_NAME_MAX + 4];
    char input[INSTANCE_NAME_MAX + 4];
    int terminal; // our side and the child's, -1: none
    int childs_terminal;
    int cgroup;
    struct reading reading; // before the birth: nothing of the newborn is in it
    struct newborn newborn;
};

/* The compartment: made, limited, its first reading taken. */
static int prepare(struct supervisor *supervisor, struct delivery *delivery, uint32_t generation,
                   enum spawn_step *step)
{
    const struct launch *launch = &delivery->loaded.record.launch;
    int levels[ENCLOSING_MAX];
    uint32_t count =
        levels_around(&supervisor->levels, &supervisor->roster, delivery->member, levels);
    int result;

    *step = SPAWN_STEP_CGROUP;
    if (spare_take(supervisor, delivery->member, generation, &delivery->cgroup) == 0) {
        cgroup_read_new(levels, count, supervisor->counted, &delivery->reading);
        return 0;
    }
    result = cgroup_create(supervisor->services, delivery->name, &delivery->cgroup);
    if (result < 0)
        return result;
    *step = SPAWN_STEP_LIMIT;
    cgroup_read_new(levels, count, supervisor->counted, &delivery->reading);
    return cgroup_limit(delivery->cgroup, launch->controls, launch->controls_count);
}

/* A FIFO for stdin that nobody needs to hold: the child opens it read-write. */
static int make_input(const struct supervisor *supervisor, const struct delivery *delivery)
{
    const struct launch *launch = &delivery->loaded.record.launch;
    int fd, result = fifo_open(supervisor->fifos, delivery->input, &fd);

    if (result < 0)
        return result;
    if (!launch->keep_identity)
        result = fifo_give(fd, launch->uid, launch->gid);
    close(fd);
    return result;
}

/* What it reads and writes is its user's. */
static int open_stdio(struct supervisor *supervisor, const struct slot *slot,
                      struct delivery *delivery)
{
    const struct launch *launch = &delivery->loaded.record.launch;
    int result = 0;

    if (launch->tty) {
        result = pty_open(launch->keep_identity ? (uid_t)-1 : launch->uid, launch->gid,
                          &delivery->terminal, &delivery->childs_terminal);
        if (result == 0)
            terminal_hold(supervisor, delivery->member, delivery->terminal);
        return result;
    }
    if (launch->stdin_open)
        result = make_input(supervisor, delivery);
    if (result == 0 && !launch->keep_identity)
        result = fifo_give(slot->output, launch->uid, launch->gid);
    if (result == 0 && !launch->keep_identity)
        result = fifo_give(slot->errors, launch->uid, launch->gid);
    return result;
}

static int bear(struct supervisor *supervisor, const struct slot *slot, struct delivery *delivery,
                enum spawn_step *step)
{
    const struct launch *launch = &delivery->loaded.record.launch;
    struct birth birth = {
        .launch = launch,
        .cgroup = delivery->cgroup,
        .to_parent = supervisor->reaper.channel >= 0,
        .output_dir = supervisor->fifos,
        .output = delivery->output,
        .errors = delivery->errors,
        .output_file = slot->output,
        .errors_file = slot->errors,
        .huge_pages = supervisor->no_huge_pages,
        .files = supervisor->files_raised ? &supervisor->files : NULL,
        .files_max = supervisor->files_max,
    };
    int result;

    *step = SPAWN_STEP_STDIO;
    result = open_stdio(supervisor, slot, delivery);
    if (result < 0)
        return result;
    if (launch->tty) {
        birth.output = birth.errors = NULL;
        birth.terminal = true;
        birth.pass_count = 3;
        for (int i = 0; i < 3; i++)
            birth.pass[i] = (struct spawn_pass){delivery->childs_terminal, i};
    } else if (launch->stdin_open) {
        birth.input = delivery->input;
    }
    return spawn_birth(&birth, &delivery->newborn, step);
}

static void clean_up(struct supervisor *supervisor, struct delivery *delivery)
{
    loaded_finish(&delivery->loaded);
    if (delivery->terminal >= 0) {
        terminal_drop(supervisor, delivery->member);
        close(delivery->terminal);
    }
    if (delivery->childs_terminal >= 0)
        close(delivery->childs_terminal);
    if (delivery->cgroup >= 0)
        close(delivery->cgroup);
}

/* What the compartment counted on the way to a birth that failed: its limit may be the reason. The
 * groups around it had a past already, which is not this birth's. */
static void read_failed(const struct supervisor *supervisor, struct delivery *delivery)
{
    struct reading reading;
    int levels[ENCLOSING_MAX];
    uint32_t count;

    if (delivery->cgroup < 0 || !supervisor->counted)
        return;
    count = levels_around(&supervisor->levels, &supervisor->roster, delivery->member, levels);
    cgroup_read(supervisor->services, delivery->name, -1, levels, count, &reading);
    for (size_t i = 0; i < ENCLOSING_MAX; i++)
        reading.enclosing_oom[i] -= delivery->reading.enclosing_oom[i];
    delivery->reading = reading;
}

static void tell_failed(struct supervisor *supervisor, const struct effect *effect,
                        const struct delivery *delivery, enum spawn_step step, int error, bool born)
{
    const struct event event = {
        .kind = EVENT_SPAWN_FAILED,
        .member = effect->member,
        .generation = effect->generation,
        .step = step,
        .error = error,
        .born = born,
        .reading = delivery->reading,
    };

    queue_push(&supervisor->results, &event);
}

static void tell_spawned(struct supervisor *supervisor, const struct effect *effect,
                         const struct delivery *delivery)
{
    const struct event event = {
        .kind = EVENT_SPAWNED,
        .member = effect->member,
        .generation = effect->generation,
        .pid = delivery->newborn.pid,
        .reading = delivery->reading,
    };

    queue_push(&supervisor->results, &event);
}

static void name_things(const struct roster *roster, const struct effect *effect,
                        struct delivery *delivery)
{
    const struct member *member = &roster->members[effect->member];

    delivery->member = effect->member;
    compartment_name(roster, effect->member, effect->generation, delivery->name);
    stpcpy(stpcpy(delivery->output, member->name), ".out");
    stpcpy(stpcpy(delivery->errors, member->name), ".err");
    stpcpy(stpcpy(delivery->input, member->name), ".in");
}

/* What was launched: whoever comes to compare it with another plan may not be us. */
static void keep_hash(struct supervisor *supervisor, uint32_t index)
{
    const struct member *member = &supervisor->roster.members[index];
    struct kept *kept = &supervisor->fleet.kept[index];

    if (kept->hash == (int64_t)member->hash && kept->limits_hash == (int64_t)member->limits_hash)
        return;
    kept->hash = (int64_t)member->hash;
    kept->limits_hash = (int64_t)member->limits_hash;
    journal_kept(&supervisor->journal, &supervisor->fleet, index);
}

static void spawn(struct supervisor *supervisor, const struct effect *effect)
{
    const struct member *member = &supervisor->roster.members[effect->member];
    struct slot *slot = &supervisor->slots[effect->member];
    struct delivery delivery = {.cgroup = -1, .terminal = -1, .childs_terminal = -1};
    enum spawn_step step = SPAWN_STEP_CGROUP;
    int result;

    mark(supervisor, effect->member); // before the first line of the next
    facts_close_incarnation(supervisor, slot);
    name_things(&supervisor->roster, effect, &delivery);
    result =
        loaded_read(HANDOVER_PLAN, member->launch_offset, member->launch_bytes, &delivery.loaded);
    if (result == 0)
        result = prepare(supervisor, &delivery, effect->generation, &step);
    if (result == 0)
        result = bear(supervisor, slot, &delivery, &step);
    if (result < 0) {
        read_failed(supervisor, &delivery);
        tell_failed(supervisor, effect, &delivery, step, -result, false);
    } else {
        marks_set_main(delivery.cgroup, delivery.newborn.pid);
        keep_hash(supervisor, effect->member);
        spare_ask(supervisor, effect->member, effect->generation);
        tell_spawned(supervisor, effect, &delivery);
        result = facts_born(supervisor, effect->member, effect->generation, &delivery.newborn);
        if (result == 0 && delivery.terminal >= 0) {
            result = terminal_begin(supervisor, effect->member, delivery.terminal);
            delivery.terminal = -1;
        }
        if (result < 0) {
            act_kill(supervisor, effect->member, effect->generation);
            tell_failed(supervisor, effect, &delivery, SPAWN_STEP_PIPE, -result, true);
        }
    }
    clean_up(supervisor, &delivery);
}

/* Now if this turn has room for it, else in a later one. */
static void spawn_in_turn(struct supervisor *supervisor, const struct effect *effect)
{
    if (supervisor->births_left > 0 && supervisor->births_waiting == 0) {
        supervisor->births_left--;
        spawn(supervisor, effect);
    } else {
        struct slot *slot = &supervisor->slots[effect->member];
        supervisor->births_waiting += slot->awaited == 0;
        slot->awaited = effect->generation;
    }
}

/* What the slot awaits, if this turn has room for it. */
static void bring(struct supervisor *supervisor, uint32_t index)
{
    struct slot *slot = &supervisor->slots[index];
    const struct effect birth = {
        .kind = EFFECT_SPAWN, .member = index, .generation = slot->awaited};

    if (slot->awaited) {
        slot->awaited = 0;
        supervisor->births_waiting--;
        supervisor->births_left--;
        spawn(supervisor, &birth);
    }
    if (slot->attendant.serial && supervisor->births_left > 0)
        attend_awaited(supervisor, index);
}

void act_on_births(struct supervisor *supervisor)
{
    supervisor->births_left = BIRTHS_PER_TURN;
    while (supervisor->births_waiting > 0 && supervisor->births_left > 0)
        bring(supervisor, supervisor->births_next++ % supervisor->roster.members_count);
}

static bool is_awaited(const struct supervisor *supervisor, const struct effect *effect)
{
    uint32_t awaited = supervisor->slots[effect->member].awaited;

    return awaited != 0 && awaited == effect->generation;
}

static void await_no_more(struct supervisor *supervisor, const struct effect *effect)
{
    supervisor->slots[effect->member].awaited = 0;
    supervisor->births_waiting--;
}

/* It is to end before it was born. */
static void call_off(struct supervisor *supervisor, const struct effect *effect)
{
    static const struct delivery nothing = {.cgroup = -1, .terminal = -1, .childs_terminal = -1};

    await_no_more(supervisor, effect);
    tell_failed(supervisor, effect, &nothing, SPAWN_STEP_CLONE, ECANCELED, false);
}

/* --- the others --------------------------------------------------------------------------- */

static void send_signal(const struct supervisor *supervisor, const struct effect *effect)
{
    const struct slot *slot = &supervisor->slots[effect->member];

    if (slot->generation == effect->generation && slot->pidfd >= 0)
        (void)pidfd_send_signal(slot->pidfd, effect->signal, NULL, 0); // ESRCH: dead already
}

/* For one that is still to be born: a stop calls that off, any other signal brings it forward. */
static void send_or_call_off(struct supervisor *supervisor, const struct effect *effect)
{
    if (is_awaited(supervisor, effect)) {
        if (supervisor->fleet.members[effect->member].stop_asked) {
            call_off(supervisor, effect);
            return;
        }
        await_no_more(supervisor, effect);
        spawn(supervisor, effect);
    }
    send_signal(supervisor, effect);
}

/* Of one that starts again at once, so that the recorder has read it before the next incarnation
 * says something. Else later: it wakes the recorder, and a stack that stops has better to do. */
static void mark_in_time(struct supervisor *supervisor, const struct effect *effect)
{
    supervisor->slots[effect->member].unmarked = effect->generation;
    if (supervisor->fleet.members[effect->member].want)
        mark(supervisor, effect->member);
    else
        supervisor_at_leisure(supervisor);
}

void act_on_markers(struct supervisor *supervisor)
{
    for (uint32_t i = 0; i < supervisor->roster.members_count; i++)
        mark(supervisor, i);
}

static void bury(struct supervisor *supervisor, const struct effect *effect)
{
    struct slot *slot = &supervisor->slots[effect->member];
    char name[COMPARTMENT_NAME_MAX];

    if (slot->generation == effect->generation)
        facts_close_incarnation(supervisor, slot);
    if (lifecycle_at_rest(&supervisor->fleet.members[effect->member]))
        spare_drop(supervisor, effect->member);
    if (!quarantine_forget(supervisor, supervisor->roster.members[effect->member].name,
                           effect->generation, name))
        compartment_name(&supervisor->roster, effect->member, effect->generation, name);
    act_bury(supervisor, name);
}

void act_bury(struct supervisor *supervisor, const char *name)
{
    if (graves_add(&supervisor->graves, name, supervisor->now) == 0)
        return;
    if (cgroup_remove(supervisor->services, name) < 0)
        supervisor_say(supervisor, "the compartment %s is left for `bulkhead down`", name);
}

void act_on_graves(struct supervisor *supervisor)
{
    struct grave grave;
    int error;

    while (graves_visit(&supervisor->graves, supervisor->services, supervisor->now, &grave, &error))
        supervisor_say(supervisor,
                       "the compartment %s cannot be removed: %s; it is left for `bulkhead down`",
                       grave.name, strerrordesc_np(-error));
}

void act(struct supervisor *supervisor, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_SPAWN:
        spawn_in_turn(supervisor, effect);
        break;
    case EFFECT_SIGNAL:
        send_or_call_off(supervisor, effect);
        break;
    case EFFECT_KILL:
        if (is_awaited(supervisor, effect))
            call_off(supervisor, effect);
        else
            act_kill(supervisor, effect->member, effect->generation);
        break;
    case EFFECT_MARK:
        mark_in_time(supervisor, effect);
        break;
    case EFFECT_BURY:
        bury(supervisor, effect);
        break;
    case EFFECT_FINISH:
        supervisor_finish(supervisor);
        break;
    case EFFECT_PROBE:
    case EFFECT_HOOK:
        attend(supervisor, effect);
        break;
    case EFFECT_END_AIDE:
        attend_no_more(supervisor, effect);
        break;
    case EFFECT_VERDICT: // told by the journal
        if (supervisor->fleet.members[effect->member].last.kind == VERDICT_OOM_GROUP)
            levels_tell_others(supervisor, effect->member);
        break;
    case EFFECT_HEALTH:
        attend_health(supervisor, effect);
        break;
    case EFFECT_REPORT:
        report(supervisor, effect);
        break;
    case EFFECT_EXAMINE:
        examine(supervisor, effect);
        break;
    case EFFECT_QUARANTINE:
        quarantine_begin(supervisor, effect);
        break;
    case EFFECT_SHIFT: // told by the journal and to those who watch
    case EFFECTS_COUNT:
        break;
    }
}
