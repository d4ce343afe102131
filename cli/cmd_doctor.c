/* bulkhead doctor: can this host do it? */
#include <stdio.h>
#include <string.h>

#include "cli/host/command.h"
#include "cli/examine.h"
#include "cli/show/json.h"
#include "cli/show/render.h"

static const enum render_style styles[] = {STYLE_GREEN, STYLE_YELLOW, STYLE_RED};

static bool print_table(const struct command_context *context, const struct findings *findings)
{
    static const char *const heads[] = {"CHECK", "STATE", "FOUND"};
    struct table *table = table_create(heads, 3);
    bool printed;

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->item[i];
        table_cell(table, finding->what, STYLE_OFF);
        table_cell(table, finding_state_name(finding->state), styles[finding->state]);
        table_cell(table, finding->detail, STYLE_OFF);
        if (!finding->remedy[0])
            continue;
        table_cell(table, "", STYLE_OFF);
        table_cell(table, "", STYLE_OFF);
        table_cell(table, finding->remedy, STYLE_BOLD);
    }
    printed = table && table_print(table, context->colour_out, stdout);
    table_destroy(table);
    return printed;
}

static bool print_json(const struct findings *findings)
{
    bool printed = true;

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->item[i];
        struct json *object = json_create();
        json_text(object, "Check", finding->what);
        json_text(object, "State", finding_state_name(finding->state));
        json_text(object, "Found", finding->detail);
        if (finding->remedy[0])
            json_text(object, "Remedy", finding->remedy);
        printed = json_print(object, stdout) && printed;
        json_destroy(object);
    }
    return printed;
}

static int conclude(const struct findings *findings, bool say)
{
    int status = STATUS_DONE;

    for (size_t i = 0; i < findings->count; i++)
        if (findings->item[i].state == FINDING_MISSING)
            status = STATUS_FAILED;
    if (say)
        puts(status == STATUS_DONE ? "\nStacks with limits run here."
                                   : "\nStacks with limits cannot run here as it is.");
    return status;
}

static int run(struct command_context *context, int argc, char **argv)
{
    const char *format = option_text(context, "format");
    bool json = format && strcmp(format, "json") == 0;
    static struct findings findings;
    char *slash;
    int result, status;

    (void)argv;
    if (argc > 1)
        return usage_error(context, "doctor takes no services");
    if (format && !json && strcmp(format, "table") != 0)
        return usage_error(context, "--format wants table or json, not \"%s\"", format);
    status = context_stack_named(context, "any");
    if (status != 0)
        return status;
    slash = strrchr(context->runtime_dir, '/');
    if (slash)
        *slash = '\0';
    result = examine(context->runtime_dir, &findings);
    if (result != 0)
        return command_failed("cannot examine this host: %s", strerror(-result));
    if (!(json ? print_json(&findings) : print_table(context, &findings)))
        return command_failed("cannot print");
    return conclude(&findings, !json);
}

static const struct command_option options[] = {
    {0, "format", "table|json", "json is one object a line"},
    {0, NULL, NULL, NULL},
};

const struct command command_doctor = {
    .name = "doctor",
    .operands = "",
    .summary = "tell whether this host can run stacks with limits",
    .help =
        "Looks at the kernel, the cgroups and the permissions that stacks need, tries what can\n"
        "only be tried in a cgroup that it makes and removes, and says for each finding what\n"
        "mends it. Exit status 1 when a stack with limits cannot run here.",
    .example = "bulkhead doctor\nbulkhead doctor --format json",
    .options = options,
    .run = run,
};
