/* Memory limits of groups, of the stack, and of what is in them. See lint_rules.h. */
#include <stdio.h>
#include <string.h>

#include "cli/plan/lint_rules.h"
#include "cli/show/render.h"

#define STACK ((ptrdiff_t)-1)

/* The index in the spec, or STACK. */
static ptrdiff_t find(const struct spec_groups *groups, const struct spec_text *name)
{
    for (size_t i = 0; name->value && i < groups->count; i++)
        if (strcmp(groups->item[i].name, name->value) == 0)
            return (ptrdiff_t)i;
    return STACK;
}

static const struct spec_int *limit_of(const struct spec *spec, ptrdiff_t group)
{
    return group == STACK ? &spec->mem_limit_bytes : &spec->groups.item[group].mem_limit_bytes;
}

static void name_of(const struct spec *spec, ptrdiff_t group, char name[NAME_BYTES_MAX + 16])
{
    if (group == STACK)
        snprintf(name, NAME_BYTES_MAX + 16, "the stack");
    else
        snprintf(name, NAME_BYTES_MAX + 16, "group %s", spec->groups.item[group].name);
}

/* A limit above one around it: that one is met first. */
static void check_within(const struct spec *spec, const char *what, const struct spec_int *limit,
                         const struct spec_text *parent, struct faults *faults)
{
    char name[NAME_BYTES_MAX + 16], inner[RENDER_MAX], outer[RENDER_MAX];
    ptrdiff_t around = find(&spec->groups, parent);
    const struct spec_int *bound = limit_of(spec, around);

    for (size_t i = 0; !bound->set && around != STACK && i <= spec->groups.count; i++) {
        around = find(&spec->groups, &spec->groups.item[around].parent);
        bound = limit_of(spec, around);
    }
    if (!limit->set || !bound->set || limit->value <= bound->value)
        return;
    name_of(spec, around, name);
    faults_add(faults, FAULT_WARNING, limit->at, "write less than that",
               "%s: mem_limit is %s and that of %s around it is %s: its own is never met", what,
               render_bytes(limit->value, inner), name, render_bytes(bound->value, outer));
}

/* What may be used in it, as far as it is limited; -1: something in it is not. */
struct content {
    int64_t bytes;
    uint32_t count;
};

static void add(struct content *content, const struct spec_int *limit, uint32_t scale)
{
    int64_t product;

    if (scale == 0)
        return;
    content->count += scale;
    if (!limit->set || __builtin_mul_overflow(limit->value, (int64_t)scale, &product) ||
        __builtin_add_overflow(content->bytes, product, &content->bytes))
        content->bytes = INT64_MIN / 2; // no sum
}

static void check_sum(const struct lint_request *request, ptrdiff_t group, struct faults *faults)
{
    const struct spec *spec = request->spec;
    const struct spec_int *limit = limit_of(spec, group);
    char name[NAME_BYTES_MAX + 16], sum[RENDER_MAX], has[RENDER_MAX];
    struct content content = {0, 0};

    for (size_t i = 0; i < spec->services_count; i++)
        if (find(&spec->groups, &spec->services[i].cgroup_parent) == group)
            add(&content, &spec->services[i].mem_limit_bytes, lint_scale(request, i));
    for (size_t i = 0; i < spec->groups.count; i++)
        if (find(&spec->groups, &spec->groups.item[i].parent) == group)
            add(&content, &spec->groups.item[i].mem_limit_bytes, 1);
    name_of(spec, group, name);
    if (content.count == 0 && group != STACK)
        faults_add(faults, FAULT_NOTICE, spec->groups.item[group].at,
                   "write cgroup_parent: in a service, or remove it", "nothing is in %s", name);
    if (limit->set && content.bytes > limit->value)
        faults_add(faults, FAULT_NOTICE, limit->at,
                   "so it may be meant; else raise this one, or lower those",
                   "the memory limits in %s add up to %s and it has %s: when they need it all at "
                   "once, the largest dies",
                   name, render_bytes(content.bytes, sum), render_bytes(limit->value, has));
}

void lint_budgets(const struct lint_request *request, struct faults *faults)
{
    const struct spec *spec = request->spec;
    const struct spec_int ram = {.set = request->host.ram_bytes > 0,
                                 .value = request->host.ram_bytes};
    char what[NAME_BYTES_MAX + 16], limit[RENDER_MAX], host[RENDER_MAX];

    if (spec->mem_limit_bytes.set && ram.set && spec->mem_limit_bytes.value > ram.value)
        faults_add(faults, FAULT_WARNING, spec->mem_limit_bytes.at, "write less than that",
                   "the stack: mem_limit is %s and this host has %s: the limit is never met",
                   render_bytes(spec->mem_limit_bytes.value, limit), render_bytes(ram.value, host));
    check_sum(request, STACK, faults);
    for (size_t i = 0; i < spec->groups.count; i++) {
        const struct spec_group *group = &spec->groups.item[i];
        name_of(spec, (ptrdiff_t)i, what);
        check_within(spec, what, &group->mem_limit_bytes, &group->parent, faults);
        check_sum(request, (ptrdiff_t)i, faults);
    }
    for (size_t i = 0; i < spec->services_count; i++) {
        const struct spec_service *service = &spec->services[i];
        if (lint_scale(request, i) == 0)
            continue;
        snprintf(what, sizeof(what), "service \"%s\"", service->name);
        check_within(spec, what, &service->mem_limit_bytes, &service->cgroup_parent, faults);
    }
}
