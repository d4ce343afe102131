/* See aide_bonds.h. */
#include "supervisor/aide_bonds.h"

#include <sys/pidfd.h>

#include "supervisor/marks.h"
#include "supervisor/supervisor.h"

#define LAST_REPORT span_sec(5) // from the end of the stack to that of its hooks

void aide_mark_order(int cgroup, const struct aide_order *order)
{
    const struct aide_mark mark = {order->generation, order->serial, order->kind};

    if (order->role == AIDE_ROLE_HOOK || order->role == AIDE_ROLE_REPORT)
        marks_set_aide(cgroup, &mark);
}

static struct aide_process *find_client(const struct aides *aides, uint32_t client)
{
    for (uint32_t i = 0; i < aides->end; i++)
        if (aides->item[i].role != AIDE_ROLE_NONE && aides->item[i].client == (int32_t)client)
            return &aides->item[i];
    return NULL;
}

void aide_signal(const struct supervisor *supervisor, uint32_t client, int signal)
{
    const struct aide_process *aide = find_client(&supervisor->aides, client);

    if (aide && aide->pidfd >= 0)
        (void)pidfd_send_signal(aide->pidfd, signal, NULL, 0); // ESRCH: dead already
}

void aide_client_gone(struct supervisor *supervisor, uint32_t client)
{
    struct aide_process *aide = find_client(&supervisor->aides, client);

    if (!aide)
        return;
    aide->client = -1;
    aide_kill(supervisor, aide);
}

void aide_end(struct supervisor *supervisor, uint32_t member, uint32_t generation, uint32_t serial)
{
    for (uint32_t i = 0; i < supervisor->aides.end; i++) {
        struct aide_process *aide = &supervisor->aides.item[i];
        if ((aide->role == AIDE_ROLE_PROBE || aide->role == AIDE_ROLE_HOOK) &&
            aide->member == member && aide->generation == generation && aide->serial == serial)
            aide_kill(supervisor, aide);
    }
}

void aides_end_of(struct supervisor *supervisor, uint32_t member)
{
    for (uint32_t i = 0; i < supervisor->aides.end; i++) {
        struct aide_process *aide = &supervisor->aides.item[i];
        if (aide->role == AIDE_ROLE_EXEC && aide->member == member)
            aide_kill(supervisor, aide);
    }
}

void aides_end_all(struct supervisor *supervisor)
{
    instant last = instant_add(supervisor->now, LAST_REPORT);

    for (uint32_t i = 0; i < supervisor->aides.end; i++) {
        struct aide_process *aide = &supervisor->aides.item[i];
        if (aide->role == AIDE_ROLE_REPORT && !aide->killed) {
            aide->until = instant_min(aide->until, last);
            aide->deadline = instant_min(aide->deadline, last);
        } else if (aide->role != AIDE_ROLE_NONE) {
            aide_kill(supervisor, aide);
        }
    }
}

bool aide_is_told_of(const struct aides *aides, uint32_t member, enum aide_kind kind)
{
    for (uint32_t i = 0; i < aides->end; i++) {
        const struct aide_process *aide = &aides->item[i];
        if (aide->role == AIDE_ROLE_REPORT && aide->member == member && aide->kind == kind)
            return true;
    }
    return false;
}

bool aides_are_told(const struct aides *aides)
{
    for (uint32_t i = 0; i < aides->end; i++)
        if (aides->item[i].role == AIDE_ROLE_REPORT && !aides->item[i].told)
            return true;
    return false;
}

void aides_moved(struct supervisor *supervisor, const int32_t *new_index)
{
    for (uint32_t i = 0; i < supervisor->aides.end; i++) {
        struct aide_process *aide = &supervisor->aides.item[i];
        int32_t to = aide->member == AIDE_NO_MEMBER ? -1 : new_index[aide->member];
        if (aide->role == AIDE_ROLE_NONE)
            continue;
        aide->member = to < 0 ? AIDE_NO_MEMBER : (uint32_t)to;
        if (to < 0)
            aide_kill(supervisor, aide);
    }
}

void aides_disown(struct supervisor *supervisor)
{
    for (uint32_t i = 0; i < supervisor->aides.end; i++) {
        const struct aide_process *aide = &supervisor->aides.item[i];
        if (aide->role != AIDE_ROLE_NONE && aide->pid)
            (void)loop_add(&supervisor->loop, aide->pidfd, EPOLLIN, SOURCE_AIDE_PIDFD, i);
    }
}

struct aide_process *aide_probe(struct supervisor *supervisor, const struct effect *effect)
{
    for (uint32_t i = 0; i < supervisor->aides.end; i++) {
        struct aide_process *aide = &supervisor->aides.item[i];
        if (aide->role == AIDE_ROLE_PROBE && !aide->told && aide->member == effect->member &&
            aide->generation == effect->generation)
            return aide;
    }
    return NULL;
}
