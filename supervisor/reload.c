/* See reload.h. */
#include "supervisor/reload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "core/handover.h"
#include "core/paths.h"
#include "supervisor/act.h"
#include "supervisor/aide_bonds.h"
#include "supervisor/planned.h"
#include "supervisor/slot.h"
#include "supervisor/spare.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/cgroup.h"
#include "supervisor/sys/sealed.h"

#define PATH_PLAN_NEW  PATH_PLAN ".new"
#define PLAN_BYTES_MAX ((size_t)1 << 30)

/* Everything that a new plan needs; made before anything of the old one is given up. */
struct renewal {
    struct roster roster;
    struct fleet fleet;
    struct slot *slots;
    struct levels levels;
    struct queue results;
    struct queue events;
    int32_t *old_index; // by new index; -1: a new member
    int32_t *new_index; // by old index; -1: gone
    char why[256];
};

static int refuse(struct renewal *renewal, const char *what, int error)
{
    snprintf(renewal->why, sizeof(renewal->why), "%s: %s%s", what, strerrordesc_np(-error),
             error == -EMFILE ? "; each service needs six: raise the limit (ulimit -n)" : "");
    return 1;
}

/* --- checking ----------------------------------------------------------------------------- */

/* A member to be sorted and found by its name. */
struct named {
    const struct member *member;
};

static int by_name(const void *left, const void *right)
{
    const struct named *a = left, *b = right;

    return strcmp(a->member->name, b->member->name);
}

/* The members of a roster by name; NULL: out of memory. */
static struct named *sort(const struct roster *roster)
{
    struct named *sorted = calloc((size_t)roster->members_count + 1, sizeof(*sorted));

    for (uint32_t i = 0; sorted && i < roster->members_count; i++)
        sorted[i].member = &roster->members[i];
    if (sorted)
        qsort(sorted, roster->members_count, sizeof(*sorted), by_name);
    return sorted;
}

/* Two members of one name would share what is held open for it. */
static int check_names(struct renewal *renewal)
{
    struct named *sorted = sort(&renewal->roster);
    int result = 0;

    if (!sorted)
        return refuse(renewal, "cannot hold the new plan", -ENOMEM);
    for (uint32_t i = 1; i < renewal->roster.members_count && result == 0; i++) {
        if (by_name(&sorted[i - 1], &sorted[i]) != 0)
            continue;
        snprintf(renewal->why, sizeof(renewal->why), "the new plan has %s twice",
                 sorted[i].member->name);
        result = 1;
    }
    free(sorted);
    return result;
}

/* Both indexes, by name. 0 or -ENOMEM. */
static int match(const struct roster *old, struct renewal *renewal)
{
    const struct roster *new = &renewal->roster;
    struct named *sorted = sort(old);

    renewal->old_index = calloc((size_t) new->members_count + 1, sizeof(int32_t));
    renewal->new_index = calloc((size_t)old->members_count + 1, sizeof(int32_t));
    if (!sorted || !renewal->old_index || !renewal->new_index) {
        free(sorted);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < old->members_count; i++)
        renewal->new_index[i] = -1;
    for (uint32_t i = 0; i < new->members_count; i++) {
        const struct named wanted = {&new->members[i]};
        const struct named *found =
            bsearch(&wanted, sorted, old->members_count, sizeof(*sorted), by_name);
        renewal->old_index[i] = found ? (int32_t)(found->member - old->members) : -1;
        if (found)
            renewal->new_index[found->member - old->members] = (int32_t)i;
    }
    free(sorted);
    return 0;
}

static bool is_same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static int check_place(const struct roster *old, struct renewal *renewal)
{
    const struct roster *new = &renewal->roster;

    if (is_same(old->stack, new->stack) && is_same(old->cgroup_dir, new->cgroup_dir) &&
        is_same(old->runtime_dir, new->runtime_dir) && is_same(old->state_dir, new->state_dir))
        return 0;
    snprintf(renewal->why, sizeof(renewal->why),
             "the new plan is for another stack, or for other folders or another cgroup");
    return 1;
}

static int check_rest(const struct supervisor *supervisor, struct renewal *renewal)
{
    for (uint32_t i = 0; i < supervisor->roster.members_count; i++) {
        if (renewal->new_index[i] >= 0 || lifecycle_at_rest(&supervisor->fleet.members[i]))
            continue;
        snprintf(renewal->why, sizeof(renewal->why),
                 "%s is missing in the new plan and not at rest: stop it first",
                 supervisor->roster.members[i].name);
        return 1;
    }
    return 0;
}

/* The compartment of what runs is where it was born. */
static int check_groups(const struct supervisor *supervisor, struct renewal *renewal)
{
    const struct roster *old = &supervisor->roster, *new = &renewal->roster;

    for (uint32_t i = 0; i < old->members_count; i++) {
        int32_t to = renewal->new_index[i];
        if (to < 0 || lifecycle_at_rest(&supervisor->fleet.members[i]) ||
            group_is_same(old->groups, old->members[i].group, new->groups, new->members[to].group))
            continue;
        snprintf(renewal->why, sizeof(renewal->why),
                 "%s is in another group in the new plan and not at rest: stop it first",
                 old->members[i].name);
        return 1;
    }
    return 0;
}

/* --- making ------------------------------------------------------------------------------- */

static int allocate(struct renewal *renewal)
{
    uint32_t count = renewal->roster.members_count;

    renewal->slots = calloc((size_t)count + 1, sizeof(*renewal->slots));
    if (!renewal->slots)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        slot_init(&renewal->slots[i]);
    if (fleet_init(&renewal->fleet, &renewal->roster) < 0 ||
        queue_init(&renewal->results, supervisor_results_max(count)) < 0 ||
        queue_init(&renewal->events, supervisor_events_max(count)) < 0)
        return -ENOMEM;
    return 0;
}

static int open_new_fifos(const struct supervisor *supervisor, struct renewal *renewal)
{
    for (uint32_t i = 0; i < renewal->roster.members_count; i++) {
        const struct member *member = &renewal->roster.members[i];
        int result;
        if (renewal->old_index[i] >= 0)
            continue;
        result = slot_open_fifos(supervisor, member, &renewal->slots[i]);
        if (result < 0)
            return refuse(renewal, member->name, result);
    }
    return 0;
}

static int copy_all(int from, int to)
{
    off_t offset = 0;
    ssize_t copied;

    while ((copied = sendfile(to, from, &offset, 1 << 30)) > 0)
        ;
    return copied < 0 ? -errno : 0;
}

/* In one step. */
int reload_keep_plan(const struct supervisor *supervisor, int plan)
{
    int fd, result;

    (void)unlinkat(supervisor->runtime, PATH_PLAN_NEW, 0);
    fd = openat(supervisor->runtime, PATH_PLAN_NEW,
                O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    result = copy_all(plan, fd);
    if (close(fd) < 0 && result == 0)
        result = -errno;
    if (result == 0 &&
        renameat(supervisor->runtime, PATH_PLAN_NEW, supervisor->runtime, PATH_PLAN) < 0)
        result = -errno;
    if (result < 0)
        (void)unlinkat(supervisor->runtime, PATH_PLAN_NEW, 0);
    return result;
}

static void discard(struct renewal *renewal)
{
    for (uint32_t i = 0; renewal->slots && i < renewal->roster.members_count; i++)
        slot_close_fifos(&renewal->slots[i]);
    free(renewal->slots);
    levels_close(&renewal->levels);
    queue_finish(&renewal->results);
    queue_finish(&renewal->events);
    fleet_finish(&renewal->fleet);
    roster_finish(&renewal->roster);
}

/* All that can fail. 0, or 1 with the reason. */
static int prepare(struct supervisor *supervisor, int plan, struct renewal *renewal)
{
    int result;

    if (planned_read(plan, &renewal->roster, renewal->why, sizeof(renewal->why)) != 0 ||
        check_place(&supervisor->roster, renewal) != 0 || check_names(renewal) != 0)
        return 1;
    if (match(&supervisor->roster, renewal) < 0 || allocate(renewal) < 0 ||
        aides_reserve(&supervisor->aides, renewal->roster.members_count) < 0)
        return refuse(renewal, "cannot hold the new plan", -ENOMEM);
    if (check_rest(supervisor, renewal) != 0 || check_groups(supervisor, renewal) != 0 ||
        open_new_fifos(supervisor, renewal) != 0)
        return 1;
    result = levels_open(supervisor->services, &renewal->roster, &renewal->levels);
    if (result < 0)
        return refuse(renewal, "cannot open the cgroups of the groups", result);
    result = reload_keep_plan(supervisor, plan);
    return result < 0 ? refuse(renewal, "cannot replace the plan file", result) : 0;
}

/* --- changing over: nothing of this fails ----------------------------------------------------- */

static void remove_fifos(const struct supervisor *supervisor, const struct member *member)
{
    char name[INSTANCE_NAME_MAX + 4];

    stpcpy(stpcpy(name, member->name), ".out");
    (void)unlinkat(supervisor->fifos, name, 0);
    stpcpy(stpcpy(name, member->name), ".err");
    (void)unlinkat(supervisor->fifos, name, 0);
    stpcpy(stpcpy(name, member->name), ".in");
    (void)unlinkat(supervisor->fifos, name, 0);
}

static void move_slots(struct supervisor *supervisor, struct renewal *renewal)
{
    spare_drop_all(supervisor); // their limits may be others now
    for (uint32_t i = 0; i < supervisor->roster.members_count; i++) {
        int32_t to = renewal->new_index[i];
        if (to < 0) { // what is in its FIFOs the recorder still holds
            slot_finish(&supervisor->slots[i]);
            remove_fifos(supervisor, &supervisor->roster.members[i]);
            continue;
        }
        renewal->slots[to] = supervisor->slots[i];
        if ((uint32_t)to != i)
            slot_moved(supervisor, &renewal->slots[to], (uint32_t)to);
    }
    free(supervisor->slots);
    supervisor->slots = renewal->slots;
}

/* There is no way back here; and no failure of dup3(2) that lasts (EINTR, EBUSY). */
static void put_in_place(int plan)
{
    for (int tries = 0; tries < 10 && dup3(plan, HANDOVER_PLAN, O_CLOEXEC) < 0; tries++)
        ;
}

static void change_over(struct supervisor *supervisor, int plan, struct renewal *renewal)
{
    act_on_markers(supervisor);
    fleet_reload(&renewal->fleet, &supervisor->fleet, renewal->old_index);
    move_slots(supervisor, renewal);
    aides_moved(supervisor, renewal->new_index);
    levels_close(&supervisor->levels);
    supervisor->levels = renewal->levels;
    levels_remove(supervisor, &supervisor->roster, &renewal->roster);
    fleet_finish(&supervisor->fleet);
    roster_finish(&supervisor->roster);
    queue_finish(&supervisor->results);
    queue_finish(&supervisor->events);
    supervisor->results = renewal->results;
    supervisor->events = renewal->events;
    supervisor->roster = renewal->roster;
    supervisor->fleet = renewal->fleet;
    supervisor->fleet.roster = &supervisor->roster;
    put_in_place(plan);
    (void)reaper_plan(&supervisor->reaper, plan); // else the next of us reads the old one
    supervisor_look_at_cgroups(supervisor);
    sampler_reloaded(supervisor);
    recording_reload(supervisor);
    control_reloaded(supervisor);
    if (journal_reloaded(&supervisor->journal, &supervisor->fleet, supervisor->now) < 0)
        supervisor_say(supervisor, "the journal cannot be written after a reload");
}

static void answer(struct supervisor *supervisor, int32_t index, const char *why)
{
    const struct client *client = &supervisor->control.clients[index];

    if (why)
        control_error(client, "%s", why);
    else
        control_done(client);
}

void reload_turn(struct supervisor *supervisor)
{
    struct reload *reload = &supervisor->reload;
    struct renewal renewal = {0};
    bool done;

    if (reload->plan < 0 || supervisor->limits.helper.pid ||
        !queue_is_empty(&supervisor->results) || !queue_is_empty(&supervisor->events))
        return;
    done = prepare(supervisor, reload->plan, &renewal) == 0;
    if (done)
        change_over(supervisor, reload->plan, &renewal);
    else
        discard(&renewal);
    free(renewal.old_index);
    free(renewal.new_index);
    close(reload->plan);
    reload->plan = -1;
    if (reload->client >= 0)
        answer(supervisor, reload->client, done ? NULL : renewal.why);
}

/* --- asking ------------------------------------------------------------------------------- */

void reload_serve(struct supervisor *supervisor, struct client *client, struct request_files *files)
{
    size_t size;
    int result;

    if (supervisor->fleet.ending) {
        control_error(client, "the stack is going down");
        return;
    }
    if (supervisor->reload.plan >= 0) {
        control_error(client, "another plan is being loaded: try again");
        return;
    }
    result = files->count == WIRE_RELOAD_FILES ? sealed_check(files->fd[0], PLAN_BYTES_MAX, &size)
                                               : -EPERM;
    if (result < 0) {
        control_error(client, "the new plan did not come as one sealed memory file");
        return;
    }
    supervisor->reload.plan = files->fd[--files->count];
    supervisor->reload.client = (int32_t)(client - supervisor->control.clients);
}

void reload_client_gone(struct supervisor *supervisor, uint32_t client)
{
    if (supervisor->reload.client == (int32_t)client)
        supervisor->reload.client = -1;
}
