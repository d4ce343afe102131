/* See planner_aides.h. */
#include "cli/plan/planner_aides.h"

#include <errno.h>
#include <string.h>

#include "cli/plan/controls.h"
#include "cli/plan/planner_launch.h"

/* A service's aides under construction. */
struct work {
    const struct planner_request *request;
    const struct spec_service *service;
    struct arena *arena;
    struct plan_aide *aides;
    size_t count;
    struct faults *faults;
};

/* The service's variables with the hook's over them; both lists are sorted by name. */
static int merge_environment(const struct work *work, const struct spec_hook *hook,
                             struct spec_service *as)
{
    const struct spec_env *base = work->service->environment, *over = hook->environment;
    size_t bases = work->service->environment_count, overs = hook->environment_count;
    struct spec_env *merged = arena_array(work->arena, bases + overs + 1, sizeof(*merged));
    size_t count = 0;

    if (!merged)
        return -ENOMEM;
    while (bases > 0 || overs > 0) {
        int order = bases == 0 ? 1 : overs == 0 ? -1 : strcmp(base->name, over->name);
        merged[count++] = order < 0 ? *base : *over;
        if (order <= 0)
            base++, bases--;
        if (order >= 0)
            over++, overs--;
    }
    as->environment = merged;
    as->environment_count = count;
    return 0;
}

static int limit(const struct work *work, int64_t memory_bytes, struct plan_aide *aide)
{
    return controls_aide(work->request->host, memory_bytes, AIDE_PIDS, work->arena, &aide->launch);
}

/* One more aide: the service as it is, but with this command. */
static int add(struct work *work, enum aide_kind kind, struct spec_service *as,
               const struct spec_words *command)
{
    struct plan_aide *aide = &work->aides[work->count++];
    int result;

    as->entrypoint = (struct spec_words){0};
    as->command = *command;
    as->tty = false;
    as->stdin_open = false;
    as->labels_count = 0;
    aide->kind = kind;
    result = planner_launch(work->request, as, work->arena, &aide->launch, work->faults);
    return result == 0 ? limit(work, AIDE_MEMORY_BYTES, aide) : result;
}

static int add_probe(struct work *work)
{
    const struct spec_healthcheck *check = &work->service->healthcheck;
    struct spec_service as = *work->service;

    if (!check->set || check->disabled)
        return 0;
    return add(work, AIDE_PROBE, &as, &check->test);
}

static int add_hook(struct work *work, enum aide_kind kind, const struct spec_hook *hook)
{
    struct spec_service as = *work->service;
    int result = merge_environment(work, hook, &as);

    if (hook->user.value)
        as.user = hook->user;
    if (hook->working_dir.value)
        as.working_dir = hook->working_dir;
    if (kind == AIDE_PRE_START) // nothing of the service has run before
        as.hooks[SPEC_PRE_START] = (struct spec_hooks){0};
    return result == 0 ? add(work, kind, &as, &hook->command) : result;
}

static size_t count_hooks(const struct spec_service *service)
{
    size_t count = 0;

    for (int kind = 0; kind < SPEC_HOOK_KINDS; kind++)
        count += service->hooks[kind].count;
    return count;
}

static int add_hooks(struct work *work)
{
    static const enum aide_kind kinds[SPEC_HOOK_KINDS] = {
        [SPEC_PRE_START] = AIDE_PRE_START,
        [SPEC_POST_START] = AIDE_POST_START,
        [SPEC_PRE_STOP] = AIDE_PRE_STOP,
    };
    int result = 0;

    for (int kind = 0; kind < SPEC_HOOK_KINDS; kind++)
        for (size_t i = 0; result == 0 && i < work->service->hooks[kind].count; i++)
            result = add_hook(work, kinds[kind], &work->service->hooks[kind].item[i]);
    return result;
}

/* A limit that is written is kept or refused. */
static void check_limit(const struct work *work, const char *name,
                        const struct spec_report_hook *hook)
{
    char why[320], remedy[320];

    if (!hook->mem_limit_bytes.set ||
        work->request->host->controllers[CONTROLLER_MEMORY] == CONTROLLER_USABLE)
        return;
    host_controller_trouble(work->request->host, CONTROLLER_MEMORY, why, sizeof(why), remedy,
                            sizeof(remedy));
    faults_add(work->faults, FAULT_ERROR, hook->mem_limit_bytes.at, remedy,
               "service \"%s\": the mem_limit of %s cannot be enforced: %s", work->service->name,
               name, why);
}

static int add_report_hook(struct work *work, enum spec_report_kind kind)
{
    static const enum aide_kind kinds[SPEC_REPORT_KINDS] = {
        [SPEC_ON_OOM] = AIDE_ON_OOM,
        [SPEC_ON_HOLD] = AIDE_ON_HOLD,
    };
    const struct spec_report_hook *hook = &work->service->report_hooks[kind];
    struct plan_aide *aide = &work->aides[work->count];
    struct spec_service as = *work->service;
    int result;

    if (!hook->set)
        return 0;
    check_limit(work, spec_report_name(kind), hook);
    if (hook->user.value)
        as.user = hook->user;
    result = add(work, kinds[kind], &as, &hook->command);
    if (result == 0 && hook->mem_limit_bytes.set)
        result = limit(work, hook->mem_limit_bytes.value, aide);
    aide->timeout_ns = hook->timeout_ns.set ? hook->timeout_ns.value : REPORT_TIMEOUT.ns;
    return result;
}

int planner_aides(const struct planner_request *request, const struct spec_service *service,
                  struct arena *arena, struct plan_member *member, struct faults *faults)
{
    size_t hooks = count_hooks(service);
    struct work work = {request, service, arena, NULL, 0, faults};
    int result;

    if (hooks > HOOKS_MAX) {
        faults_add(faults, FAULT_ERROR, service->at, NULL,
                   "service \"%s\" has %zu hooks, at most %d are possible", service->name, hooks,
                   HOOKS_MAX);
        return 0;
    }
    work.aides = arena_array(arena, hooks + 1 + SPEC_REPORT_KINDS, sizeof(*work.aides));
    if (!work.aides)
        return -ENOMEM;
    result = add_probe(&work);
    if (result == 0)
        result = add_hooks(&work);
    for (int kind = 0; result == 0 && kind < SPEC_REPORT_KINDS; kind++)
        result = add_report_hook(&work, (enum spec_report_kind)kind);
    member->aides = work.aides;
    member->aides_count = work.count;
    return result;
}
