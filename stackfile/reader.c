/* See reader.h. */
#include "stackfile/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Takes the newest fault away again where it repeats another. */
static void drop_repetition(struct faults *faults)
{
    const struct fault *newest = &faults->item[faults->count - 1];

    for (size_t i = 0; i + 1 < faults->count; i++) {
        const struct fault *other = &faults->item[i];
        if (other->level != newest->level || other->at.file != newest->at.file ||
            other->at.line != newest->at.line || other->at.column != newest->at.column ||
            strcmp(other->what, newest->what) != 0)
            continue;
        if (newest->level == FAULT_ERROR)
            faults->errors--;
        faults->count--;
        return;
    }
}

bool report_is_idle(const struct reader *reader, struct mark at)
{
    const struct faults *faults = reader->faults;

    for (size_t i = 0; i < faults->count; i++)
        if (faults->item[i].at.file == at.file && faults->item[i].at.line == at.line &&
            faults->item[i].at.column == at.column)
            return true;
    return faults->count == FAULTS_MAX;
}

static void add(struct reader *reader, enum fault_level level, struct mark at, const char *remedy,
                const char *text)
{
    size_t before = reader->faults->count;

    faults_add(reader->faults, level, at, remedy, "%s", text);
    if (reader->faults->count > before)
        drop_repetition(reader->faults);
}

void report(struct reader *reader, enum fault_level level, struct mark at, const char *remedy,
            const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    add(reader, level, at, remedy, text);
}

void report_key(struct reader *reader, struct mark at, const char *key, const char *remedy,
                const char *format, ...)
{
    char text[512];
    va_list arguments;
    int used = snprintf(text, sizeof(text), "%s%s: ", reader->prefix, shown(key).text);

    va_start(arguments, format);
    vsnprintf(text + used, sizeof(text) - (size_t)used, format, arguments);
    va_end(arguments);
    add(reader, FAULT_ERROR, at, remedy, text);
}

struct remedy remedy_of(const char *format, ...)
{
    struct remedy remedy;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(remedy.text, sizeof(remedy.text), format, arguments);
    va_end(arguments);
    return remedy;
}

/* Out of variables come texts only; where a number or a boolean is wanted, they count as what they
 * look like, as Compose casts them. */
static enum scalar_type type_of(const struct node *value, unsigned accept)
{
    if (value->type == SCALAR_STRING && value->expanded && !(accept & ACCEPT_STRING))
        return scalar_resolve(value->text, value->count);
    return value->type;
}

static bool accepted(const struct node *value, unsigned accept)
{
    switch (type_of(value, accept)) {
    case SCALAR_STRING:
        return accept & ACCEPT_STRING;
    case SCALAR_INT:
    case SCALAR_FLOAT:
        return accept & ACCEPT_NUMBER;
    case SCALAR_BOOL:
        return accept & ACCEPT_BOOL;
    case SCALAR_NULL:
        break;
    }
    return false;
}

/* 0755 is 493 to YAML, 1_000 is 1000: nobody should have to know. */
static bool plain_decimal(struct reader *reader, const char *key, const struct node *value)
{
    char canonical[SCALAR_CANONICAL_MAX];

    if (value->type != SCALAR_INT || scalar_canonical(SCALAR_INT, value->text, canonical) ||
        strcmp(canonical, value->text) == 0)
        return true;
    report_key(reader, value->at, key, remedy_of("write %s", canonical).text, "%s is %s to YAML",
               shown(value->text).text, canonical);
    return false;
}

const char *take_text(struct reader *reader, const char *key, const struct node *value,
                      unsigned accept, const char *example)
{
    if (value->kind == NODE_SCALAR && accepted(value, accept))
        return plain_decimal(reader, key, value) ? value->text : NULL;
    if (value->kind != NODE_SCALAR)
        report_key(reader, value->at, key, NULL, "must be %s, not %s", example,
                   node_kind_name(value));
    else if (value->type == SCALAR_NULL)
        report_key(reader, value->at, key, remedy_of("write %s, or remove the key", example).text,
                   "has no value");
    else
        report_key(reader, value->at, key,
                   accept == ACCEPT_STRING
                       ? remedy_of("put it into quotes: \"%s\"", shown(value->text).text).text
                       : remedy_of("write %s", example).text,
                   "must be %s, and %s is %s to YAML", example, shown(value->text).text,
                   node_kind_name(value));
    return NULL;
}

const char *keep_text(struct reader *reader, const char *text)
{
    return arena_string(reader->arena, text);
}

bool take_bool(struct reader *reader, const char *key, const struct node *value, bool *ret_value)
{
    const char *text = take_text(reader, key, value, ACCEPT_BOOL | ACCEPT_STRING, "true or false");

    if (!text)
        return false;
    if (strcasecmp(text, "true") == 0 || strcasecmp(text, "yes") == 0 ||
        strcasecmp(text, "on") == 0 || strcasecmp(text, "y") == 0 || strcmp(text, "1") == 0) {
        *ret_value = true;
        return true;
    }
    if (strcasecmp(text, "false") == 0 || strcasecmp(text, "no") == 0 ||
        strcasecmp(text, "off") == 0 || strcasecmp(text, "n") == 0 || strcmp(text, "0") == 0) {
        *ret_value = false;
        return true;
    }
    report_key(reader, value->at, key, "write true or false", "must be true or false, not \"%s\"",
               shown(text).text);
    return false;
}

/* "write a, b or c" */
static struct remedy name_choices(const char *const *choices)
{
    struct remedy remedy = {"write "};
    size_t used = strlen(remedy.text);

    for (size_t i = 0; choices[i] && used < sizeof(remedy.text); i++)
        used += (size_t)snprintf(remedy.text + used, sizeof(remedy.text) - used, "%s%s",
                                 i == 0           ? ""
                                 : choices[i + 1] ? ", "
                                                  : " or ",
                                 choices[i]);
    return remedy;
}

int take_choice(struct reader *reader, const char *key, const struct node *value,
                const char *const *choices, const char *noun)
{
    struct remedy example = remedy_of("%s such as %s", noun, choices[0]);
    const char *text = take_text(reader, key, value, ACCEPT_STRING, example.text);
    const char *nearest;
    int count = 0;

    if (!text)
        return -1;
    for (; choices[count]; count++)
        if (strcmp(text, choices[count]) == 0)
            return count;
    nearest = fault_nearest(text, choices, (size_t)count);
    report_key(reader, value->at, key,
               nearest ? remedy_of("did you mean %s?", nearest).text : name_choices(choices).text,
               "\"%s\" is not %s", shown(text).text, noun);
    return -1;
}
