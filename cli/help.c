/* See help.h. */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "cli/options.h"

static void print_options(const struct command_option *options)
{
    for (; options->name; options++) {
        char left[64];
        int used = options->letter ? snprintf(left, sizeof(left), "-%c, ", options->letter)
                                   : snprintf(left, sizeof(left), "    ");
        snprintf(left + used, sizeof(left) - (size_t)used, "--%s%s%s", options->name,
                 options->value ? " " : "", options->value ? options->value : "");
        printf("  %-34s %s\n", left, options->help);
    }
}

void help_all(const struct command *const *verbs)
{
    puts("bulkhead " BULKHEAD_VERSION
         ": runs an application stack, each service in its own memory compartment\n\n"
         "usage: bulkhead [GLOBAL OPTIONS] VERB [OPTIONS] [SERVICE...]\n\nverbs:");
    for (; *verbs; verbs++)
        if (!(*verbs)->hidden)
            printf("  %-10s %s\n", (*verbs)->name, (*verbs)->summary);
    puts("\nglobal options, before the verb or after it:");
    print_options(options_global);
    puts("\nenvironment: BULKHEAD_FILE, BULKHEAD_PROFILES, BULKHEAD_PROJECT_NAME, NO_COLOR\n"
         "exit status: 0 done, 1 failed, 2 unusable stack file or command line, 130 interrupted\n\n"
         "example:\n  bulkhead -f shop.yaml up -d --wait && bulkhead -f shop.yaml ps");
}

static void print_indented(const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        printf("  %.*s\n", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

void help_verb(const struct command *command)
{
    bool any = command->options && command->options->name;

    printf("usage: bulkhead %s%s%s%s\n\n%s\n", command->name, any ? " [OPTIONS]" : "",
           command->operands && *command->operands ? " " : "",
           command->operands ? command->operands : "", command->help);
    if (any) {
        puts("\noptions:");
        print_options(command->options);
    }
    puts("\nThe global options (bulkhead --help) may stand here as well.");
    if (command->example) {
        puts("\nexample:");
        print_indented(command->example);
    }
}
