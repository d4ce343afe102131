/* See planner.h. */
#include "cli/plan/planner.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/plan/controls.h"
#include "cli/plan/planner_aides.h"
#include "cli/plan/planner_groups.h"
#include "cli/plan/planner_hash.h"
#include "cli/plan/planner_launch.h"
#include "cli/plan/planner_policy.h"
#include "core/paths.h"

#define PLAN_BYTES_MAX ((size_t)256 << 20)

/* Where the members of each service stand in the plan: together, one after the other. */
struct places {
    const struct planner_request *request;
    uint32_t *first; // by service index
    uint32_t *count; // 0: not in the plan, or no instances
    size_t members;  // in all
};

static bool is_enabled(const struct planner_request *request, size_t service)
{
    return !request->selection || request->selection->enabled[service];
}

static uint32_t instances(const struct planner_request *request, size_t service)
{
    if (!is_enabled(request, service))
        return 0;
    return request->selection ? request->selection->scale[service] : 1;
}

static int make_places(const struct planner_request *request, const size_t *order,
                       struct arena *arena, struct places *places)
{
    size_t count = request->spec->services_count;

    *places = (struct places){request, arena_array(arena, count + 1, sizeof(uint32_t)),
                              arena_array(arena, count + 1, sizeof(uint32_t)), 0};
    if (!places->first || !places->count)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        places->first[order[i]] = (uint32_t)places->members;
        places->count[order[i]] = instances(request, order[i]);
        places->members += places->count[order[i]];
    }
    return 0;
}

/* --- what a service needs --------------------------------------------------------------------- */

/* Without a probe nothing would ever open that gate. */
static void check_healthy(const struct spec_service *service, const struct spec_dependency *on,
                          const struct spec_service *needed, struct faults *faults)
{
    const struct spec_healthcheck *check = &needed->healthcheck;

    if (on->condition == SPEC_SERVICE_HEALTHY && (!check->set || check->disabled))
        faults_add(faults, FAULT_ERROR, on->at,
                   "give it a healthcheck, or write condition: service_started",
                   "service \"%s\" waits for \"%s\" to be healthy, which has no healthcheck",
                   service->name, on->service);
}

/* The service that is depended on, or -1 when it counts for nothing: not there, or not enabled. */
static ptrdiff_t find_needed(const struct planner_request *request,
                             const struct spec_service *service, const struct spec_dependency *on,
                             struct faults *faults)
{
    ptrdiff_t index = spec_find(request->spec, on->service);

    if (index >= 0 && is_enabled(request, (size_t)index)) {
        check_healthy(service, on, &request->spec->services[index], faults);
        return index;
    }
    if (!on->optional && index >= 0)
        faults_add(faults, FAULT_ERROR, on->at,
                   "activate one of its profiles with --profile, or write required: false",
                   "service \"%s\" depends on \"%s\", which is in none of the active profiles",
                   service->name, on->service);
    else if (!on->optional)
        faults_add(faults, FAULT_ERROR, on->at, NULL,
                   "service \"%s\" depends on \"%s\", which is not in the file", service->name,
                   on->service);
    return -1;
}

static enum need_condition condition_of(enum spec_condition condition)
{
    switch (condition) {
    case SPEC_SERVICE_COMPLETED:
        return NEED_COMPLETED;
    case SPEC_SERVICE_HEALTHY:
        return NEED_HEALTHY;
    case SPEC_SERVICE_STARTED:
        break;
    }
    return NEED_STARTED;
}

static void add_needs(const struct spec_dependency *on, uint32_t first, uint32_t count,
                      struct need *needs, size_t *needs_count)
{
    for (uint32_t i = 0; i < count; i++)
        needs[(*needs_count)++] = (struct need){
            .member = first + i,
            .condition = (uint16_t)condition_of(on->condition),
            .optional = on->optional,
            .restart = on->restart,
        };
}

/* All instances of what it depends on; the list is shared by its own instances. */
static int make_needs(const struct spec_service *service, const struct places *places,
                      struct arena *arena, struct plan_member *member, struct faults *faults)
{
    size_t total = 0;
    struct need *needs;

    for (size_t i = 0; i < service->depends_on_count; i++) {
        ptrdiff_t index = spec_find(places->request->spec, service->depends_on[i].service);
        total += index >= 0 ? places->count[index] : 0;
    }
    needs = arena_array(arena, total + 1, sizeof(*needs));
    if (!needs)
        return -ENOMEM;
    total = 0;
    for (size_t i = 0; i < service->depends_on_count; i++) {
        const struct spec_dependency *on = &service->depends_on[i];
        ptrdiff_t index = find_needed(places->request, service, on, faults);
        if (index >= 0)
            add_needs(on, places->first[index], places->count[index], needs, &total);
    }
    member->needs = needs;
    member->needs_count = total;
    return 0;
}

/* --- one service ------------------------------------------------------------------------------ */

static int make_member(const struct places *places, const struct spec_service *service,
                       struct plan *plan, struct plan_member *member, struct faults *faults)
{
    const struct planner_request *request = places->request;
    struct arena *arena = &plan->arena;
    char path[GROUP_PATH_MAX];
    size_t errors = faults->errors;
    int result;

    member->service = arena_string(arena, service->name);
    member->group = planner_group_of(plan, service);
    member->policy = planner_policy(service, request->host);
    member->logging = planner_logging(service);
    member->policy.strategy = request->spec->restart_strategy.value;
    planner_check_limits(service, request->host, faults);
    result = make_needs(service, places, arena, member, faults);
    if (result == 0)
        result = planner_launch(request, service, arena, &member->launch, faults);
    if (result == 0)
        result = controls_make(service, request->host, arena, &member->launch);
    if (result == 0 && faults->errors == errors) // what is wrong with it is wrong with them, too
        result = planner_aides(request, service, arena, member, faults);
    group_path(plan->groups, member->group, path);
    planner_hash(member, path);
    return result;
}

/* A service is checked whole even when it is to have no instance. */
static int make_service(const struct places *places, size_t service, struct plan *plan,
                        struct faults *faults)
{
    struct plan_member member = {0};
    int result =
        make_member(places, &places->request->spec->services[service], plan, &member, faults);

    for (uint32_t i = 0; result >= 0 && i < places->count[service]; i++) {
        member.number = i + 1;
        plan->members[places->first[service] + i] = member;
    }
    return result;
}

/* --- the whole -------------------------------------------------------------------------------- */

static int make_head(const struct planner_request *request, struct plan *plan, size_t members)
{
    char cgroup_dir[PATH_MAX + NAME_BYTES_MAX + 2];

    snprintf(cgroup_dir, sizeof(cgroup_dir), "%s/%s", request->host->root, request->spec->name);
    plan->stack = arena_string(&plan->arena, request->spec->name);
    plan->cgroup_dir = arena_string(&plan->arena, cgroup_dir);
    plan->runtime_dir = arena_string(&plan->arena, request->runtime_dir);
    plan->state_dir = arena_string(&plan->arena, request->state_dir);
    plan->history = (struct retention){.age_ns = request->spec->history.max_age_ns.value,
                                       .bytes = request->spec->history.max_size_bytes.value};
    plan->members_count = members;
    plan->members = arena_array(&plan->arena, members + 1, sizeof(struct plan_member));
    return arena_failed(&plan->arena) ? -ENOMEM : 0;
}

static int make_services(const struct places *places, const size_t *order, struct plan *plan,
                         struct faults *faults)
{
    for (size_t i = 0; i < places->request->spec->services_count; i++) {
        int result;
        if (!is_enabled(places->request, order[i]))
            continue;
        result = make_service(places, order[i], plan, faults);
        if (result < 0)
            return result;
    }
    return arena_failed(&plan->arena) ? -ENOMEM : 0;
}

static struct mark whole_file(const struct planner_request *request)
{
    return (struct mark){request->spec->file, 0, 0};
}

static int check_members(const struct places *places, struct faults *faults)
{
    if (places->members <= INSTANCES_MAX)
        return 0;
    faults_add(faults, FAULT_ERROR, whole_file(places->request), NULL,
               "a stack has at most %d instances of services, this one %zu", INSTANCES_MAX,
               places->members);
    return 1;
}

static int check_needs(const struct planner_request *request, const struct plan *plan,
                       struct faults *faults)
{
    size_t needs = 0;

    for (size_t i = 0; i < plan->members_count; i++)
        needs += plan->members[i].needs_count;
    if (needs <= DEPENDENCIES_MAX)
        return 0;
    faults_add(faults, FAULT_ERROR, whole_file(request),
               "depend on fewer services, or have fewer instances",
               "instance by instance, this stack has %zu dependencies; at most %d are possible",
               needs, DEPENDENCIES_MAX);
    return 1;
}

static int make_plan(const struct planner_request *request, size_t *order, struct plan *plan,
                     struct faults *faults)
{
    struct places places;
    int result = planner_order(request->spec, order);

    if (result < 0)
        return result;
    if (result == 1) {
        faults_add(faults, FAULT_ERROR, whole_file(request), NULL,
                   "the services depend on each other in a circle");
        return 1;
    }
    result = make_places(request, order, &plan->arena, &places);
    if (result == 0)
        result = check_members(&places, faults);
    if (result == 0)
        result = make_head(request, plan, places.members);
    if (result == 0)
        result = planner_groups(request, plan, faults);
    if (result == 0)
        result = make_services(&places, order, plan, faults);
    if (result == 0)
        result = check_needs(request, plan, faults);
    return result;
}

static int compare_places(const void *a, const void *b)
{
    const struct mark *left = &((const struct fault *)a)->at,
                      *right = &((const struct fault *)b)->at;

    if (left->line != right->line)
        return left->line < right->line ? -1 : 1;
    return left->column < right->column ? -1 : left->column > right->column;
}

int planner_make(const struct planner_request *request, struct plan *ret, struct faults *faults)
{
    size_t *order = calloc(request->spec->services_count + 1, sizeof(*order));
    struct plan plan = {0};
    int result;

    if (!order)
        return -ENOMEM;
    arena_init(&plan.arena, PLAN_BYTES_MAX);
    result = make_plan(request, order, &plan, faults);
    free(order);
    qsort(faults->item, faults->count, sizeof(faults->item[0]), compare_places);
    if (result == 0 && faults_fatal(faults))
        result = 1;
    if (result == 0)
        *ret = plan;
    else
        plan_finish(&plan);
    return result;
}
