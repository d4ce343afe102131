/* See command.h: what every verb needs. */
#include "cli/host/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/nsec.h"

static size_t option_index(const struct command_context *context, const char *name)
{
    const struct command_option *options = context->command->options;
    size_t index = 0;

    while (options && options[index].name && strcmp(options[index].name, name) != 0)
        index++;
    return options && options[index].name ? index : COMMAND_OPTIONS_MAX;
}

const char *option_text(const struct command_context *context, const char *name)
{
    size_t index = option_index(context, name);

    return index < COMMAND_OPTIONS_MAX ? context->option[index] : NULL;
}

bool option_given(const struct command_context *context, const char *name)
{
    return option_text(context, name) != NULL;
}

const char *option_next(const struct command_context *context, const char *name, size_t *cursor)
{
    size_t index = option_index(context, name);

    while (*cursor < context->given_count) {
        const struct command_given *given = &context->given[(*cursor)++];

        if (given->index == index)
            return given->value;
    }
    return NULL;
}

/* Decimal seconds with up to nine digits after the point; at most ten years. -1: not that. */
static int64_t seconds_to_ns(const char *text)
{
    const int64_t most = INT64_C(10) * 366 * 86400;
    int64_t seconds = 0, fraction = 0, unit = NSEC_PER_SEC;
    const char *at = text;

    for (; *at >= '0' && *at <= '9'; at++) {
        seconds = seconds * 10 + (*at - '0');
        if (seconds > most)
            return -1;
    }
    if (at == text)
        return -1;
    if (*at == '.') {
        for (at++; *at >= '0' && *at <= '9' && unit > 1; at++) {
            unit /= 10;
            fraction += (*at - '0') * unit;
        }
    }
    if (*at == 's')
        at++;
    return *at == '\0' ? seconds * NSEC_PER_SEC + fraction : -1;
}

int option_seconds(const struct command_context *context, const char *name, int64_t *ret_ns)
{
    const char *text = option_text(context, name);
    int64_t ns;

    if (!text)
        return 0;
    ns = seconds_to_ns(text);
    if (ns < 0)
        return usage_error(context, "--%s wants a number of seconds, not \"%s\"", name, text);
    *ret_ns = ns;
    return 0;
}

__attribute__((format(printf, 1, 0))) static void say(const char *format, va_list arguments)
{
    fflush(stdout);
    fputs("bulkhead: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

int usage_error(const struct command_context *context, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    if (context->command)
        fprintf(stderr, "see bulkhead %s --help\n", context->command->name);
    else
        fputs("see bulkhead --help\n", stderr);
    return STATUS_USAGE;
}

int command_failed(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    return STATUS_FAILED;
}

void command_note(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}
