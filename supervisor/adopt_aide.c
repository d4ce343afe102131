/* See adopt.h: what runs beside members. A probe is asked again, a hook goes on, a command ends
 * with the client that it was for. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/act.h"
#include "supervisor/adopt.h"
#include "supervisor/aide_bonds.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/cgroup.h"

static bool is_awaited(const struct supervisor *supervisor, const struct compartment *it,
                       const struct aide_mark *mark)
{
    const struct incarnation *self = &supervisor->fleet.members[it->member];

    return self->aide && !self->aide_ended && mark->serial == self->aide &&
           mark->generation == self->generation && (int64_t)mark->kind == self->aide_kind;
}

static struct aide_process *take_place(struct supervisor *supervisor, const struct compartment *it,
                                       const struct aide_mark *mark, const struct inhabitant *who)
{
    struct aides *aides = &supervisor->aides;
    struct aide_process *aide = &aides->item[aides->end];

    if (aides->end == aides->capacity)
        return NULL;
    *aide = (struct aide_process){
        .role = aide_is_told(mark->kind) ? AIDE_ROLE_REPORT : AIDE_ROLE_HOOK,
        .member = (uint32_t)it->member,
        .generation = mark->generation,
        .serial = mark->serial,
        .kind = mark->kind,
        .client = -1,
        .pid = who->pid,
        .pidfd = who->pidfd,
        .report = -1,
        .populated = -1,
        .hearing = {.fd = -1},
        .deadline = INSTANT_NEVER,
        .until = INSTANT_NEVER,
    };
    memcpy(aide->name, it->name, sizeof(aide->name));
    aides->end++;
    aides->count++;
    return aide;
}

/* Its end is told like any other. */
static bool go_on(struct supervisor *supervisor, const struct compartment *it,
                  const struct aide_mark *mark, const struct inhabitant *who)
{
    const struct aide *planned =
        roster_aide(&supervisor->roster, (uint32_t)it->member, mark->kind, 0);
    struct aide_process *aide = planned ? take_place(supervisor, it, mark, who) : NULL;

    if (!aide)
        return false;
    if (aide->role == AIDE_ROLE_REPORT)
        aide->deadline = aide->until = instant_add(supervisor->now, span_ns(planned->timeout_ns));
    else
        aide->index = (uint32_t)supervisor->fleet.members[it->member].aide_index;
    if (who->state == INHABITANT_THERE && who->foreign)
        (void)loop_add(&supervisor->loop, aide->pidfd, EPOLLIN, SOURCE_AIDE_PIDFD,
                       (uint32_t)(aide - supervisor->aides.item));
    if (who->state != INHABITANT_THERE)
        supervisor->adoption.records_by = instant_add(supervisor->now, span_sec(1));
    return true;
}

/* Is it a hook that somebody waits for, or that is told something? */
static bool adopt_hook(struct supervisor *supervisor, const struct compartment *it)
{
    struct aide_mark mark;
    struct inhabitant who;
    int cgroup;
    bool is_marked;

    if (it->member < 0 || cgroup_open(supervisor->services, it->name, &cgroup) < 0)
        return false;
    is_marked = marks_get_aide(cgroup, &mark);
    close(cgroup);
    if (!is_marked || (!aide_is_told(mark.kind) && !is_awaited(supervisor, it, &mark)) ||
        inhabitant_find(supervisor, it->name, 0, &who) < 0)
        return false;
    if (who.pid && go_on(supervisor, it, &mark, &who))
        return true;
    if (who.pidfd >= 0)
        close(who.pidfd);
    return false;
}

static void end(struct supervisor *supervisor, const struct compartment *it)
{
    (void)cgroup_kill(supervisor->services, it->name);
    if (cgroup_remove(supervisor->services, it->name) < 0)
        act_bury(supervisor, it->name);
}

/* --- whom the fleet waits for ----------------------------------------------------------------- */

static bool is_there(const struct supervisor *supervisor, uint32_t member)
{
    for (uint32_t i = 0; i < supervisor->aides.end; i++)
        if (supervisor->aides.item[i].role == AIDE_ROLE_HOOK &&
            supervisor->aides.item[i].member == member)
            return true;
    return false;
}

/* Of a probe that is asked again, and of what was told to end, nothing is known. */
static void call_off(struct supervisor *supervisor, uint32_t member)
{
    const struct incarnation *self = &supervisor->fleet.members[member];
    bool is_probe = self->aide_kind == AIDE_PROBE;
    const struct event event = {
        .kind = is_probe ? EVENT_PROBED : EVENT_HOOKED,
        .member = member,
        .generation = (uint32_t)self->generation,
        .serial = self->aide,
        .hook = is_probe ? 0 : self->aide_kind,
        .index = self->aide_index,
        .error = ECANCELED,
    };

    queue_push(&supervisor->events, &event);
}

static void go_on_with(struct supervisor *supervisor, uint32_t member)
{
    const struct incarnation *self = &supervisor->fleet.members[member];
    const struct effect hook = {
        .kind = EFFECT_HOOK,
        .member = member,
        .generation = (uint32_t)self->generation,
        .serial = (uint32_t)self->aide,
        .hook = (uint16_t)self->aide_kind,
        .index = (uint16_t)self->aide_index,
    };

    if (!self->aide || is_there(supervisor, member))
        return;
    if (self->aide_kind == AIDE_PROBE || self->aide_ended)
        call_off(supervisor, member);
    else
        act(supervisor, &hook); // it was not started, or its end was not told
}

void adopt_aides(struct supervisor *supervisor, const struct compartments *found)
{
    for (uint32_t i = 0; i < found->count; i++) {
        const struct compartment *it = &found->item[i];
        if (it->is_service)
            continue;
        if (it->generation > supervisor->aides.serial)
            supervisor->aides.serial = it->generation;
        if (!adopt_hook(supervisor, it))
            end(supervisor, it);
    }
    for (uint32_t i = 0; i < supervisor->roster.members_count; i++)
        go_on_with(supervisor, i);
}
