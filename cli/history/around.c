/* See around.h: what is collected. */
#include "cli/history/around.h"

#include <errno.h>
#include <string.h>

static int take_growth(void *context, const struct sample *sample)
{
    struct around *around = context;

    growth_feed(&around->growth, sample);
    return 0;
}

/* One of another run may have lived within that time, but not with that generation. */
struct lifetime {
    struct around *around;
    uint32_t generation;
};

static int take_own(void *context, const struct sample *sample)
{
    struct lifetime *life = context;

    return sample->generation == life->generation ? take_growth(life->around, sample) : 0;
}

static int take_sibling(void *context, const struct sample *sample)
{
    struct around *around = context;

    return siblings_feed(&around->siblings, sample);
}

/* Who is in the plan and has no samples. */
static int add_members(struct around *around, const struct event_view *view)
{
    int failed = 0;

    for (uint32_t i = 0; i < view->members_count && failed == 0; i++)
        if (view->members[i].generation > 0)
            failed = siblings_add(&around->siblings, view->members[i].name);
    return failed;
}

static int read_samples(struct chronicle *chronicle, const struct death *death,
                        struct around *around)
{
    struct lifetime life = {around, death->generation};
    struct past_span own = {around->growth.from_ns, around->growth.to_ns + 1};
    struct past_span all = {siblings_from_ns(&around->siblings), siblings_to_ns(&around->siblings)};
    int failed;

    if (!chronicle->past)
        return 0;
    failed = past_samples(chronicle->past, death->name, own, take_own, &life);
    if (failed == 0)
        failed = past_samples(chronicle->past, NULL, all, take_sibling, around);
    if (failed != 0 && failed != -ENOMEM) {
        chronicle->past_failed = failed;
        chronicle->past = past_close(chronicle->past);
        return 0;
    }
    return failed;
}

static bool may_be_the_kernels(const struct verdict *verdict)
{
    return verdict_is_oom(verdict->kind) || verdict->kind == VERDICT_KILLED;
}

int around_collect(struct chronicle *chronicle, const struct around_of *of,
                   const struct kernel_log *log, struct around *ret)
{
    const struct death *death = &chronicle->deaths.item[of->index];
    struct snapshot_life life = {.name = death->name,
                                 .generation = death->generation,
                                 .from_ns =
                                     death->wall_ns - death->verdict.uptime.ns - NSEC_PER_SEC,
                                 .to_ns = death->wall_ns + NSEC_PER_SEC};
    char compartment[INSTANCE_NAME_MAX + 32];
    int failed;

    memset(ret, 0, sizeof(*ret));
    growth_init(&ret->growth, death->wall_ns, death->verdict.uptime);
    siblings_init(&ret->siblings, death);
    failed = read_samples(chronicle, death, ret);
    if (failed == 0 && chronicle->has_journal && death->wall_ns >= chronicle->covered.from_ns &&
        death->wall_ns < chronicle->covered.before_ns)
        failed = add_members(ret, &chronicle->view);
    if (failed == 0)
        failed = siblings_judge(&ret->siblings, &chronicle->deaths, of->now_wall_ns);
    ret->processes_count = snapshots_compare(&chronicle->snapshots, &life, ret->processes);
    snprintf(compartment, sizeof(compartment), "s-%.*s.%u.%u", (int)death->service_length,
             death->name, death->number, death->generation);
    if (may_be_the_kernels(&death->verdict))
        ret->kernel_count =
            kernel_log_select(log, of->stack, compartment, death->wall_ns, ret->kernel);
    ret->down_ns = death->ready_wall_ns > 0 ? death->ready_wall_ns - death->wall_ns : -1;
    return failed;
}

void around_finish(struct around *around)
{
    siblings_finish(&around->siblings);
}
