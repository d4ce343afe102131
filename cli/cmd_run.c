/* bulkhead run: one command as a service would run it, once. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/stack/ask.h"
#include "cli/commands.h"
#include "cli/stack/launching.h"
#include "cli/override.h"
#include "cli/show/row.h"
#include "cli/stack/session.h"
#include "core/health.h"
#include "core/paths.h"

/* One command under way. */
struct one_off {
    struct command_context *context;
    struct stack_source source;
    struct spec spec;
    const struct spec_service *service;
    struct watch watch;
    bool woken; // the supervisor was started for this one, and nothing else with it
};

/* --- the stack around it ---------------------------------------------------------------------- */

static const struct wire_row *find_row(const struct watch *watch, const char *service)
{
    for (uint32_t i = 0; i < watch->rows_count; i++)
        if (row_is(&watch->rows[i], service))
            return &watch->rows[i];
    return NULL;
}

static bool is_absent(int outcome)
{
    return outcome == CLIENT_NOT_RUNNING || outcome == CLIENT_ABANDONED || outcome == CLIENT_GONE;
}

/* A supervisor whose plan has the service; what runs is left as it is. 0 or an exit status. */
static int have_member(struct one_off *one_off)
{
    static const char *const no_start[] = {"no-start", NULL};
    const char *const named[] = {one_off->service->name, NULL};
    struct command_context *context = one_off->context;
    struct fault fault;
    int outcome = watch_snapshot(context->runtime_dir, context->stack, &one_off->watch, &fault);
    int status;

    if (outcome == 0 && find_row(&one_off->watch, one_off->service->name))
        return 0;
    if (outcome != 0 && !is_absent(outcome))
        return ask_failed(&fault);
    one_off->woken = outcome != 0;
    watch_close(&one_off->watch);
    status = command_run_other(context, &command_up, no_start, named);
    if (status != 0)
        return status;
    if (watch_snapshot(context->runtime_dir, context->stack, &one_off->watch, &fault) != 0)
        return ask_failed(&fault);
    if (!find_row(&one_off->watch, one_off->service->name))
        return command_failed("the running stack \"%s\" has no service \"%s\": is its scale 0?",
                              context->stack, one_off->service->name);
    return 0;
}

/* Has every instance done what this dependency waits for? */
static bool is_met(const struct watch *watch, const struct spec_dependency *dependency)
{
    bool met = false;

    for (uint32_t i = 0; i < watch->rows_count; i++) {
        const struct wire_row *row = &watch->rows[i];

        if (!row_is(row, dependency->service))
            continue;
        met = row->state == STATE_RUNNING;
        if (dependency->condition == SPEC_SERVICE_HEALTHY)
            met = met && row->health == HEALTH_HEALTHY;
        if (dependency->condition == SPEC_SERVICE_COMPLETED)
            met = row->state == STATE_EXITED && row->verdict == VERDICT_DONE;
        if (!met)
            return false;
    }
    return met;
}

/* Starts what the service needs and is not there yet. 0 or an exit status. */
static int have_needs(struct one_off *one_off)
{
    static const char *const waiting[] = {"detach", "wait", "no-recreate", NULL};
    const struct spec_service *service = one_off->service;
    const char **names = calloc(service->depends_on_count + 1, sizeof(*names));
    size_t count = 0;
    int status = 0;

    if (!names)
        return command_failed("out of memory");
    for (size_t i = 0; i < service->depends_on_count; i++)
        if (!is_met(&one_off->watch, &service->depends_on[i]))
            names[count++] = service->depends_on[i].service;
    if (count > 0) {
        one_off->woken = false; // they stay, as with `up`
        status = command_run_other(one_off->context, &command_up, waiting, names);
    }
    free(names);
    return status;
}

/* --- the command ------------------------------------------------------------------------------ */

/* A stack of this one service, which nothing restarts, probes, or waits for. */
static int make_spec(const struct one_off *one_off, const struct override *override,
                     struct arena *arena, struct spec *ret)
{
    struct spec_service *service = arena_array(arena, 1, sizeof(*service));
    int result;

    if (!service)
        return -ENOMEM;
    *service = *one_off->service;
    result = override_service(override, arena, service);
    service->depends_on_count = 0;
    service->healthcheck = (struct spec_healthcheck){0};
    memset(service->hooks, 0, sizeof(service->hooks));
    memset(service->report_hooks, 0, sizeof(service->report_hooks));
    service->scale = (struct spec_int){0};
    service->profiles_count = 0;
    service->memory_min = (struct spec_size){0}; // a guarantee is given once
    service->mem_reservation_bytes = (struct spec_int){0};
    *ret = one_off->spec;
    ret->services = service;
    ret->services_count = 1;
    return result;
}

static int run_command(struct one_off *one_off, const struct plan *plan)
{
    const struct wire_row *row = find_row(&one_off->watch, one_off->service->name);
    char output[sizeof(PATH_FIFO) + INSTANCE_NAME_MAX + 8];
    struct session_request request = {
        .context = one_off->context,
        .member = row->name,
        .launch = &plan->members[0].launch,
        .run = true,
        .plain = option_given(one_off->context, "no-tty"),
        .detach = option_given(one_off->context, "detach"),
        .output = output,
    };

    snprintf(output, sizeof(output), PATH_FIFO "/%s.out", row->name);
    return session_run(&request);
}

static int plan_and_run(struct one_off *one_off, const struct override *override)
{
    struct plan plan = {0};
    struct arena arena;
    struct host host;
    struct spec spec;
    int status;

    arena_init(&arena, 0);
    status = make_spec(one_off, override, &arena, &spec);
    if (status != 0)
        status = command_failed("%s", strerror(-status));
    else
        status = launching_plan(one_off->context, &one_off->source, &spec, NULL, &host, &plan);
    if (status == 0)
        status = have_member(one_off);
    if (status == 0 && !option_given(one_off->context, "no-deps"))
        status = have_needs(one_off);
    if (status == 0)
        status = run_command(one_off, &plan);
    if (one_off->woken && !option_given(one_off->context, "detach")) {
        static const char *const none[] = {NULL};

        (void)command_run_other(one_off->context, &command_down, none, none);
    }
    plan_finish(&plan);
    arena_finish(&arena);
    return status;
}

static int run_in(struct one_off *one_off, char **argv)
{
    struct override override;
    struct fault fault;
    ptrdiff_t index = selection_find(&one_off->spec, argv[1], &fault);
    int status;

    if (index < 0)
        return usage_error(one_off->context, "%s", fault.what);
    if (one_off->spec.file[0] == '(')
        return usage_error(one_off->context, "the stack file cannot come from standard input: "
                                             "that is the command's");
    one_off->service = &one_off->spec.services[index];
    status = override_read(one_off->context, argv[1], argv + 2, &override);
    return status != 0 ? status : plan_and_run(one_off, &override);
}

static int run(struct command_context *context, int argc, char **argv)
{
    struct one_off one_off = {.context = context};
    int status;

    if (argc < 2)
        return usage_error(context, "run which service?");
    status = stack_source_read(context, false, &one_off.source, &one_off.spec);
    if (status != 0)
        return status;
    status = run_in(&one_off, argv);
    watch_close(&one_off.watch);
    spec_finish(&one_off.spec);
    stack_source_finish(&one_off.source);
    return status;
}

static const struct command_option options[] = {
    {'d', "detach", NULL, "leave it to itself; its output goes to the service's log"},
    {'e', "env", "NAME=VALUE", "set a variable, or pass NAME on; may be given more than once"},
    {'u', "user", "USER", "run as this user, \"name\", \"uid\" or \"name:group\""},
    {'w', "workdir", "FOLDER", "start in this folder; relative: below the project's"},
    {0, "entrypoint", "PROGRAM", "instead of the service's entrypoint and command"},
    {0, "no-deps", NULL, "do not start what the service depends on"},
    {'T', "no-tty", NULL, "no terminal for it, even if there is one here"},
    {0, "rm", NULL, "as it is anyway: nothing of it stays"},
    {'i', "interactive", NULL, "as it is anyway: our input is its input"},
    {'t', "tty", NULL, "as it is anyway: it gets a terminal if we have one"},
    {0, "service-ports", NULL, "as it is anyway: ports are the host's"},
    {0},
};

const struct command command_run = {
    .name = "run",
    .operands = "SERVICE [COMMAND…]",
    .summary = "run a command once, as a service would run it",
    .help =
        "Runs the service's command, or the one given, in a compartment of its own with the\n"
        "service's environment, user, folder and limits, whether the service runs or not.\n"
        "Starts what the service depends on first, and the stack's supervisor if need be; where\n"
        "nothing else was started, that ends with the command. Nothing restarts the command.\n"
        "Terminal and exit status as with `bulkhead exec`. Options end at the service's name.",
    .example = "bulkhead run --no-deps web python manage.py migrate\n"
               "bulkhead run -e DEBUG=1 worker",
    .options = options,
    .verbatim = true,
    .run = run,
};
