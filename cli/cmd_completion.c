/* bulkhead completion: scripts for shells; and the hidden verb by which those ask what may come. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/completion_scripts.h"
#include "cli/host/files.h"
#include "cli/host/folders.h"
#include "cli/host/name.h"
#include "cli/options.h"
#include "cli/stack/watch.h"

/* --- candidates ------------------------------------------------------------------------------- */

static void offer(const struct complete_point *point, const char *value, const char *about)
{
    if (strncmp(value, point->typed, strlen(point->typed)) == 0)
        printf("%s\t%s\n", value, about);
}

static void offer_list(const struct complete_point *point, const char *list, const char *about)
{
    while (*list) {
        size_t length = strcspn(list, "|");
        char word[64];

        snprintf(word, sizeof(word), "%.*s", (int)length, list);
        offer(point, word, about);
        list += length + (list[length] == '|');
    }
}

static void offer_options(const struct complete_point *point, const struct command_option *options)
{
    char word[64];

    for (; options && options->name; options++) {
        snprintf(word, sizeof(word), "--%s", options->name);
        offer(point, word, options->help);
    }
}

static void offer_signals(const struct complete_point *point)
{
    for (int signal = 1; signal < SIGRTMIN; signal++)
        if (sigabbrev_np(signal))
            offer(point, sigabbrev_np(signal), "signal");
}

static void offer_states(const struct complete_point *point)
{
    for (int state = 0; state < STATES_COUNT; state++)
        if (state == 0 ||
            strcmp(state_name((enum state)state), state_name((enum state)(state - 1))) != 0)
            offer(point, state_name((enum state)state), "state");
}

/* Stacks that run, by their folders. */
static void offer_stacks(const struct complete_point *point)
{
    char *path = folders_runtime_path("");
    DIR *folder = path ? opendir(path) : NULL;
    const struct dirent *entry;

    while (folder && (entry = readdir(folder)))
        if (name_is_valid(entry->d_name))
            offer(point, entry->d_name, "stack");
    if (folder)
        closedir(folder);
    free(path);
}

/* Members of the running stack whose service the file does not have any more. */
static void offer_running(const struct complete_point *point, struct command_context *context,
                          const struct spec *spec, const char *after)
{
    char word[INSTANCE_NAME_MAX + 2];
    struct watch watch = {0};
    struct fault fault;

    if (context->runtime_dir &&
        watch_snapshot(context->runtime_dir, context->stack, &watch, &fault) == 0)
        for (uint32_t i = 0; i < watch.rows_count; i++) {
            const struct wire_row *row = &watch.rows[i];

            snprintf(word, sizeof(word), "%.*s", (int)row->service_length, row->name);
            if (row->number != 1 || (spec && spec_find(spec, word) >= 0))
                continue;
            snprintf(word, sizeof(word), "%.*s%s", (int)row->service_length, row->name, after);
            offer(point, word, "service");
        }
    watch_close(&watch);
}

static void offer_services(const struct complete_point *point, struct command_context *context,
                           const char *after)
{
    char word[INSTANCE_NAME_MAX + 2];
    struct stack_source source;
    struct spec spec;
    bool loaded = stack_source_read(context, false, &source, &spec) == 0;

    for (size_t i = 0; loaded && i < spec.services_count; i++) {
        snprintf(word, sizeof(word), "%s%s", spec.services[i].name, after);
        offer(point, word, "service");
    }
    if (context->name || loaded)
        (void)context_stack_named(context, context->name ? context->name : spec.name);
    offer_running(point, context, loaded ? &spec : NULL, after);
    if (!loaded)
        return;
    spec_finish(&spec);
    stack_source_finish(&source);
}

static void offer_profiles(const struct complete_point *point,
                           const struct command_context *context)
{
    struct stack_source source;
    struct spec spec;

    if (stack_source_read(context, false, &source, &spec) != 0)
        return;
    for (size_t i = 0; i < spec.services_count; i++)
        for (size_t j = 0; j < spec.services[i].profiles_count; j++)
            offer(point, spec.services[i].profiles[j], "profile");
    spec_finish(&spec);
    stack_source_finish(&source);
}

static void offer_value(const struct complete_point *point, struct command_context *context)
{
    switch (complete_value_of(point->option)) {
    case VALUE_LIST:
        offer_list(point, point->option->value, point->option->help);
        break;
    case VALUE_FILE:
        puts(":files");
        break;
    case VALUE_FOLDER:
        puts(":folders");
        break;
    case VALUE_SIGNAL:
        offer_signals(point);
        break;
    case VALUE_SERVICE:
        offer_services(point, context, "");
        break;
    case VALUE_SERVICE_COUNT:
        offer_services(point, context, "=");
        break;
    case VALUE_PROFILE:
        offer_profiles(point, context);
        break;
    case VALUE_STACK:
        offer_stacks(point);
        break;
    case VALUE_STATE:
        offer_states(point);
        break;
    case VALUE_FREE:
        break;
    }
}

static void offer_operand(const struct complete_point *point, struct command_context *context)
{
    switch (complete_operand_of(point)) {
    case OPERAND_SERVICE:
        offer_services(point, context, "");
        break;
    case OPERAND_FILE:
        puts(":files");
        break;
    case OPERAND_COMMAND:
        puts(point->operands == 1 ? ":commands" : ":files");
        break;
    case OPERAND_LIST:
        offer_list(point, point->command->operands, "");
        break;
    case OPERAND_FREE:
        break;
    }
}

static void offer_all(const struct complete_point *point, struct command_context *context)
{
    switch (point->kind) {
    case COMPLETE_VERB:
        for (size_t i = 0; commands[i]; i++)
            if (!commands[i]->hidden)
                offer(point, commands[i]->name, commands[i]->summary);
        break;
    case COMPLETE_OPTION:
        offer_options(point, point->command ? point->command->options : NULL);
        offer_options(point, options_global);
        break;
    case COMPLETE_VALUE:
        offer_value(point, context);
        break;
    case COMPLETE_OPERAND:
        offer_operand(point, context);
        break;
    }
}

/* argv[1] is the program's name, behind it the words of the line. What is wrong with them is not
 * said: it is not finished. */
static int run_complete(struct command_context *context, int argc, char **argv)
{
    struct command_context inner = {.environment = context->environment,
                                    .self_dir = context->self_dir};
    struct options options;
    struct complete_point point;
    int null;

    if (argc < 3)
        return STATUS_USAGE;
    point = complete_find(commands, argv + 2, (size_t)(argc - 2));
    null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0)
        dup2(null, STDERR_FILENO);
    (void)options_read(&inner, &options, commands, (int)point.before + 1, argv + 1);
    offer_all(&point, &inner);
    options_finish(&options);
    context_finish(&inner);
    return STATUS_DONE;
}

const struct command command_complete = {
    .name = "__complete",
    .operands = "bulkhead WORD…",
    .summary = "what may come at the end of a command line",
    .help = "Used by the scripts of `bulkhead completion`.",
    .hidden = true,
    .verbatim = true,
    .run = run_complete,
};

/* --- the scripts ------------------------------------------------------------------------------ */

static int run(struct command_context *context, int argc, char **argv)
{
    const char *script = argc == 2 ? completion_script(argv[1]) : NULL;

    if (!script)
        return usage_error(context, "completion wants the name of a shell: bash, zsh or fish");
    fputs(script, stdout);
    return STATUS_DONE;
}

const struct command command_completion = {
    .name = "completion",
    .operands = "bash|zsh|fish",
    .summary = "print the completion script of a shell",
    .help = "Prints the script that completes verbs, options, their values, services, stacks and\n"
            "profiles when Tab is pressed. `make install` puts it where the shells look for it.",
    .example = "source <(bulkhead completion bash)\n"
               "bulkhead completion fish > ~/.config/fish/completions/bulkhead.fish",
    .run = run,
};
