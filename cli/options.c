/* See options.h. One reader for all verbs: their options are data (command.h). */
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/fault.h"
#include "cli/host/name.h"

const struct command_option options_global[] = {
    {'f', "file", "FILE", "the stack file; - is standard input; several are merged in order"},
    {'p', "project-name", "NAME", "the stack's name"},
    {0, "env-file", "FILE", "variables for the stack file, instead of .env beside it"},
    {0, "profile", "NAME", "a profile whose services are there, too; * is all of them"},
    {0, "project-directory", "FOLDER", "where relative paths of the stack file start"},
    {0, "ansi", "never|always|auto", "colours and live lines"},
    {'h', "help", NULL, "this help, or a verb's: bulkhead VERB --help"},
    {0, "version", NULL, "the version"},
    {0, NULL, NULL, NULL},
};

/* Options of Docker Compose that are not there yet: refused by name, never ignored. */
static const char *const refused[][2] = {
    {"compatibility", "there is no older behaviour to be compatible with"},
    {"parallel", "services start in parallel as far as their dependencies allow"},
    {"dry-run", "`bulkhead plan` shows what up would do"},
};

/* A reading position in argv. */
struct cursor {
    int index;
    int count;
    char **words;
};

static const struct command_option *find_long(const struct command_option *options,
                                              const char *name, size_t length)
{
    for (; options && options->name; options++)
        if (strlen(options->name) == length && memcmp(options->name, name, length) == 0)
            return options;
    return NULL;
}

static const struct command_option *find_letter(const struct command_option *options, char letter)
{
    for (; options && options->name; options++)
        if (options->letter == letter)
            return options;
    return NULL;
}

static int take_ansi(struct command_context *context, const char *value)
{
    if (strcmp(value, "auto") == 0)
        context->ansi = ANSI_AUTO;
    else if (strcmp(value, "never") == 0)
        context->ansi = ANSI_NEVER;
    else if (strcmp(value, "always") == 0)
        context->ansi = ANSI_ALWAYS;
    else
        return usage_error(context, "--ansi wants never, always or auto, not \"%s\"", value);
    return 0;
}

static int take_name(struct command_context *context, const char *origin, const char *value)
{
    if (!name_is_valid(value))
        return usage_error(context, "%s \"%s\" is no name for a stack: %s", origin, value,
                           name_rule);
    context->name = value;
    return 0;
}

static int add_word(const struct command_context *context, struct words *words, const char *origin,
                    const char *value)
{
    if (*value == '\0')
        return usage_error(context, "%s wants a name, not an empty word", origin);
    if (words->count == WORDS_MAX)
        return usage_error(context, "%s more than %d times", origin, WORDS_MAX);
    words->item[words->count++] = value;
    return 0;
}

static int take_global(struct command_context *context, struct options *options,
                       const struct command_option *option, const char *value)
{
    if (option->letter == 'f')
        return add_word(context, &context->files, "--file", value);
    if (option->letter == 'p')
        return take_name(context, "--project-name", value);
    if (strcmp(option->name, "env-file") == 0)
        return add_word(context, &context->env_files, "--env-file", value);
    if (strcmp(option->name, "profile") == 0)
        return add_word(context, &context->profiles, "--profile", value);
    if (option->letter == 'h')
        options->help = true;
    else if (strcmp(option->name, "version") == 0)
        options->version = true;
    else if (strcmp(option->name, "project-directory") == 0)
        context->project_dir = value;
    else
        return take_ansi(context, value);
    return 0;
}

static int take(struct command_context *context, struct options *options,
                const struct command_option *option, const char *value)
{
    const struct command_option *own = context->command ? context->command->options : NULL;
    size_t index = 0;

    for (; own && own[index].name; index++)
        if (&own[index] == option)
            break;
    if (!own || !own[index].name)
        return take_global(context, options, option, value);
    context->option[index] = value;
    options->given[context->given_count++] = (struct command_given){index, value};
    return 0;
}

static int unknown_long(const struct command_context *context, const char *name, size_t length)
{
    const char *names[COMMAND_OPTIONS_MAX + 8];
    const struct command_option *own = context->command ? context->command->options : NULL;
    size_t count = 0;
    char word[64];
    const char *near;

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (strlen(refused[i][0]) == length && memcmp(refused[i][0], name, length) == 0)
            return usage_error(context, "--%s is not supported: %s", refused[i][0], refused[i][1]);
    for (; own && own->name; own++)
        names[count++] = own->name;
    for (own = options_global; own->name; own++)
        names[count++] = own->name;
    if (length >= sizeof(word))
        length = sizeof(word) - 1;
    memcpy(word, name, length);
    word[length] = '\0';
    near = fault_nearest(word, names, count);
    if (near)
        return usage_error(context, "there is no option --%s: did you mean --%s?", word, near);
    return usage_error(context, "there is no option --%s", word);
}

static int read_long(struct command_context *context, struct options *options,
                     struct cursor *cursor)
{
    const char *word = cursor->words[cursor->index++] + 2;
    size_t length = strcspn(word, "=");
    const char *value = word[length] ? word + length + 1 : NULL;
    const struct command_option *option = NULL;

    if (context->command)
        option = find_long(context->command->options, word, length);
    if (!option)
        option = find_long(options_global, word, length);
    if (!option)
        return unknown_long(context, word, length);
    if (!option->value && value)
        return usage_error(context, "--%s takes no value", option->name);
    if (option->value && !value) {
        if (cursor->index == cursor->count)
            return usage_error(context, "--%s wants a value: --%s %s", option->name, option->name,
                               option->value);
        value = cursor->words[cursor->index++];
    }
    return take(context, options, option, value ? value : "");
}

/* "-d", "-dn5", "-n 5" */
static int read_letters(struct command_context *context, struct options *options,
                        struct cursor *cursor)
{
    const char *letters = cursor->words[cursor->index++] + 1;

    for (; *letters; letters++) {
        const struct command_option *option = NULL;
        const char *value = "";
        int status;

        if (context->command)
            option = find_letter(context->command->options, *letters);
        if (!option)
            option = find_letter(options_global, *letters);
        if (!option)
            return usage_error(context, "there is no option -%c", *letters);
        if (option->value) {
            value = letters[1] ? letters + 1 : NULL;
            if (!value && cursor->index == cursor->count)
                return usage_error(context, "-%c wants a value: -%c %s", *letters, *letters,
                                   option->value);
            if (!value)
                value = cursor->words[cursor->index++];
        }
        status = take(context, options, option, value);
        if (status != 0 || option->value)
            return status;
    }
    return 0;
}

static int read_verb(struct command_context *context, struct options *options,
                     const struct command *const *verbs, char *word)
{
    const char *names[64];
    size_t count = 0;
    const char *near;

    if (strcmp(word, "help") == 0) {
        options->help = true;
        return 0;
    }
    for (size_t i = 0; verbs[i]; i++) {
        if (strcmp(verbs[i]->name, word) == 0) {
            context->command = verbs[i];
            options->argv[options->argc++] = word;
            return 0;
        }
        if (!verbs[i]->hidden && count < sizeof(names) / sizeof(names[0]))
            names[count++] = verbs[i]->name;
    }
    near = fault_nearest(word, names, count);
    if (near)
        return usage_error(context, "there is no verb \"%s\": did you mean \"%s\"?", word, near);
    return usage_error(context, "there is no verb \"%s\"", word);
}

static int read_words(struct command_context *context, struct options *options,
                      const struct command *const *verbs, struct cursor *cursor)
{
    bool only_operands = false;
    int status = 0;

    while (status == 0 && cursor->index < cursor->count) {
        char *word = cursor->words[cursor->index];

        if (!only_operands && strcmp(word, "--") == 0) {
            only_operands = true;
            cursor->index++;
        } else if (!only_operands && word[0] == '-' && word[1] == '-') {
            status = read_long(context, options, cursor);
        } else if (!only_operands && word[0] == '-' && word[1] != '\0') {
            status = read_letters(context, options, cursor);
        } else {
            cursor->index++;
            if (!context->command) {
                status = read_verb(context, options, verbs, word);
            } else {
                only_operands = only_operands || context->command->verbatim;
                options->argv[options->argc++] = word;
            }
        }
    }
    return status;
}

/* The words of a variable, which `separator` parts; empty ones do not count. */
static int split_variable(const struct command_context *context, const char *name,
                          const char *separator, struct words *words, char **ret_split)
{
    const char *value = getenv(name);
    char *rest, *word;
    int status = 0;

    if (words->count > 0 || !value)
        return 0; // what the command line says goes first
    *ret_split = rest = strdup(value);
    if (!rest)
        return command_failed("out of memory");
    while (status == 0 && (word = strsep(&rest, separator)))
        if (*word)
            status = add_word(context, words, name, word);
    return status;
}

static int read_environment(struct command_context *context, struct options *options)
{
    const char *name = getenv("BULKHEAD_PROJECT_NAME");
    int status = split_variable(context, "BULKHEAD_FILE", ":", &context->files, &options->split[0]);

    if (status == 0)
        status = split_variable(context, "BULKHEAD_PROFILES", ",", &context->profiles,
                                &options->split[1]);
    if (status == 0 && !context->name && name && *name)
        status = take_name(context, "BULKHEAD_PROJECT_NAME", name);
    return status;
}

static bool is_plain_terminal(void)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return (no_colour && *no_colour) || !term || !*term || strcmp(term, "dumb") == 0;
}

static void decide_colour(struct command_context *context)
{
    bool plain = context->ansi == ANSI_NEVER || (context->ansi == ANSI_AUTO && is_plain_terminal());
    bool always = context->ansi == ANSI_ALWAYS;

    context->stdout_tty = isatty(STDOUT_FILENO) == 1;
    context->stderr_tty = isatty(STDERR_FILENO) == 1;
    context->colour_out = always || (!plain && context->stdout_tty);
    context->colour_err = always || (!plain && context->stderr_tty);
}

/* Every letter of a cluster may be an option. */
static size_t options_bound(int argc, char *const *argv)
{
    size_t bound = 1;

    for (int i = 1; i < argc; i++)
        bound += strlen(argv[i]);
    return bound;
}

int options_read(struct command_context *context, struct options *options,
                 const struct command *const *verbs, int argc, char **argv)
{
    struct cursor cursor = {1, argc, argv};
    int status;

    *options = (struct options){0};
    options->argv = calloc((size_t)argc + 2, sizeof(*options->argv));
    options->given = calloc(options_bound(argc, argv), sizeof(*options->given));
    if (!options->argv || !options->given)
        return command_failed("out of memory");
    context->given = options->given;
    status = read_words(context, options, verbs, &cursor);
    if (status == 0)
        status = read_environment(context, options);
    decide_colour(context);
    return status;
}

void options_finish(struct options *options)
{
    free(options->argv);
    free(options->given);
    free(options->split[0]);
    free(options->split[1]);
    *options = (struct options){0};
}
