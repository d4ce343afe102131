/* See planner.h. */
#include "cli/planner.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/controls.h"
#include "cli/planner_launch.h"

#define PLAN_BYTES_MAX ((size_t)256 << 20)

/* --- the order -------------------------------------------------------------------------------- */

static bool is_ready(const struct spec *spec, size_t service, const bool *done)
{
    const struct spec_service *of = &spec->services[service];

    for (size_t i = 0; i < of->depends_on_count; i++) {
        ptrdiff_t needed = spec_find(spec, of->depends_on[i].service);
        if (needed >= 0 && !done[needed])
            return false;
    }
    return true;
}

/* Takes the first service whose dependencies are placed, again and again: as written wherever the
 * dependencies leave a choice. */
int planner_order(const struct spec *spec, size_t *order)
{
    bool *done = calloc(spec->services_count + 1, sizeof(*done));
    size_t placed = 0;
    bool moved = true;

    if (!done)
        return -ENOMEM;
    while (placed < spec->services_count && moved) {
        moved = false;
        for (size_t i = 0; i < spec->services_count; i++) {
            if (done[i] || !is_ready(spec, i, done))
                continue;
            done[i] = true;
            order[placed++] = i;
            moved = true;
        }
    }
    free(done);
    return placed == spec->services_count ? 0 : 1;
}

/* --- one member ------------------------------------------------------------------------------- */

static enum restart restart_of(enum spec_restart restart)
{
    switch (restart) {
    case SPEC_RESTART_NO:
        return RESTART_NO;
    case SPEC_RESTART_ON_FAILURE:
        return RESTART_ON_FAILURE;
    case SPEC_RESTART_ALWAYS:
        return RESTART_ALWAYS;
    case SPEC_RESTART_UNLESS_STOPPED:
        return RESTART_UNLESS_STOPPED;
    }
    return RESTART_ON_FAILURE;
}

static void take_int(int64_t *to, const struct spec_int *from)
{
    if (from->set)
        *to = from->value;
}

static struct policy make_policy(const struct spec_service *service, const struct host *host)
{
    struct policy policy = policy_default();

    if (service->restart_set) {
        policy.restart = restart_of(service->restart);
        policy.restart_max = service->restart_max;
    }
    take_int(&policy.backoff_initial_ns, &service->backoff.initial_ns);
    take_int(&policy.backoff_factor_milli, &service->backoff.factor_milli);
    take_int(&policy.backoff_max_ns, &service->backoff.max_ns);
    take_int(&policy.backoff_jitter_milli, &service->backoff.jitter_milli);
    take_int(&policy.backoff_reset_after_ns, &service->backoff.reset_after_ns);
    take_int(&policy.stop_signal, &service->stop_signal);
    take_int(&policy.stop_grace_ns, &service->stop_grace_period_ns);
    policy.mem_limit_bytes = 0;
    if (service->mem_limit_bytes.set && service->mem_limit_bytes.value > 0)
        policy.mem_limit_bytes = service->mem_limit_bytes.value;
    policy.oom_group = host->controllers[CONTROLLER_MEMORY] == CONTROLLER_USABLE;
    return policy;
}

/* A limit that cannot be enforced here is refused, once a key. */
static void check_limits(const struct spec_service *service, const struct host *host,
                         struct faults *faults)
{
    struct controls_need needs[CONTROLS_NEEDS_MAX];
    size_t count = controls_needs(service, needs);
    char why[320], remedy[320], whole[400];

    for (size_t i = 0; i < count; i++) {
        if (host->controllers[needs[i].controller] == CONTROLLER_USABLE)
            continue;
        host_controller_trouble(host, needs[i].controller, why, sizeof(why), remedy,
                                sizeof(remedy));
        snprintf(whole, sizeof(whole), "%s, or leave %s out", remedy, needs[i].key);
        faults_add(faults, FAULT_ERROR, needs[i].at, whole,
                   "service \"%s\": %s cannot be enforced: %s", service->name, needs[i].key, why);
    }
}

static void check_memory(const struct spec_service *service, const struct host *host,
                         struct faults *faults)
{
    int64_t limit = service->mem_limit_bytes.set ? service->mem_limit_bytes.value : 0;
    int64_t swap = controls_swap(limit, &service->memswap_limit_bytes);

    if (service->memory_high.set && controls_size(&service->memory_high, limit) < 0)
        faults_add(faults, FAULT_ERROR, service->memory_high.at, "write mem_limit, or bytes",
                   "service \"%s\": memory_high is a share of a mem_limit that is not there",
                   service->name);
    if (service->memory_min.set && controls_size(&service->memory_min, limit) < 0)
        faults_add(faults, FAULT_ERROR, service->memory_min.at, "write mem_limit, or bytes",
                   "service \"%s\": memory_min is a share of a mem_limit that is not there",
                   service->name);
    if (swap > 0 && host->controllers[CONTROLLER_MEMORY] == CONTROLLER_USABLE &&
        !host->swap_accounting)
        faults_add(faults, FAULT_ERROR, service->memswap_limit_bytes.at,
                   "boot with swapaccount=1, or leave memswap_limit out: no swap",
                   "service \"%s\": memswap_limit cannot be enforced: this kernel does not count "
                   "swap",
                   service->name);
}

/* Where each service of the spec stands in the plan. */
struct places {
    const struct spec *spec;
    uint32_t *member_of; // by service index
};

static int make_needs(const struct spec_service *service, const struct places *places,
                      struct arena *arena, struct plan_member *member, struct faults *faults)
{
    struct need *needs = arena_array(arena, service->depends_on_count + 1, sizeof(*needs));
    size_t count = 0;

    if (!needs)
        return -ENOMEM;
    for (size_t i = 0; i < service->depends_on_count; i++) {
        const struct spec_dependency *on = &service->depends_on[i];
        ptrdiff_t index = spec_find(places->spec, on->service);
        if (index < 0 && on->optional)
            continue;
        if (index < 0) {
            faults_add(faults, FAULT_ERROR, on->at, NULL,
                       "service \"%s\" depends on \"%s\", which is not in the file", service->name,
                       on->service);
            continue;
        }
        needs[count++] = (struct need){
            .member = places->member_of[index],
            .condition = on->condition == SPEC_SERVICE_COMPLETED ? NEED_COMPLETED : NEED_STARTED,
            .optional = on->optional};
    }
    member->needs = needs;
    member->needs_count = count;
    return 0;
}

static int make_member(const struct planner_request *request, const struct spec_service *service,
                       const struct places *places, struct arena *arena, struct plan_member *member,
                       struct faults *faults)
{
    int result;

    member->service = arena_string(arena, service->name);
    member->number = 1;
    member->policy = make_policy(service, request->host);
    check_limits(service, request->host, faults);
    check_memory(service, request->host, faults);
    result = make_needs(service, places, arena, member, faults);
    if (result == 0)
        result = planner_launch(request, service, arena, &member->launch, faults);
    if (result == 0)
        result = controls_make(service, request->host, arena, &member->launch);
    return result;
}

/* --- the whole -------------------------------------------------------------------------------- */

static int make_head(const struct planner_request *request, struct plan *plan)
{
    char cgroup_dir[PATH_MAX + NAME_BYTES_MAX + 2];

    snprintf(cgroup_dir, sizeof(cgroup_dir), "%s/%s", request->host->root, request->spec->name);
    plan->stack = arena_string(&plan->arena, request->spec->name);
    plan->cgroup_dir = arena_string(&plan->arena, cgroup_dir);
    plan->runtime_dir = arena_string(&plan->arena, request->runtime_dir);
    plan->state_dir = arena_string(&plan->arena, request->state_dir);
    plan->enclosing = 1; // svc/
    plan->members_count = request->spec->services_count;
    plan->members = arena_array(&plan->arena, plan->members_count + 1, sizeof(struct plan_member));
    return arena_failed(&plan->arena) ? -ENOMEM : 0;
}

static int make_members(const struct planner_request *request, const size_t *order,
                        struct plan *plan, struct faults *faults)
{
    const struct spec *spec = request->spec;
    struct places places = {spec,
                            arena_array(&plan->arena, spec->services_count + 1, sizeof(uint32_t))};

    if (!places.member_of)
        return -ENOMEM;
    for (size_t i = 0; i < spec->services_count; i++)
        places.member_of[order[i]] = (uint32_t)i;
    for (size_t i = 0; i < spec->services_count; i++) {
        int result = make_member(request, &spec->services[order[i]], &places, &plan->arena,
                                 &plan->members[i], faults);
        if (result < 0)
            return result;
    }
    return arena_failed(&plan->arena) ? -ENOMEM : 0;
}

static int make_plan(const struct planner_request *request, size_t *order, struct plan *plan,
                     struct faults *faults)
{
    const struct spec *spec = request->spec;
    int result = planner_order(spec, order);

    if (result < 0)
        return result;
    if (result == 1) {
        faults_add(faults, FAULT_ERROR, (struct mark){spec->file, 0, 0}, NULL,
                   "the services depend on each other in a circle");
        return 1;
    }
    result = make_head(request, plan);
    if (result == 0)
        result = make_members(request, order, plan, faults);
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
    if (request->spec->services_count > INSTANCES_MAX) {
        faults_add(faults, FAULT_ERROR, (struct mark){request->spec->file, 0, 0}, NULL,
                   "a stack has at most %d services, this one %zu", INSTANCES_MAX,
                   request->spec->services_count);
        result = 1;
    } else {
        result = make_plan(request, order, &plan, faults);
    }
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
