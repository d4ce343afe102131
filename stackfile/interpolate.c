/* See interpolate.h. */
#include "stackfile/interpolate.h"

#include <ctype.h>
#include <string.h>

static bool starts_variable(char next)
{
    return next == '{' || next == '_' || isalpha((unsigned char)next);
}

/* "$NAME" or "${…}" at the start of text, for a message. */
static struct shown variable_at(const char *text)
{
    char name[64];
    size_t length = 1;

    if (text[1] == '{') {
        length = strcspn(text, "}");
        length += text[length] == '}';
    } else {
        while (isalnum((unsigned char)text[length]) || text[length] == '_')
            length++;
    }
    if (length >= sizeof(name))
        return shown(text);
    memcpy(name, text, length);
    name[length] = '\0';
    return shown(name);
}

static void variable(struct reader *reader, struct node *scalar, const char *from)
{
    scalar->unknown = true;
    report(reader, FAULT_ERROR, scalar->at,
           "write the value itself, or $$ for a dollar that is meant as one",
           "interpolation is not supported yet: %s", variable_at(from).text);
}

static void interpolate_scalar(struct reader *reader, struct node *scalar)
{
    const char *from = strchr(scalar->text, '$');
    char *text, *to;

    if (!from)
        return;
    text = arena_text(reader->scratch, scalar->text, scalar->count);
    if (!text)
        return; // the arena remembers
    to = text + (from - scalar->text);
    for (; *from; from++) {
        if (from[0] == '$' && from[1] == '$')
            from++;
        else if (from[0] == '$' && starts_variable(from[1]))
            variable(reader, scalar, from);
        *to++ = *from;
    }
    *to = '\0';
    scalar->text = text;
    scalar->count = (uint32_t)(to - text);
}

bool interpolate(struct reader *reader, struct node *value)
{
    if (value->dollars_done)
        return !value->unknown;
    value->dollars_done = true;
    if (value->kind == NODE_SCALAR)
        interpolate_scalar(reader, value);
    for (size_t i = 0; value->kind == NODE_LIST && i < value->count; i++)
        if (!interpolate(reader, value->items[i]))
            value->unknown = true;
    for (size_t i = 0; value->kind == NODE_MAP && i < value->count; i++)
        if (!interpolate(reader, value->pairs[i].value))
            value->unknown = true;
    return !value->unknown;
}
