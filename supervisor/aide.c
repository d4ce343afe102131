/* See aide.h. */
#include "supervisor/aide.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "supervisor/act.h"
#include "supervisor/aide_bonds.h"
#include "supervisor/attend.h"
#include "supervisor/marks.h"
#include "supervisor/report.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/cgroup.h"
#include "supervisor/sys/spawn.h"

#define PLACES_A_MEMBER  4            // a probe, a hook, and two that are told of deaths
#define PROGRAM_PATIENCE span_sec(30) // from birth to the program
#define EMPTY_PATIENCE   span_sec(10) // from the kill to an empty compartment
#define RECORD_PATIENCE  span_sec(1)  // from an empty compartment to the exit record
#define AGAIN_AFTER      span_ms(20)  // what the kernel had no memory or file for

/* --- places ------------------------------------------------------------------------------- */

int aides_reserve(struct aides *aides, uint32_t members)
{
    uint32_t capacity = PLACES_A_MEMBER * members + AIDE_CLIENTS_MAX;
    struct aide_process *item;

    if (capacity <= aides->capacity)
        return 0;
    item = calloc(capacity, sizeof(*item));
    if (!item)
        return -ENOMEM;
    if (aides->end > 0)
        memcpy(item, aides->item, aides->end * sizeof(*item));
    free(aides->item);
    aides->item = item;
    aides->capacity = capacity;
    return 0;
}

static bool is_for_client(enum aide_role role)
{
    return role == AIDE_ROLE_EXEC || role == AIDE_ROLE_RUN;
}

/* A free place, or -EAGAIN. */
static int find_place(const struct aides *aides, enum aide_role role)
{
    uint32_t others = aides->count - aides->clients;

    if (is_for_client(role) ? aides->clients == AIDE_CLIENTS_MAX
                            : others == aides->capacity - AIDE_CLIENTS_MAX)
        return -EAGAIN;
    for (uint32_t i = 0; i < aides->end; i++)
        if (aides->item[i].role == AIDE_ROLE_NONE)
            return (int)i;
    return (int)aides->end;
}

static void close_watched(struct supervisor *supervisor, int *fd)
{
    if (*fd < 0)
        return;
    loop_remove(&supervisor->loop, *fd);
    close(*fd);
    *fd = -1;
}

static void close_main(struct supervisor *supervisor, struct aide_process *aide)
{
    aide->pid = 0;
    close_watched(supervisor, &aide->report);
    close_watched(supervisor, &aide->pidfd);
}

static void leave_place(struct supervisor *supervisor, struct aide_process *aide)
{
    struct aides *aides = &supervisor->aides;

    close_main(supervisor, aide);
    close_watched(supervisor, &aide->populated);
    close_watched(supervisor, &aide->hearing.fd);
    free(aide->hearing.said);
    aides->count--;
    aides->clients -= is_for_client(aide->role);
    aide->role = AIDE_ROLE_NONE;
    while (aides->end > 0 && aides->item[aides->end - 1].role == AIDE_ROLE_NONE)
        aides->end--;
}

/* --- telling ------------------------------------------------------------------------------ */

static void tell_client(struct supervisor *supervisor, struct aide_process *aide)
{
    uint32_t client = (uint32_t)aide->client;
    struct wire_reply reply = {
        .kind = WIRE_EXITED,
        .exec = {.code = aide->known && aide->signal == 0 ? aide->code : -1,
                 .signal = aide->signal,
                 .oom = aide->oom},
    };

    if (aide->client < 0)
        return;
    aide->client = -1;
    if (aide->step != SPAWN_STEP_NONE) {
        reply.kind = WIRE_ERROR;
        snprintf(reply.message, sizeof(reply.message), "cannot %s: %s", spawn_step_name(aide->step),
                 aide->oom ? "its memory limit is too small" : strerrordesc_np(aide->error));
    }
    control_tell(supervisor, client, &reply, true);
}

static void tell_fleet(struct supervisor *supervisor, const struct aide_process *aide)
{
    bool is_probe = aide->role == AIDE_ROLE_PROBE, is_known = aide->known && !aide->error;
    const struct event event = {
        .kind = is_probe ? EVENT_PROBED : EVENT_HOOKED,
        .member = aide->member,
        .generation = aide->generation,
        .serial = aide->serial,
        .hook = is_probe ? 0 : aide->kind,
        .index = aide->index,
        .error = aide->error,
        .known = is_known,
        .code = is_known ? aide->code : 0,
        .signal = is_known ? aide->signal : 0,
    };

    queue_push(&supervisor->events, &event);
}

static void tell(struct supervisor *supervisor, struct aide_process *aide)
{
    if (aide->told)
        return;
    aide->told = true;
    if (is_for_client(aide->role)) {
        tell_client(supervisor, aide);
    } else if (aide->role == AIDE_ROLE_REPORT) {
        report_ended(supervisor, aide);
    } else if (aide->member != AIDE_NO_MEMBER) {
        attend_heard(supervisor, aide);
        tell_fleet(supervisor, aide);
    }
}

static void finish(struct supervisor *supervisor, struct aide_process *aide)
{
    if (cgroup_remove(supervisor->services, aide->name) < 0)
        act_bury(supervisor, aide->name);
    tell(supervisor, aide);
    leave_place(supervisor, aide);
}

static void tell_started(struct supervisor *supervisor, const struct aide_process *aide)
{
    const struct wire_reply started = {.kind = WIRE_STARTED, .exec = {.pid = aide->pid}};

    if (aide->client >= 0)
        control_tell(supervisor, (uint32_t)aide->client, &started, false);
}

/* Of one that was dead when its pipe closed. A newborn ends by itself only after saying why. */
static void settle_silence(struct supervisor *supervisor, struct aide_process *aide)
{
    if (aide->oom && aide->known && aide->signal == SIGKILL) {
        aide->step = SPAWN_STEP_EXEC;
        aide->error = ENOMEM;
    } else {
        tell_started(supervisor, aide);
    }
}

/* --- the end ------------------------------------------------------------------------------ */

static void be_empty(struct supervisor *supervisor, struct aide_process *aide)
{
    aide->empty = true;
    aide->again = false;
    close_watched(supervisor, &aide->populated);
    if (aide->pid == 0)
        finish(supervisor, aide);
    else
        aide->deadline = instant_add(supervisor->now, RECORD_PATIENCE);
}

/* 0, or negative errno: -ENOENT: somebody has removed it, which he can do to an empty one. */
static int await_empty(struct supervisor *supervisor, struct aide_process *aide)
{
    uint32_t place = (uint32_t)(aide - supervisor->aides.item);
    int result;

    if (aide->populated >= 0)
        return 0;
    result = cgroup_watch(supervisor->services, aide->name, "cgroup.events", &aide->populated);
    if (result == 0)
        result = loop_add(&supervisor->loop, aide->populated, EPOLLPRI, SOURCE_AIDE_EMPTY, place);
    if (result < 0)
        close_watched(supervisor, &aide->populated);
    return result;
}

void aide_kill(struct supervisor *supervisor, struct aide_process *aide)
{
    bool again = aide->again;
    int result, watched;

    if (aide->killed && !again)
        return;
    aide->killed = true;
    aide->deadline = instant_add(supervisor->now, EMPTY_PATIENCE);
    result = cgroup_kill(supervisor->services, aide->name);
    if (result < 0 && aide->pidfd >= 0)
        (void)pidfd_send_signal(aide->pidfd, SIGKILL, NULL, 0);
    watched = await_empty(supervisor, aide);
    if (result == 0)
        result = watched;
    aide->again = result < 0 && watched != -ENOENT;
    if (aide->again)
        aide->deadline = instant_add(supervisor->now, AGAIN_AFTER);
    if (aide->again && !again)
        supervisor_say(supervisor, "cannot kill the compartment %s: %s; it is tried again",
                       aide->name, strerrordesc_np(-result));
    if (watched == -ENOENT)
        be_empty(supervisor, aide);
}

void aide_empty(struct supervisor *supervisor, uint32_t place)
{
    struct aide_process *aide = &supervisor->aides.item[place];
    int64_t populated;

    if (aide->populated >= 0 && cgroup_populated(aide->populated, &populated) == 0 && !populated)
        be_empty(supervisor, aide);
}

static void take_death(struct supervisor *supervisor, struct aide_process *aide)
{
    struct reading reading;

    aide_report(supervisor, (uint32_t)(aide - supervisor->aides.item));
    cgroup_read(supervisor->services, aide->name, -1, NULL, 0, &reading);
    aide->oom = reading.tree_oom_kill > 0;
    if (aide->silent)
        settle_silence(supervisor, aide);
    close_main(supervisor, aide);
    if (!reading.populated) {
        finish(supervisor, aide);
        return;
    }
    aide_kill(supervisor, aide);
    aide_empty(supervisor, (uint32_t)(aide - supervisor->aides.item));
}

bool aide_record(struct supervisor *supervisor, const struct exit_record *record)
{
    for (uint32_t i = 0; i < supervisor->aides.end; i++) {
        struct aide_process *aide = &supervisor->aides.item[i];
        if (aide->role == AIDE_ROLE_NONE || aide->pid != record->pid || !spawn_is_dead(aide->pidfd))
            continue;
        aide->known = true;
        aide->code = record->code;
        aide->signal = record->signal;
        take_death(supervisor, aide);
        return true;
    }
    return false;
}

void aide_pidfd(struct supervisor *supervisor, uint32_t place)
{
    struct aide_process *aide = &supervisor->aides.item[place];

    if (aide->pid && !aide->own && spawn_is_dead(aide->pidfd))
        take_death(supervisor, aide);
}

void aide_output(struct supervisor *supervisor, uint32_t place)
{
    struct aide_process *aide = &supervisor->aides.item[place];

    if (aide->hearing.fd >= 0 && !hearing_take(&aide->hearing))
        close_watched(supervisor, &aide->hearing.fd);
}

/* --- birth -------------------------------------------------------------------------------- */

void aide_report(struct supervisor *supervisor, uint32_t place)
{
    struct aide_process *aide = &supervisor->aides.item[place];
    struct spawn_report failure;
    int result;

    if (aide->report < 0)
        return;
    result = spawn_report(aide->report, &failure);
    if (result == -EAGAIN)
        return;
    close_watched(supervisor, &aide->report);
    if (!aide->killed)
        aide->deadline = aide->until;
    if (result == 1) {
        aide->step = failure.step;
        aide->error = failure.error;
    } else if (spawn_is_dead(aide->pidfd)) {
        aide->silent = true; // only of the living its pid is certain
    } else {
        tell_started(supervisor, aide);
    }
}

static void name_compartment(struct supervisor *supervisor, const struct aide_order *order,
                             char name[COMPARTMENT_NAME_MAX])
{
    static const char *const prefixes[] = {
        [AIDE_ROLE_EXEC] = "exec", [AIDE_ROLE_RUN] = "run",     [AIDE_ROLE_PROBE] = "probe",
        [AIDE_ROLE_HOOK] = "hook", [AIDE_ROLE_REPORT] = "hook",
    };
    const struct member *member = &supervisor->roster.members[order->member];

    snprintf(name, COMPARTMENT_NAME_MAX, "%s-%.*s.%u.%u", prefixes[order->role],
             (int)member->service_length, member->name, member->number, ++supervisor->aides.serial);
}

static int bear(struct supervisor *supervisor, const struct aide_order *order, int cgroup,
                struct newborn *newborn, struct hearing *hearing, enum spawn_step *step)
{
    const struct launch *launch = order->launch;
    struct birth birth = {
        .launch = launch,
        .cgroup = cgroup,
        .to_parent = supervisor->reaper.channel >= 0,
        .output_dir = supervisor->fifos,
        .output = order->output,
        .errors = order->errors,
        .output_file = supervisor->slots[order->member].output,
        .errors_file = supervisor->slots[order->member].errors,
        .huge_pages = supervisor->no_huge_pages,
        .files = supervisor->files_raised ? &supervisor->files : NULL,
        .files_max = supervisor->files_max,
        .pass_count = order->stdio   ? 3
                      : order->input ? 1
                                     : 0,
        .terminal = order->stdio != NULL,
    };
    int result;

    for (int i = 0; order->stdio && i < 3; i++)
        birth.pass[i] = (struct spawn_pass){order->stdio[i], i};
    if (order->input)
        birth.pass[0] = (struct spawn_pass){*order->input, STDIN_FILENO};
    *step = SPAWN_STEP_LIMIT;
    result = cgroup_limit(cgroup, launch->controls, launch->controls_count);
    if (result < 0)
        return result;
    if (order->role == AIDE_ROLE_PROBE)
        hearing_begin(hearing, &birth);
    result = spawn_birth(&birth, newborn, step);
    hearing_born(hearing, &birth, result);
    return result;
}

static int take_place(struct supervisor *supervisor, uint32_t place, const struct aide_order *order,
                      const char *name, const struct newborn *newborn,
                      const struct hearing *hearing)
{
    struct aides *aides = &supervisor->aides;
    struct aide_process *aide = &aides->item[place];
    bool is_told = order->role == AIDE_ROLE_REPORT;
    instant program = instant_add(supervisor->now, PROGRAM_PATIENCE);
    instant until = is_told ? instant_add(supervisor->now, order->longest) : INSTANT_NEVER;
    int result;

    *aide = (struct aide_process){
        .role = order->role,
        .member = order->member,
        .generation = order->generation,
        .serial = order->serial,
        .kind = order->kind,
        .index = order->index,
        .client = order->client,
        .pid = newborn->pid,
        .pidfd = newborn->pidfd,
        .report = newborn->report,
        .populated = -1,
        .hearing = *hearing,
        .own = supervisor->reaper.channel < 0,
        .deadline = instant_min(program, until),
        .until = until,
    };
    memcpy(aide->name, name, sizeof(aide->name));
    aides->count++;
    aides->clients += is_for_client(order->role);
    if (place == aides->end)
        aides->end++;
    result = loop_add(&supervisor->loop, aide->report, EPOLLIN, SOURCE_AIDE_REPORT, place);
    if (result == 0 && hearing->fd >= 0)
        result = loop_add(&supervisor->loop, hearing->fd, EPOLLIN, SOURCE_AIDE_OUTPUT, place);
    return result;
}

/* One of the same incarnation that could not be killed is there already: it is not to be joined by
 * another at every interval. */
static bool is_stuck(const struct aides *aides, const struct aide_order *order)
{
    for (uint32_t i = 0; i < aides->end && !is_for_client(order->role); i++) {
        const struct aide_process *aide = &aides->item[i];
        if (aide->role == order->role && aide->told && aide->member == order->member &&
            aide->generation == order->generation)
            return true;
    }
    return false;
}

int aide_start(struct supervisor *supervisor, const struct aide_order *order,
               enum spawn_step *ret_step)
{
    int place = find_place(&supervisor->aides, order->role), cgroup, result;
    char name[COMPARTMENT_NAME_MAX];
    struct hearing hearing = {.fd = -1};
    struct newborn newborn;

    *ret_step = SPAWN_STEP_CLONE;
    if (place < 0)
        return place;
    if (is_stuck(&supervisor->aides, order))
        return -EBUSY;
    name_compartment(supervisor, order, name);
    *ret_step = SPAWN_STEP_CGROUP;
    result = cgroup_create(supervisor->services, name, &cgroup);
    if (result < 0)
        return result;
    aide_mark_order(cgroup, order);
    result = bear(supervisor, order, cgroup, &newborn, &hearing, ret_step);
    if (result == 0)
        marks_set_main(cgroup, newborn.pid);
    close(cgroup);
    if (result < 0) {
        act_bury(supervisor, name);
        return result;
    }
    result = take_place(supervisor, (uint32_t)place, order, name, &newborn, &hearing);
    if (result < 0) { // not watched, it is not to live; its end is told like any other
        supervisor->aides.item[place].step = SPAWN_STEP_PIPE;
        supervisor->aides.item[place].error = -result;
        aide_kill(supervisor, &supervisor->aides.item[place]);
    }
    return 0;
}

/* --- time --------------------------------------------------------------------------------- */

static void be_late(struct supervisor *supervisor, struct aide_process *aide)
{
    aide->deadline = INSTANT_NEVER;
    if (aide->again) {
        aide_kill(supervisor, aide);
        aide_empty(supervisor, (uint32_t)(aide - supervisor->aides.item));
    } else if (aide->empty) {
        finish(supervisor, aide); // the exit record does not come
    } else if (aide->killed) {
        supervisor_say(supervisor,
                       "the compartment %s does not empty: a process in it cannot be "
                       "killed",
                       aide->name);
        tell(supervisor, aide);
    } else {
        aide->step = SPAWN_STEP_TIMEOUT;
        aide->error = ETIMEDOUT;
        aide_kill(supervisor, aide);
    }
}

void aides_turn(struct supervisor *supervisor)
{
    for (uint32_t i = 0; i < supervisor->aides.end; i++) {
        struct aide_process *aide = &supervisor->aides.item[i];
        if (aide->role != AIDE_ROLE_NONE && instant_reached(aide->deadline, supervisor->now))
            be_late(supervisor, aide);
    }
}

instant aides_deadline(const struct aides *aides)
{
    instant earliest = INSTANT_NEVER;

    for (uint32_t i = 0; i < aides->end; i++)
        if (aides->item[i].role != AIDE_ROLE_NONE)
            earliest = instant_min(earliest, aides->item[i].deadline);
    return earliest;
}
