/* See template.h. */
#include "stackfile/template.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "stackfile/shown.h"

/* A part of a text; what is expanded never goes beyond its end. */
struct part {
    const char *at;
    const char *end;
};

static int expand(struct template *template, struct part part, unsigned depth);

static int refuse(struct template *template, const char *remedy, const char *what)
{
    snprintf(template->what, sizeof(template->what), "%s", what);
    template->remedy = remedy;
    return 1;
}

int template_charge(struct template *template, size_t length)
{
    if (!template->spent && length <= template->bytes_left) {
        template->bytes_left -= length;
        return 0;
    }
    template->spent = true;
    return refuse(template, "use shorter values",
                  "the variables make all texts together longer than 32 MiB");
}

static int put(struct template *template, const char *text, size_t length)
{
    size_t wanted = template->length + length;

    if (template_charge(template, length) != 0)
        return 1;
    if (wanted > template->bytes_max)
        return refuse(template, "use shorter values", "a text becomes too long by its variables");
    if (wanted >= template->room) {
        size_t room = wanted < 4096 ? 8192 : 2 * wanted;
        char *more = realloc(template->text, room);

        if (!more)
            return -ENOMEM;
        template->text = more;
        template->room = room;
    }
    memcpy(template->text + template->length, text, length);
    template->length = wanted;
    template->text[wanted] = '\0';
    return 0;
}

/* "${…}" for a message, however long it is. */
static struct shown show_part(const char *from, const char *end)
{
    char text[80];
    size_t length = (size_t)(end - from) < sizeof(text) ? (size_t)(end - from) : sizeof(text) - 1;

    memcpy(text, from, length);
    text[length] = '\0';
    return shown(text);
}

static int no_variable(struct template *template, const char *from, const char *end)
{
    char what[200];

    snprintf(what, sizeof(what), "%s is no variable", show_part(from, end).text);
    return refuse(template,
                  "write ${NAME}, ${NAME:-default} or ${NAME:?why}, or $$ for a dollar that is "
                  "meant as one",
                  what);
}

static bool is_text(const struct variable *variable)
{
    uint32_t character;

    for (size_t at = 0, size; at < variable->value_length; at += size) {
        size = utf8_decode(variable->value + at, variable->value_length - at, &character);
        if (size == 0)
            return false;
    }
    return true;
}

static int put_value(struct template *template, const struct variable *variable)
{
    char what[160];

    if (is_text(variable))
        return put(template, variable->value, variable->value_length);
    snprintf(what, sizeof(what), "the value of the variable %s is not UTF-8",
             show_part(variable->name, variable->name + variable->name_length).text);
    return refuse(template, "set it to a text", what);
}

/* ${NAME:?why}: the reason is expanded, too, and takes the place of what there was so far. */
static int missing(struct template *template, const struct stackfile_reference *reference,
                   unsigned depth)
{
    struct part why = {reference->operand, reference->operand + reference->operand_length};
    char name[80];
    int rc;

    snprintf(name, sizeof(name), "%s",
             show_part(reference->name, reference->name + reference->name_length).text);
    template->length = 0;
    rc = expand(template, why, depth + 1);
    if (rc)
        return rc;
    snprintf(template->what, sizeof(template->what), "required variable %s is missing a value%s%s",
             name, template->length ? ": " : "", template->length ? template->text : "");
    shown_trim(template->what);
    template->remedy = "set it in the environment, in .env, or in a file named with --env-file";
    return 1;
}

/* ${…} with a name and an operation, both known to be well formed. */
static int substitute(struct template *template, const struct stackfile_reference *reference,
                      unsigned depth)
{
    const struct variable *found =
        variables_find(template->variables, reference->name, reference->name_length);
    bool empty_counts = reference->operation[0] == ':';
    bool has = found && !(empty_counts && found->value_length == 0);
    struct part operand = {reference->operand, reference->operand + reference->operand_length};

    if (template->met)
        template->met(template->self, reference);
    switch (reference->operation[empty_counts]) {
    case '-':
        return has ? put_value(template, found) : expand(template, operand, depth + 1);
    case '+':
        return has ? expand(template, operand, depth + 1) : 0;
    case '?':
        return has ? put_value(template, found) : missing(template, reference, depth);
    default:
        break;
    }
    if (found)
        return put_value(template, found);
    if (template->unset)
        template->unset(template->self, reference->name, reference->name_length);
    return 0;
}

/* The brace that closes the one before `at`; where braces do not match, the last one of all. */
static const char *closing_brace(struct part part)
{
    const char *last = NULL;
    size_t open = 1;

    for (const char *at = part.at; at < part.end; at++) {
        if (*at == '{')
            open++;
        if (*at != '}')
            continue;
        last = at;
        if (--open == 0)
            break;
    }
    return last;
}

static const char *operation_at(struct part part)
{
    static const char *const operations[] = {":-", ":?", ":+", "-", "?", "+"};

    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        size_t length = strlen(operations[i]);
        if ((size_t)(part.end - part.at) >= length && memcmp(part.at, operations[i], length) == 0)
            return operations[i];
    }
    return NULL;
}

/* Behind "${". *ret_next is behind the closing brace. */
static int expand_braced(struct template *template, struct part part, unsigned depth,
                         const char **ret_next)
{
    const char *close = closing_brace(part), *dollar = part.at - 2;
    struct stackfile_reference reference = {.name = part.at, .operation = "", .operand = ""};

    if (!close)
        return no_variable(template, dollar, part.end);
    part.end = close;
    reference.name_length = variable_name_length(part.at, (size_t)(close - part.at));
    part.at += reference.name_length;
    if (part.at < close) {
        reference.operation = operation_at(part);
        if (!reference.operation || memchr(part.at, '\n', (size_t)(close - part.at)))
            return no_variable(template, dollar, close + 1);
        part.at += strlen(reference.operation);
    }
    if (reference.name_length == 0)
        return no_variable(template, dollar, close + 1);
    reference.operand = part.at;
    reference.operand_length = (size_t)(close - part.at);
    *ret_next = close + 1;
    return substitute(template, &reference, depth);
}

/* At a dollar. */
static int expand_dollar(struct template *template, struct part part, unsigned depth,
                         const char **ret_next)
{
    struct stackfile_reference reference = {.name = part.at + 1, .operation = "", .operand = ""};

    *ret_next = part.at + 2;
    if (part.at + 1 < part.end && part.at[1] == '$')
        return put(template, "$", 1);
    if (part.at + 1 < part.end && part.at[1] == '{')
        return expand_braced(template, (struct part){part.at + 2, part.end}, depth, ret_next);
    *ret_next = part.at + 1;
    reference.name_length =
        variable_name_length(reference.name, (size_t)(part.end - reference.name));
    if (reference.name_length == 0)
        return put(template, "$", 1);
    *ret_next += reference.name_length;
    return substitute(template, &reference, depth);
}

static int expand(struct template *template, struct part part, unsigned depth)
{
    int rc = 0;

    if (depth > TEMPLATE_DEPTH_MAX)
        return refuse(template, "nest less deeply",
                      "variables within defaults of variables are nested more than 16 deep");
    while (!rc && part.at < part.end) {
        const char *dollar = memchr(part.at, '$', (size_t)(part.end - part.at));
        const char *to = dollar ? dollar : part.end;

        rc = put(template, part.at, (size_t)(to - part.at));
        part.at = to;
        if (!rc && dollar)
            rc = expand_dollar(template, part, depth, &part.at);
    }
    return rc;
}

int template_expand(struct template *template, const char *text, size_t length)
{
    int rc;

    template->length = 0;
    rc = put(template, "", 0);
    return rc ? rc : expand(template, (struct part){text, text + length}, 0);
}

void template_finish(struct template *template)
{
    free(template->text);
    template->text = NULL;
    template->length = 0;
    template->room = 0;
}
