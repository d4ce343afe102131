/* See limits.h. */
#include "supervisor/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/handover.h"
#include "supervisor/loaded.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/cgroup.h"
#include "supervisor/sys/cgroup_live.h"

#define PATIENCE span_sec(5)

/* What the helper says: "" is success, anything else the reason in words. */
#define DONE "."

/* --- in the helper ------------------------------------------------------------------------ */

static size_t say_bytes(int64_t bytes, char *text, size_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;

    while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        value /= 1024;
        unit++;
    }
    return (size_t)snprintf(text, size, "%.4g %s", value, units[unit]);
}

static void say_too_much(const char *name, int64_t current, int64_t limit, char *message)
{
    char has[32], wants[32];

    say_bytes(current, has, sizeof(has));
    say_bytes(limit, wants, sizeof(wants));
    snprintf(message, HELPER_MESSAGE_MAX,
             "%s: memory.current is %s, above the new limit of %s, which would kill it; restart it "
             "to apply the limit",
             name, has, wants);
}

/* One compartment, checked or changed. False with a message; one that is gone needs nothing. */
static bool treat(const struct supervisor *supervisor, const struct limits_target *target,
                  bool change, char *message)
{
    const struct member *member = &supervisor->roster.members[target->member];
    char name[COMPARTMENT_NAME_MAX];
    const char *file = "memory.current";
    int64_t current = 0, limit = 0;
    struct loaded loaded;
    int cgroup, result;

    compartment_name(&supervisor->roster, target->member, target->generation, name);
    result = cgroup_open(supervisor->services, name, &cgroup);
    if (result < 0)
        return true;
    result = loaded_read(HANDOVER_PLAN, member->launch_offset, member->launch_bytes, &loaded);
    if (result == 0) {
        const struct launch *launch = &loaded.record.launch;
        result = change ? cgroup_live_limit(cgroup, launch->controls, launch->controls_count, &file)
                        : cgroup_live_check(cgroup, launch->controls, launch->controls_count,
                                            &current, &limit);
        loaded_finish(&loaded);
    }
    close(cgroup);
    if (result > 0)
        say_too_much(member->name, current, limit, message);
    else if (result < 0 && result != -ENODEV) // it went meanwhile
        snprintf(message, HELPER_MESSAGE_MAX, "%s: %s: %s", member->name, file,
                 strerrordesc_np(-result));
    return result == 0 || result == -ENODEV;
}

static size_t work(void *context, char message[HELPER_MESSAGE_MAX])
{
    const struct supervisor *supervisor = context;
    const struct limits_change *change = &supervisor->limits;

    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < change->targets_count; i++)
            if (!treat(supervisor, &change->targets[i], pass == 1, message))
                return strlen(message);
    memcpy(message, DONE, sizeof(DONE));
    return strlen(message);
}

/* --- in the supervisor -------------------------------------------------------------------- */

static void finish(struct supervisor *supervisor, const char *why)
{
    struct limits_change *change = &supervisor->limits;
    int32_t client = change->client;

    loop_remove(&supervisor->loop, change->helper.report);
    helper_finish(&change->helper);
    free(change->targets);
    *change = (struct limits_change){.client = -1, .deadline = INSTANT_NEVER};
    if (client < 0)
        return;
    if (why)
        control_error(&supervisor->control.clients[client], "%s", why);
    else
        control_done(&supervisor->control.clients[client]);
}

/* They have the limits of the plan now. */
static void note_limits(struct supervisor *supervisor)
{
    const struct limits_change *change = &supervisor->limits;

    for (uint32_t i = 0; i < change->targets_count; i++) {
        const struct limits_target *target = &change->targets[i];
        const struct slot *slot = &supervisor->slots[target->member];
        if (slot->generation != target->generation)
            continue;
        supervisor->fleet.kept[target->member].limits_hash =
            (int64_t)supervisor->roster.members[target->member].limits_hash;
        journal_kept(&supervisor->journal, &supervisor->fleet, target->member);
    }
}

void limits_report(struct supervisor *supervisor)
{
    struct limits_change *change = &supervisor->limits;
    char message[HELPER_MESSAGE_MAX + 1];
    ssize_t length;

    if (!change->helper.pid)
        return;
    length = helper_message(&change->helper, message);
    if (length == -EAGAIN)
        return;
    message[length] = '\0';
    if (strcmp(message, DONE) == 0) {
        note_limits(supervisor);
        finish(supervisor, NULL);
    } else {
        finish(supervisor, length > 0 ? message : "the helper that changes limits was killed");
    }
}

void limits_turn(struct supervisor *supervisor)
{
    const struct limits_change *change = &supervisor->limits;

    if (change->helper.pid && instant_reached(change->deadline, supervisor->now))
        finish(supervisor, "the kernel did not take the new limits in time; some may be in force");
}

instant limits_deadline(const struct limits_change *change)
{
    return change->helper.pid ? change->deadline : INSTANT_NEVER;
}

void limits_client_gone(struct supervisor *supervisor, uint32_t client)
{
    if (supervisor->limits.client == (int32_t)client)
        supervisor->limits.client = -1;
}

/* Those of the marked that run. False: out of memory. */
static bool choose(const struct supervisor *supervisor, const uint64_t *marked,
                   struct limits_change *change)
{
    change->targets =
        calloc((size_t)supervisor->roster.members_count + 1, sizeof(*change->targets));
    for (uint32_t i = 0; change->targets && i < supervisor->roster.members_count; i++)
        if (marked[i / 64] >> i % 64 & 1 && supervisor->slots[i].pid &&
            supervisor->fleet.members[i].state != STATE_KILLING && // pids.max is to stay 0
            supervisor->fleet.members[i].state != STATE_QUARANTINED)
            change->targets[change->targets_count++] =
                (struct limits_target){i, supervisor->slots[i].generation};
    return change->targets != NULL;
}

static int start(struct supervisor *supervisor)
{
    const int files[] = {HANDOVER_PLAN, supervisor->services};
    struct limits_change *change = &supervisor->limits;
    int result =
        helper_start(supervisor->reaper.channel >= 0, files, 2, work, supervisor, &change->helper);

    change->deadline = instant_add(supervisor->now, PATIENCE);
    if (result == 0)
        result = loop_add(&supervisor->loop, change->helper.report, EPOLLIN, SOURCE_LIMITS, 0);
    return result;
}

void limits_serve(struct supervisor *supervisor, const struct client *client,
                  const uint64_t *marked)
{
    struct limits_change *change = &supervisor->limits;
    int result = -ENOMEM;

    if (change->helper.pid) {
        control_error(client, "limits are being changed already: try again");
        return;
    }
    *change = (struct limits_change){.client = -1, .deadline = INSTANT_NEVER};
    if (choose(supervisor, marked, change))
        result = start(supervisor);
    if (result == 0) {
        change->client = (int32_t)(client - supervisor->control.clients);
        return;
    }
    control_error(client, "cannot change limits: %s", strerrordesc_np(-result));
    helper_finish(&change->helper);
    free(change->targets);
    *change = (struct limits_change){.client = -1, .deadline = INSTANT_NEVER};
}
