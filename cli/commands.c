/* See commands.h. */
#include "cli/commands.h"

#include <stdlib.h>
#include <string.h>

// clang-format off
const struct command *const commands[] = {
    &command_up,
    &command_down,
    &command_plan,
    &command_run,
    &command_exec,
    &command_ps,
    &command_top,
    &command_stats,
    &command_logs,
    &command_events,
    &command_why,
    &command_start,
    &command_stop,
    &command_restart,
    &command_kill,
    &command_rm,
    &command_wait,
    &command_upgrade,
    &command_ls,
    &command_config,
    &command_doctor,
    &command_simulate,
    &command_replay,
    &command_completion,
    &command_version,
    &command_complete,
    NULL,
};
// clang-format on

static void set_flag(struct command_context *context, const char *name)
{
    const struct command_option *options = context->command->options;

    for (size_t i = 0; options && options[i].name; i++)
        if (strcmp(options[i].name, name) == 0)
            context->option[i] = "";
}

int command_run_other(const struct command_context *context, const struct command *command,
                      const char *const *flags, const char *const *operands)
{
    struct command_context other = *context;
    size_t count = 0;
    char **argv;
    int status;

    while (operands[count])
        count++;
    argv = calloc(count + 2, sizeof(*argv));
    if (!argv)
        return command_failed("out of memory");
    argv[0] = (char *)(uintptr_t)command->name; // no verb writes into its words
    for (size_t i = 0; i < count; i++)
        argv[i + 1] = (char *)(uintptr_t)operands[i];
    other.command = command;
    other.given_count = 0;
    memset(other.option, 0, sizeof(other.option));
    other.runtime_dir = other.state_dir = NULL; // are the first one's
    for (; *flags; flags++)
        set_flag(&other, *flags);
    status = command->run(&other, (int)count + 1, argv);
    free(other.runtime_dir);
    free(other.state_dir);
    free(argv);
    return status;
}
