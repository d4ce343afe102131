/* See simulate_roster.h. */
#include "cli/simulate_roster.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plan/planner_groups.h"
#include "cli/plan/planner_policy.h"

#define GROUPS_ARENA_BYTES ((size_t)1 << 20)

struct making {
    const struct spec *spec;
    const struct selection *selection;
    struct host host; // every controller is usable
    struct plan plan; // of its groups alone
    uint32_t *first;  // by service index: its first member
    struct roster *roster;
    struct faults *faults;
};

static uint32_t instances(const struct making *making, size_t service)
{
    return making->selection->enabled[service] ? making->selection->scale[service] : 0;
}

static int make_groups(struct making *making)
{
    const struct planner_request request = {.spec = making->spec, .host = &making->host};
    size_t bytes;
    int result;

    arena_init(&making->plan.arena, GROUPS_ARENA_BYTES);
    result = planner_groups(&request, &making->plan, making->faults);
    if (result != 0)
        return result;
    bytes = making->plan.groups_count * sizeof(*making->roster->groups);
    making->roster->groups = malloc(bytes);
    if (!making->roster->groups)
        return -ENOMEM;
    memcpy(making->roster->groups, making->plan.groups, bytes);
    making->roster->groups_count = making->plan.groups_count;
    return 0;
}

static enum need_condition condition_of(const struct making *making,
                                        const struct spec_service *service,
                                        const struct spec_dependency *on, size_t needed)
{
    const struct spec_healthcheck *check = &making->spec->services[needed].healthcheck;

    if (on->condition == SPEC_SERVICE_COMPLETED)
        return NEED_COMPLETED;
    if (on->condition == SPEC_SERVICE_STARTED)
        return NEED_STARTED;
    if (!check->set || check->disabled)
        faults_add(making->faults, FAULT_ERROR, on->at,
                   "give it a healthcheck, or write condition: service_started",
                   "service \"%s\" waits for \"%s\" to be healthy, which has no healthcheck",
                   service->name, on->service);
    return NEED_HEALTHY;
}

static int add_needs(struct making *making, const struct spec_service *service,
                     struct member *member)
{
    struct roster *roster = making->roster;

    member->first_need = roster->needs_count;
    for (size_t i = 0; i < service->depends_on_count; i++) {
        const struct spec_dependency *on = &service->depends_on[i];
        ptrdiff_t needed = spec_find(making->spec, on->service);
        uint32_t count = needed < 0 ? 0 : instances(making, (size_t)needed);
        struct need *needs =
            reallocarray(roster->needs, (size_t)roster->needs_count + count + 1, sizeof(*needs));

        if (!needs)
            return -ENOMEM;
        roster->needs = needs;
        for (uint32_t j = 0; j < count; j++)
            needs[roster->needs_count++] = (struct need){
                .member = making->first[needed] + j,
                .condition = (uint16_t)condition_of(making, service, on, (size_t)needed),
                .optional = on->optional,
                .restart = on->restart,
            };
    }
    member->needs_count = roster->needs_count - member->first_need;
    return 0;
}

static int add_service(struct making *making, size_t index)
{
    const struct spec_service *service = &making->spec->services[index];
    struct roster *roster = making->roster;
    int result = 0;

    for (uint32_t i = 0; result == 0 && i < instances(making, index); i++) {
        struct member *member = &roster->members[roster->members_count++];
        member->service_length = (uint32_t)strlen(service->name);
        member->number = i + 1;
        snprintf(member->name, sizeof(member->name), "%s-%u", service->name, i + 1);
        member->group = planner_group_of(&making->plan, service);
        member->policy = planner_policy(service, &making->host);
        member->policy.strategy = making->spec->restart_strategy.value;
        result = add_needs(making, service, member);
    }
    return result;
}

static int make_members(struct making *making, const size_t *order)
{
    struct roster *roster = making->roster;
    size_t count = 0;
    int result = 0;

    for (size_t i = 0; i < making->spec->services_count; i++) {
        making->first[order[i]] = (uint32_t)count;
        count += instances(making, order[i]);
    }
    if (count > INSTANCES_MAX) {
        faults_add(making->faults, FAULT_ERROR, (struct mark){making->spec->file, 0, 0}, NULL,
                   "a stack has at most %d instances of services, this one %zu", INSTANCES_MAX,
                   count);
        return 1;
    }
    roster->members = calloc(count + 1, sizeof(*roster->members));
    if (!roster->members)
        return -ENOMEM;
    for (size_t i = 0; result == 0 && i < making->spec->services_count; i++)
        result = add_service(making, order[i]);
    return result;
}

static int make(struct making *making, size_t *order)
{
    int result = planner_order(making->spec, order);

    if (result == 1)
        faults_add(making->faults, FAULT_ERROR, (struct mark){making->spec->file, 0, 0}, NULL,
                   "the services depend on each other in a circle");
    if (result == 0)
        result = make_groups(making);
    if (result == 0)
        result = make_members(making, order);
    return result == 0 && faults_fatal(making->faults) ? 1 : result;
}

int simulate_roster(const struct spec *spec, const struct selection *selection, struct roster *ret,
                    struct faults *faults)
{
    struct roster roster = {0};
    struct making making = {
        .spec = spec, .selection = selection, .roster = &roster, .faults = faults};
    size_t *order = calloc(spec->services_count + 1, sizeof(*order));
    int result = -ENOMEM;

    snprintf(roster.stack, sizeof(roster.stack), "%s", spec->name);
    making.first = calloc(spec->services_count + 1, sizeof(*making.first));
    if (order && making.first)
        result = make(&making, order);
    free(order);
    free(making.first);
    plan_finish(&making.plan);
    if (result == 0)
        *ret = roster;
    else
        roster_finish(&roster);
    return result;
}
