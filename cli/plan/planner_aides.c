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
    if (result == 0)
        result = controls_aide(work->request->host, AIDE_MEMORY_BYTES, AIDE_PIDS, work->arena,
                               &aide->launch);
    return result;
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
    work.aides = arena_array(arena, hooks + 2, sizeof(*work.aides));
    if (!work.aides)
        return -ENOMEM;
    result = add_probe(&work);
    if (result == 0)
        result = add_hooks(&work);
    member->aides = work.aides;
    member->aides_count = work.count;
    return result;
}
