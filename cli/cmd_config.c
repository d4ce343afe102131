/* bulkhead config: checks the stack file and prints it in canonical form. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/host/command.h"
#include "cli/config_hash.h"
#include "cli/config_lists.h"
#include "cli/host/files.h"
#include "cli/plan/planner.h"
#include "stackfile/stackfile.h"

/* --- where the same word means something else than under Docker ------------------------------- */

typedef bool differs_fn(const struct spec_service *service);

static bool has_no_swap(const struct spec_service *service)
{
    return service->mem_limit_bytes.set && service->mem_limit_bytes.value > 0 &&
           !service->memswap_limit_bytes.set;
}

static bool has_default_restart(const struct spec_service *service)
{
    return !service->restart_set;
}

static bool is_restarted_when_unhealthy(const struct spec_service *service)
{
    return service->healthcheck.set && !service->healthcheck.disabled && !service->on_unhealthy_set;
}

static bool has_delay_or_window(const struct spec_service *service)
{
    return service->restart_policy.delay_ns.set || service->restart_policy.window_ns.set;
}

static bool has_several_pre_starts(const struct spec_service *service)
{
    return service->hooks[SPEC_PRE_START].count > 0 && service->scale.value > 1;
}

static bool has_environment(const struct spec_service *service)
{
    (void)service;
    return true;
}

static const struct difference {
    differs_fn *differs;
    const char *what;
} differences[] = {
    {has_no_swap, "no memswap_limit: no swap (Docker: as much swap as memory)"},
    {has_default_restart, "no restart: on-failure (Docker: no)"},
    {is_restarted_when_unhealthy, "no x-bulkhead.on_unhealthy: restarted when it is unhealthy "
                                  "(Docker: only told)"},
    {has_delay_or_window, "delay and window of deploy.restart_policy are honoured (Docker Compose: "
                          "read and not used)"},
    {has_several_pre_starts, "pre_start runs for each instance (Compose: once for all of them)"},
    {has_environment, "the environment starts with PATH, and with HOME, USER, LOGNAME and SHELL "
                      "where `user` is set (Docker: the image's)"},
};

/* "web, db, and 3 more" */
static size_t name_services(const struct spec *spec, differs_fn *differs, char *text, size_t size)
{
    const size_t shown = 4;
    size_t count = 0, used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < spec->services_count; i++) {
        if (!differs(&spec->services[i]) || ++count > shown)
            continue;
        used = strlen(text);
        snprintf(text + used, size - used, "%s%s", used ? ", " : "", spec->services[i].name);
    }
    used = strlen(text);
    if (count > shown)
        snprintf(text + used, size - used, ", and %zu more", count - shown);
    return count;
}

static void tell_differences(const struct spec *spec)
{
    char names[5 * (NAME_BYTES_MAX + 4)];

    for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++) {
        size_t count = name_services(spec, differences[i].differs, names, sizeof(names));
        if (count > 0 && count == spec->services_count)
            fprintf(stderr, "note: %s\n", differences[i].what);
        else if (count > 0)
            fprintf(stderr, "note: %s: %s\n", names, differences[i].what);
    }
}

/* --- the verb --------------------------------------------------------------------------------- */

static int print_services(const struct spec *spec)
{
    size_t *order = calloc(spec->services_count + 1, sizeof(*order));
    int result = order ? planner_order(spec, order) : -ENOMEM;

    for (size_t i = 0; result == 0 && i < spec->services_count; i++)
        puts(spec->services[order[i]].name);
    free(order);
    return result == 0 ? STATUS_DONE : command_failed("cannot order the services");
}

static bool wants_json(const struct command_context *context)
{
    const char *format = option_text(context, "format");

    return format && strcmp(format, "json") == 0;
}

static int print_canonical(const struct command_context *context, const struct spec *spec)
{
    char *text;
    int result =
        wants_json(context) ? stackfile_show_json(spec, &text) : stackfile_show(spec, &text);

    if (result != 0)
        return command_failed("cannot show the stack file: %s", strerror(-result));
    fputs(text, stdout);
    free(text);
    tell_differences(spec);
    return STATUS_DONE;
}

/* What is printed instead of the stack file: one of these. */
static int check_lists(const struct command_context *context, const char *format)
{
    static const char *const lists[] = {"services",    "profiles", "variables",
                                        "environment", "hash",     "quiet"};
    const char *chosen = NULL;

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (!option_given(context, lists[i]))
            continue;
        if (chosen)
            return usage_error(context, "--%s and --%s: one of them", chosen, lists[i]);
        chosen = lists[i];
    }
    if (format && chosen && strcmp(chosen, "variables") != 0)
        return usage_error(context, "--format: is not for --%s", chosen);
    return 0;
}

static int check_options(const struct command_context *context, int argc)
{
    const char *format = option_text(context, "format");

    if (argc > 1)
        return usage_error(context, "config takes no services");
    if (format && !wants_json(context) && strcmp(format, "yaml") != 0)
        return usage_error(context, "--format is yaml or json, not \"%s\"", format);
    if (format && !wants_json(context) && option_given(context, "variables"))
        return usage_error(context, "--format of --variables is json, or none for a table");
    return check_lists(context, format);
}

static int print(struct command_context *context, const struct stack_source *source,
                 const struct spec *spec)
{
    const char *hash = option_text(context, "hash");

    if (option_given(context, "services"))
        return print_services(spec);
    if (option_given(context, "profiles"))
        return print_profiles(spec);
    if (hash)
        return config_hash(context, source, spec, hash);
    return option_given(context, "quiet") ? STATUS_DONE : print_canonical(context, spec);
}

static int run(struct command_context *context, int argc, char **argv)
{
    struct stack_source source;
    struct spec spec;
    int status = check_options(context, argc);

    (void)argv;
    if (status == 0 && option_given(context, "variables"))
        return print_variables(context, wants_json(context));
    if (status == 0 && option_given(context, "environment"))
        return print_environment(context);
    if (status == 0)
        status = stack_source_read(context, true, &source, &spec);
    if (status != 0)
        return status;
    status = open_output(context);
    if (status == 0)
        status = print(context, &source, &spec);
    spec_finish(&spec);
    stack_source_finish(&source);
    return status;
}

static const struct command_option options[] = {
    {'q', "quiet", NULL, "only check"},
    {0, "services", NULL, "the names of the services, dependencies first"},
    {0, "profiles", NULL, "the names of the profiles that services are in"},
    {0, "variables", NULL, "the variables that the files name, with their defaults"},
    {0, "environment", NULL, "the variables that the files may name, with their values"},
    {0, "hash", "SERVICES", "by what up tells a change: of web,db or of all (\"*\")"},
    {'o', "output", "FILE", "print to a file"},
    {0, "format", "yaml|json", "how it is printed"},
    {0, NULL, NULL, NULL},
};

const struct command command_config = {
    .name = "config",
    .operands = "",
    .summary = "check the stack file and print it in canonical form",
    .help = "Prints the stack file with everything in its full form: the output parses to itself\n"
            "and is a valid Compose document. What means something else than under Docker\n"
            "Compose is noted on standard error. Nothing is looked up on this host: `up` does\n"
            "that before it starts anything.",
    .example = "bulkhead -f shop.yaml config -q && echo fine",
    .options = options,
    .run = run,
};
