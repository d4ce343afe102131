/* bulkhead exec: another program beside a service that runs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/stack/ask.h"
#include "cli/override.h"
#include "cli/show/row.h"
#include "cli/stack/session.h"
#include "cli/show/show_faults.h"
#include "cli/host/stack_roster.h"

#define STATUS_NO_PROGRAM 127 // as a shell has it

static int read_index(const struct command_context *context, uint32_t *ret)
{
    const char *text = option_text(context, "index");
    char *end;
    unsigned long number;

    if (!text)
        return 0;
    number = strtoul(text, &end, 10);
    if (*text < '1' || *text > '9' || *end != '\0' || number > INSTANCES_MAX)
        return usage_error(context, "--index wants the number of an instance, not \"%s\"", text);
    *ret = (uint32_t)number;
    return 0;
}

/* The first instance that runs, or that one. NULL after saying why there is none. */
static const struct wire_row *find_row(const struct watch *watch, char *word, uint32_t number)
{
    bool *chosen = ask_choose(watch, &word, 1);
    const struct wire_row *resting = NULL;
    const struct wire_row *found = NULL;

    for (uint32_t i = 0; chosen && !found && i < watch->rows_count; i++) {
        const struct wire_row *row = &watch->rows[i];

        if (!chosen[i] || (number > 0 && row->number != number))
            continue;
        if (row->pid > 0)
            found = row;
        resting = row;
    }
    if (!found && resting)
        command_failed("%s does not run (%s): start it with `bulkhead start %s`, or use "
                       "`bulkhead run`, which needs no running service",
                       resting->name, state_name((enum state)resting->state), word);
    else if (!found && chosen)
        command_failed("%s has no instance %u", word, number);
    free(chosen);
    return found;
}

/* Also shows what is wrong with it. 0 or an exit status. */
static int make_launch(const struct override *override, const struct launch *from,
                       struct arena *arena, struct launch *ret)
{
    struct faults faults;
    int result;

    faults_init(&faults);
    result = override_launch(override, from, arena, ret, &faults);
    for (size_t i = 0; i < faults.count; i++)
        show_fault(&faults.item[i], override->context->colour_err);
    if (result < 0)
        return command_failed("%s", strerror(-result));
    return result == 0 ? 0 : STATUS_NO_PROGRAM;
}

static int execute(const struct command_context *context, const struct wire_row *row,
                   const struct launch *from, char **command)
{
    struct session_request request = {
        .context = context,
        .member = row->name,
        .plain = option_given(context, "no-tty"),
        .detach = option_given(context, "detach"),
    };
    struct override override;
    struct launch launch;
    struct arena arena;
    int status = override_read(context, row->name, command, &override);

    if (status != 0)
        return status;
    arena_init(&arena, 0);
    status = make_launch(&override, from, &arena, &launch);
    if (status == 0) {
        request.launch = &launch;
        status = session_run(&request);
    }
    arena_finish(&arena);
    return status;
}

/* How the member was started, out of the stack's plan. */
static int execute_as(const struct command_context *context, const struct wire_row *row,
                      char **command)
{
    struct roster roster = {0};
    struct launch_record record;
    unsigned char *bytes;
    const char *why;
    ptrdiff_t index;
    int failed = stack_roster_load(context->runtime_dir, &roster, &why);
    int status;

    if (failed == 0) {
        index = roster_find(&roster, row->name);
        failed = index < 0 ? -ESRCH
                           : stack_launch_load(context->runtime_dir, &roster.members[index],
                                               &record, &bytes);
    }
    roster_finish(&roster);
    if (failed != 0)
        return command_failed("the plan of stack \"%s\" cannot be read: %s", context->stack,
                              failed < 0 ? strerror(-failed) : "is it another version's?");
    status = execute(context, row, &record.launch, command);
    launch_record_finish(&record);
    free(bytes);
    return status;
}

static int run(struct command_context *context, int argc, char **argv)
{
    const struct wire_row *row;
    struct watch watch;
    uint32_t number = 0;
    int status = read_index(context, &number);

    if (status == 0 && argc < 3)
        status = usage_error(context, argc < 2 ? "exec in which service?" : "exec which command?");
    if (status == 0)
        status = ask_snapshot(context, &watch);
    if (status != 0)
        return status;
    row = find_row(&watch, argv[1], number);
    status = row ? execute_as(context, row, argv + 2) : STATUS_FAILED;
    watch_close(&watch);
    return status;
}

static const struct command_option options[] = {
    {'d', "detach", NULL, "leave it to itself; its output goes nowhere"},
    {'e', "env", "NAME=VALUE", "set a variable, or pass NAME on; may be given more than once"},
    {'u', "user", "USER", "run as this user, \"name\", \"uid\" or \"name:group\""},
    {'w', "workdir", "FOLDER", "start in this folder; relative: below the service's"},
    {'T', "no-tty", NULL, "no terminal for it, even if there is one here"},
    {0, "index", "N", "in this instance; else in the first that runs"},
    {'i', "interactive", NULL, "as it is anyway: our input is its input"},
    {'t', "tty", NULL, "as it is anyway: it gets a terminal if we have one"},
    {0},
};

const struct command command_exec = {
    .name = "exec",
    .operands = "SERVICE COMMAND…",
    .summary = "run a command beside a running service",
    .help =
        "Runs a command with the environment, user, folder and limits of the service, in a\n"
        "compartment of its own: its memory never counts as the service's. On a terminal it\n"
        "gets one; else it has our input and output. The exit status is the command's, 128 + the\n"
        "signal for a death by one, 137 when it was killed for memory. It ends with us and with\n"
        "the service. Options end at the service's name.",
    .example = "bulkhead exec db psql -U shop\n"
               "bulkhead exec -T db pg_dump shop > shop.sql",
    .options = options,
    .verbatim = true,
    .run = run,
};
