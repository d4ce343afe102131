/* See plan_report.h: for people. */
#include "cli/plan_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/host/budget.h"
#include "cli/plan_view.h"
#include "cli/show/render.h"
#include "core/paths.h"

static const char *const heads[] = {"STAGE", "MEMBER", "ACTION", "AFTER",   "MEMORY",
                                    "SWAP",  "CPUS",   "PIDS",   "RESTART", "HEALTH"};
#define COLUMNS (sizeof(heads) / sizeof(heads[0]))

static enum render_style style_of(enum reconcile_action action)
{
    switch (action) {
    case RECONCILE_START:
        return STYLE_GREEN;
    case RECONCILE_RESTART:
    case RECONCILE_LIMITS:
        return STYLE_YELLOW;
    case RECONCILE_STOP:
    case RECONCILE_ORPHAN:
        return STYLE_RED;
    case RECONCILE_NONE:
    case RECONCILE_KEEP:
    case RECONCILE_LEAVE:
    case RECONCILE_ACTIONS_COUNT:
        break;
    }
    return STYLE_DIM;
}

static void append_need(void *context, const char *service, const char *condition, bool optional)
{
    char *text = context;
    size_t used = strlen(text), size = 200;

    snprintf(text + used, size - used, "%s%s %s%s", used ? ", " : "", service, condition,
             optional ? "?" : "");
}

static void put_bytes(struct table *table, const char *value)
{
    char text[RENDER_MAX];

    if (value && strcmp(value, "max") != 0)
        table_cell(table, render_bytes(strtoll(value, NULL, 10), text), STYLE_OFF);
    else
        table_cell(table, "-", STYLE_DIM);
}

/* "QUOTA PERIOD" in microseconds */
static void put_cpus(struct table *table, const char *value)
{
    char text[RENDER_MAX], *rest = NULL;
    double quota = value ? strtod(value, &rest) : 0, period = value ? strtod(rest, NULL) : 0;

    if (period > 0)
        snprintf(text, sizeof(text), "%g", quota / period);
    table_cell(table, period > 0 ? text : "-", period > 0 ? STYLE_OFF : STYLE_DIM);
}

static void put_health(struct table *table, const struct policy *policy)
{
    char length[RENDER_MAX], text[RENDER_MAX + 16];

    snprintf(text, sizeof(text), "every %s", render_span(policy->health_interval_ns, length));
    table_cell(table, policy->health ? text : "-", policy->health ? STYLE_OFF : STYLE_DIM);
}

static void put_member(struct table *table, const struct plan_report *report,
                       const struct reconcile_step *step, uint32_t stage)
{
    const struct plan_member *member = &report->plan->members[step->member];
    const struct launch *launch = &member->launch;
    const char *pids = plan_control(launch, "pids.max");
    char text[200] = "", number[16];

    snprintf(number, sizeof(number), "%u", stage);
    table_cell(table, number, STYLE_DIM);
    table_cell(table, step->name, STYLE_BOLD);
    table_cell(table, reconcile_action_name(step->action), style_of(step->action));
    plan_needs(report->plan, member, append_need, text);
    table_cell(table, *text ? text : "-", *text ? STYLE_OFF : STYLE_DIM);
    put_bytes(table, plan_control(launch, "memory.max"));
    put_bytes(table, plan_control(launch, "memory.swap.max"));
    put_cpus(table, plan_control(launch, "cpu.max"));
    table_cell(table, pids ? pids : "-", pids ? STYLE_OFF : STYLE_DIM);
    plan_restart(&member->policy, text, sizeof(text));
    table_cell(table, text, STYLE_OFF);
    put_health(table, &member->policy);
}

/* In the running stack, not in the plan. */
static void put_left(struct table *table, const struct reconcile_step *step)
{
    table_cell(table, "-", STYLE_DIM);
    table_cell(table, step->name, STYLE_BOLD);
    table_cell(table, reconcile_action_name(step->action), style_of(step->action));
    for (size_t i = 3; i < COLUMNS; i++)
        table_cell(table, "-", STYLE_DIM);
}

static bool print_members(const struct plan_report *report, bool colour, FILE *to)
{
    struct table *table = table_create(heads, COLUMNS);
    uint32_t *stages = plan_stages(report->plan);
    bool done = false;

    for (size_t i = 0; table && stages && i < report->steps_count; i++) {
        const struct reconcile_step *step = &report->steps[i];
        if (step->member >= 0)
            put_member(table, report, step, stages[step->member]);
        else
            put_left(table, step);
    }
    if (table && stages)
        done = table_print(table, colour, to);
    free(stages);
    table_destroy(table);
    return done;
}

/* --- the tree -----------------------------------------------------------------------------------
 */

#define LEAF_WIDTH 24
#define TWIG_MAX   64 // bytes: three and then five a level

/* Where the lines of a group's content are: what stands before each, and how many are left. */
struct twig {
    const struct plan *plan;
    FILE *to;
    char before[TWIG_MAX];
    size_t left;
};

static const char *branch_of(struct twig *twig)
{
    return --twig->left > 0 ? "├─" : "└─";
}

static void print_leaf(struct twig *twig, const char *prefix, const struct plan_member *member,
                       const struct launch *launch)
{
    char name[INSTANCE_NAME_MAX + 24];

    snprintf(name, sizeof(name), "%s-%s.%u.*", prefix, member->service, member->number);
    fprintf(twig->to, "%s%s %-*s", twig->before, branch_of(twig),
            launch->controls_count > 0 ? LEAF_WIDTH : 0, name);
    for (size_t i = 0; i < launch->controls_count; i++)
        fprintf(twig->to, " %s=%s", launch->controls[i].file, launch->controls[i].value);
    fputc('\n', twig->to);
}

static bool is_below(const struct plan *plan, uint32_t group, uint32_t parent)
{
    return group != GROUP_STACK && group < plan->groups_count &&
           plan->groups[group].parent == parent;
}

/* Probes and hooks are in no group. */
static size_t count_in(const struct plan *plan, uint32_t group)
{
    size_t count = 0;

    for (uint32_t i = 1; i < plan->groups_count; i++)
        count += is_below(plan, i, group);
    for (size_t i = 0; i < plan->members_count; i++)
        count += (plan->members[i].group == group) +
                 (group == GROUP_STACK ? plan->members[i].aides_count : 0);
    return count;
}

static void print_budget(const struct plan *plan, uint32_t group, FILE *to)
{
    struct budget budget;

    budget_of(plan, group, &budget);
    if (plan->groups[group].limit_bytes == 0)
        return;
    if (budget.swap_bytes < 0)
        fputs(" memory.swap.max=max", to);
    else
        fprintf(to, " memory.swap.max=%" PRId64, budget.swap_bytes);
    fprintf(to, " memory.max=%" PRId64, budget.limit_bytes);
}

static void print_aides(struct twig *twig, const struct plan_member *member)
{
    for (size_t i = 0; i < member->aides_count; i++)
        print_leaf(twig, member->aides[i].kind == AIDE_PROBE ? "probe" : "hook", member,
                   &member->aides[i].launch);
}

/* At most ENCLOSING_MAX deep. */
static void print_content(struct twig *twig, uint32_t group)
{
    const struct plan *plan = twig->plan;

    for (uint32_t i = 1; i < plan->groups_count; i++) {
        struct twig inner = {plan, twig->to, "", count_in(plan, i)};
        const char *branch;
        if (!is_below(plan, i, group))
            continue;
        branch = branch_of(twig);
        fprintf(twig->to, "%s%s " CGROUP_GROUP "%-*s", twig->before, branch,
                LEAF_WIDTH - (int)strlen(CGROUP_GROUP), plan->groups[i].name);
        print_budget(plan, i, twig->to);
        fputc('\n', twig->to);
        snprintf(inner.before, sizeof(inner.before), "%.*s%s  ", TWIG_MAX - 8, twig->before,
                 twig->left > 0 ? "│" : " ");
        print_content(&inner, i);
    }
    for (size_t i = 0; i < plan->members_count; i++) {
        const struct plan_member *member = &plan->members[i];
        if (member->group == group)
            print_leaf(twig, "s", member, &member->launch);
        if (group == GROUP_STACK)
            print_aides(twig, member);
    }
}

static void print_tree(const struct plan *plan, FILE *to)
{
    struct twig twig = {plan, to, "   ", count_in(plan, GROUP_STACK)};

    fprintf(to, "\n%s\n├─ %s\n├─ %s\n├─ %s\n└─ %s", plan->cgroup_dir, CGROUP_KEEPER,
            CGROUP_SUPERVISOR, CGROUP_RECORDER, CGROUP_SERVICES);
    if (plan->groups_count > 0)
        print_budget(plan, GROUP_STACK, to);
    fputc('\n', to);
    print_content(&twig, GROUP_STACK);
}

static size_t count_services(const struct plan *plan)
{
    size_t count = 0;

    for (size_t i = 0; i < plan->members_count; i++)
        count += plan->members[i].number == 1;
    return count;
}

bool plan_report_text(const struct plan_report *report, bool colour, FILE *to)
{
    const struct plan *plan = report->plan;
    size_t services = count_services(plan);

    fprintf(to, "stack %s: %zu instance%s of %zu service%s; %s\n\n", plan->stack,
            plan->members_count, plan->members_count == 1 ? "" : "s", services,
            services == 1 ? "" : "s", report->running ? "it runs" : "it does not run");
    if (!print_members(report, colour, to))
        return false;
    print_tree(plan, to);
    return true;
}
