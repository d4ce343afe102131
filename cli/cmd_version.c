/* bulkhead version: which one this is. */
#include <stdio.h>
#include <string.h>

#include "cli/host/command.h"
#include "cli/show/json.h"

static int print_json(void)
{
    struct json *object = json_create();
    bool printed;

    json_text(object, "version", BULKHEAD_VERSION);
    printed = json_print(object, stdout);
    json_destroy(object);
    return printed || ferror(stdout) ? STATUS_DONE : command_failed("out of memory");
}

static int run(struct command_context *context, int argc, char **argv)
{
    const char *format = option_text(context, "format");

    if (argc > 1)
        return usage_error(context, "version takes no operand: %s", argv[1]);
    if (format && strcmp(format, "json") == 0)
        return print_json();
    if (format && strcmp(format, "pretty") != 0)
        return usage_error(context, "--format is pretty or json, not \"%s\"", format);
    puts(option_given(context, "short") ? BULKHEAD_VERSION : "bulkhead " BULKHEAD_VERSION);
    return STATUS_DONE;
}

static const struct command_option options[] = {
    {'f', "format", "pretty|json", "how it is printed"},
    {0, "short", NULL, "the number alone"},
    {0},
};

const struct command command_version = {
    .name = "version",
    .operands = "",
    .summary = "the version",
    .help = "Prints the version of this program.",
    .example = "bulkhead version --short",
    .options = options,
    .run = run,
};
