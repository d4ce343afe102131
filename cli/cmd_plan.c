/* bulkhead plan: what `up` would do, and what in the stack file bites. */
#include <stdlib.h>
#include <string.h>

#include "cli/stack/ask.h"
#include "cli/host/files.h"
#include "cli/stack/launching.h"
#include "cli/plan/lint_stack.h"
#include "cli/plan_report.h"
#include "cli/stack/wanted.h"
#include "cli/stack/watch.h"

struct planning {
    struct command_context *context;
    bool json;
    struct stack_source source;
    struct spec spec;
    struct wanted wanted;
    struct host host;
    struct plan plan;
    struct watch watch; // no rows: the stack does not run
    struct faults faults;
};

/* A stack that does not run is no failure here, one that does not answer is. */
static int look_at_the_running(struct planning *planning)
{
    const struct command_context *context = planning->context;
    struct fault fault;
    int outcome = watch_snapshot(context->runtime_dir, context->stack, &planning->watch, &fault);

    if (outcome == 0 || outcome == CLIENT_NOT_RUNNING || outcome == CLIENT_ABANDONED)
        return 0;
    return ask_failed(&fault);
}

static void lint(struct planning *planning)
{
    struct lint_request request = {&planning->spec, &planning->wanted.selection, lint_host_read()};

    faults_init(&planning->faults);
    lint_stack(&request, &planning->faults);
    if (!planning->json)
        stack_source_show(&planning->source, &planning->faults, planning->context->colour_err);
}

static int report(struct planning *planning)
{
    struct reconcile_request request = {
        .spec = &planning->spec,
        .selection = &planning->wanted.selection,
        .named = planning->wanted.named,
        .asked = planning->wanted.asked,
        .plan = &planning->plan,
        .rows = planning->watch.rows,
        .rows_count = planning->watch.rows_count,
    };
    struct plan_report shown = {.plan = &planning->plan,
                                .running = planning->watch.rows_count > 0,
                                .faults = &planning->faults};
    struct reconcile_step *steps;
    struct arena arena;
    bool done = false;

    arena_init(&arena, 0);
    if (reconcile_decide(&request, &arena, &steps, &shown.steps_count) == 0) {
        shown.steps = steps;
        done = planning->json ? plan_report_json(&shown, stdout)
                              : plan_report_text(&shown, planning->context->colour_out, stdout);
    }
    arena_finish(&arena);
    return done ? STATUS_DONE : command_failed("cannot show the plan: out of memory");
}

static int plan(struct planning *planning, int argc, char **argv)
{
    int status =
        wanted_read(planning->context, &planning->spec, false, argc, argv, &planning->wanted);

    if (status == 0)
        status = launching_plan(planning->context, &planning->source, &planning->spec,
                                &planning->wanted.selection, &planning->host, &planning->plan);
    if (status == 0)
        status = look_at_the_running(planning);
    if (status != 0)
        return status;
    lint(planning);
    status = report(planning);
    if (status == 0 && option_given(planning->context, "strict") && planning->faults.count > 0)
        status = STATUS_FAILED;
    return status;
}

static int run(struct command_context *context, int argc, char **argv)
{
    struct planning planning = {.context = context, .watch.client.fd = -1};
    int status = ask_option_format(context, &planning.json);

    if (status == 0)
        status = stack_source_read(context, true, &planning.source, &planning.spec);
    if (status != 0)
        return status;
    status = plan(&planning, argc, argv);
    watch_close(&planning.watch);
    plan_finish(&planning.plan);
    wanted_finish(&planning.wanted);
    spec_finish(&planning.spec);
    stack_source_finish(&planning.source);
    return status;
}

static const struct command_option options[] = {
    {0, "scale", "SERVICE=N", "so many instances of the service"},
    {0, "format", "text|json", "how it is printed"},
    {0, "strict", NULL, "exit with 1 when there is a warning or a notice"},
    {0, NULL, NULL, NULL},
};

const struct command command_plan = {
    .name = "plan",
    .operands = "[SERVICE…]",
    .summary = "show what up would do, and what in the stack file bites",
    .help =
        "Shows the order of the start, what would be done with every instance of a stack that\n"
        "runs already, the limits, and the tree of cgroups with what would be written into it.\n"
        "Nothing is changed. What is allowed in the stack file and bites people nevertheless is\n"
        "told on standard error with its line: limits that add up to more than the host has,\n"
        "budgets that are used up at once, healthchecks that come too early, and more.",
    .example = "bulkhead plan\nbulkhead plan --strict >/dev/null && bulkhead up -d",
    .options = options,
    .run = run,
};
