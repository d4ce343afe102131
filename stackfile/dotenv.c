/* See dotenv.h. Source: compose-go, package dotenv. */
#include "stackfile/dotenv.h"

#include <errno.h>
#include <string.h>

#include "stackfile/encoding.h"
#include "stackfile/shown.h"

/* A reading position. Places are counted as the position moves on. */
struct cursor {
    const char *at, *end;
    struct mark mark; // of `at`
    struct template *template;
    struct variables *into;
    struct faults *faults;
};

static void step(struct cursor *cursor)
{
    unsigned char byte = (unsigned char)*cursor->at++;

    if (byte == '\n' || (byte == '\r' && (cursor->at == cursor->end || *cursor->at != '\n'))) {
        cursor->mark.line++;
        cursor->mark.column = 1;
    } else if ((byte & 0xc0) != 0x80) {
        cursor->mark.column++;
    }
}

static void step_to(struct cursor *cursor, const char *to)
{
    while (cursor->at < to)
        step(cursor);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static void skip_blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->end && is_blank(*cursor->at))
        step(cursor);
}

static const char *end_of_line(const struct cursor *cursor)
{
    const char *end = cursor->at;

    while (end < cursor->end && *end != '\n')
        end++;
    return end;
}

static void trim(const char *from, const char **end)
{
    while (*end > from && is_blank((*end)[-1]))
        (*end)--;
}

/* Blanks, empty lines and lines of comment. */
static void skip_to_statement(struct cursor *cursor)
{
    while (cursor->at < cursor->end) {
        if (*cursor->at == '#')
            step_to(cursor, end_of_line(cursor));
        else if (is_blank(*cursor->at) || *cursor->at == '\n')
            step(cursor);
        else
            return;
    }
}

static struct shown show(const char *from, const char *end)
{
    char text[80];
    size_t length = (size_t)(end - from) < sizeof(text) ? (size_t)(end - from) : sizeof(text) - 1;

    memcpy(text, from, length);
    text[length] = '\0';
    return shown(text);
}

/* --- what is found --- */

static int put(struct cursor *cursor, struct mark at, const char *name, const char *name_end,
               const char *value, size_t length)
{
    struct arena *arena = cursor->into->arena;
    struct variable variable = {.name = arena_text(arena, name, (size_t)(name_end - name)),
                                .name_length = (uint32_t)(name_end - name),
                                .value = arena_text(arena, value, length),
                                .value_length = (uint32_t)length,
                                .at = at};
    int rc;

    if (!variable.name || !variable.value)
        return -ENOMEM;
    rc = variables_put(cursor->into, &variable);
    if (rc == 1) {
        faults_add(cursor->faults, FAULT_ERROR, at, "write less",
                   "more than %d variables in files of variables", VARIABLES_MAX);
        cursor->at = cursor->end;
        return 0;
    }
    return rc;
}

/* What the template says against a value. */
static int refuse(struct cursor *cursor, struct mark at)
{
    const struct template *template = cursor->template;

    faults_add(cursor->faults, FAULT_ERROR, at, template->remedy, "%s", template->what);
    if (template->spent)
        cursor->at = cursor->end;
    return 0;
}

/* NAME alone: what it is already; nothing where it is nothing. */
static int inherit(struct cursor *cursor, struct mark at, const char *name, const char *end)
{
    const struct variable *found =
        variables_find(cursor->template->variables, name, (size_t)(end - name));

    if (!found)
        return 0;
    if (template_charge(cursor->template, found->value_length) != 0)
        return refuse(cursor, at);
    return put(cursor, at, name, end, found->value, found->value_length);
}

static int put_expanded(struct cursor *cursor, struct mark at, const char *name,
                        const char *name_end, const char *value, size_t length)
{
    struct template *template = cursor->template;
    int rc = template_expand(template, value, length);

    if (rc == 1)
        return refuse(cursor, at);
    return rc ? rc : put(cursor, at, name, name_end, template->text, template->length);
}

/* --- values --- */

/* Without quotes: to " #" or the end of the line. */
static int read_plain(struct cursor *cursor, struct mark at, const char *name, const char *name_end)
{
    const char *line_end = end_of_line(cursor), *value = cursor->at, *end = value;

    while (end < line_end && !(end[0] == ' ' && end + 1 < line_end && end[1] == '#'))
        end++;
    trim(value, &end);
    step_to(cursor, line_end);
    return put_expanded(cursor, at, name, name_end, value, (size_t)(end - value));
}

static bool is_octal(const char *text, size_t left)
{
    if (left < 3)
        return false;
    for (size_t i = 0; i < 3; i++)
        if (text[i] < '0' || text[i] > '7')
            return false;
    return text[0] < '4' && memcmp(text, "000", 3) != 0;
}

/* \0 and three octal digits: one character of Latin-1, in UTF-8. */
static size_t put_octal(const char *digits, char *to)
{
    unsigned code = (unsigned)(digits[0] - '0') * 64 + (unsigned)(digits[1] - '0') * 8 +
                    (unsigned)(digits[2] - '0');

    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    to[0] = (char)(0xc0 | code >> 6);
    to[1] = (char)(0x80 | (code & 0x3f));
    return 2;
}

/* Escapes within double quotes, in place. `\$` becomes `$$`, which the template makes a dollar.
 * Returns the new length. */
static size_t expand_escapes(char *text, size_t length)
{
    static const char letters[] = "abfnrtv\"\\", meant[] = "\a\b\f\n\r\t\v\"\\";
    size_t to = 0;

    for (size_t at = 0; at < length;) {
        size_t left = length - at;
        const char *letter =
            text[at] == '\\' && left > 1 && text[at + 1] ? strchr(letters, text[at + 1]) : NULL;

        if (letter) {
            text[to++] = meant[letter - letters];
            at += 2;
        } else if (text[at] == '\\' && left > 1 && text[at + 1] == '$') {
            text[to++] = '$';
            text[to++] = '$';
            at += 2;
        } else if (text[at] == '\\' && left > 4 && text[at + 1] == '0' &&
                   is_octal(text + at + 2, left - 2)) {
            to += put_octal(text + at + 2, text + to);
            at += 5;
        } else {
            text[to++] = text[at++];
        }
    }
    return to;
}

/* The closing quote, or the end of the file. */
static const char *end_of_quoted(const struct cursor *cursor, char quote)
{
    const char *end = cursor->at;

    for (; end < cursor->end && *end != quote; end++)
        if (*end == '\\' && end + 1 < cursor->end)
            end++;
    return end;
}

/* Behind the opening quote: the text up to the closing one, of which only the quote itself is
 * taken out of its escape. NULL after a fault or -ENOMEM; the arena remembers. */
static char *take_quoted(struct cursor *cursor, struct mark open, char quote, size_t *ret_length)
{
    const char *end = end_of_quoted(cursor, quote);
    char *text;
    size_t length = 0;

    if (end == cursor->end) {
        faults_add(cursor->faults, FAULT_ERROR, open, "write the closing quote",
                   "a quote is not closed");
        cursor->at = cursor->end;
        return NULL;
    }
    text = arena_alloc(cursor->into->arena, (size_t)(end - cursor->at) + 1);
    if (!text)
        return NULL;
    while (cursor->at < end) {
        if (*cursor->at == '\\') {
            if (cursor->at[1] != quote)
                text[length++] = '\\';
            step(cursor);
        }
        text[length++] = *cursor->at;
        step(cursor);
    }
    step(cursor);
    *ret_length = length;
    return text;
}

static int read_quoted(struct cursor *cursor, struct mark at, const char *name,
                       const char *name_end)
{
    char quote = *cursor->at, *text;
    struct mark open = cursor->mark;
    size_t length;

    step(cursor);
    text = take_quoted(cursor, open, quote, &length);
    if (!text)
        return arena_failed(cursor->into->arena) ? -ENOMEM : 0;
    skip_blanks(cursor);
    if (cursor->at < cursor->end && *cursor->at != '\n' && *cursor->at != '#')
        faults_add(cursor->faults, FAULT_ERROR, cursor->mark,
                   "put all of the value into the quotes", "something follows the closing quote");
    step_to(cursor, end_of_line(cursor));
    if (quote == '\'')
        return put(cursor, at, name, name_end, text, length);
    return put_expanded(cursor, at, name, name_end, text, expand_escapes(text, length));
}

/* --- lines --- */

/* Up to = or : or the end of the line. NULL after a fault. */
static const char *take_name(struct cursor *cursor, const char **ret_end)
{
    const char *name = cursor->at;

    for (; cursor->at < cursor->end && !strchr("=:\n", *cursor->at); step(cursor)) {
        unsigned char byte = (unsigned char)*cursor->at;
        bool letter = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                      (byte >= 'a' && byte <= 'z') || byte >= 0x80 || strchr("_.-[]", byte) ||
                      is_blank((char)byte);

        if (letter)
            continue;
        faults_add(cursor->faults, FAULT_ERROR, cursor->mark, "write NAME=value",
                   "unexpected character '%c' in variable name", byte);
        return NULL;
    }
    *ret_end = cursor->at;
    trim(name, ret_end);
    return name;
}

static void skip_export(struct cursor *cursor)
{
    if (cursor->end - cursor->at <= 6 || memcmp(cursor->at, "export", 6) != 0 ||
        !is_blank(cursor->at[6]))
        return;
    step_to(cursor, cursor->at + 6);
    skip_blanks(cursor);
}

static int read_statement(struct cursor *cursor)
{
    const char *name, *end;
    struct mark at;

    skip_export(cursor);
    at = cursor->mark;
    name = take_name(cursor, &end);
    if (!name) {
        step_to(cursor, end_of_line(cursor));
        return 0;
    }
    for (const char *c = name; c < end; c++) {
        if (!is_blank(*c))
            continue;
        faults_add(cursor->faults, FAULT_ERROR, at, "write NAME=value",
                   "a blank in the variable name \"%s\"", show(name, end).text);
        step_to(cursor, end_of_line(cursor));
        return 0;
    }
    if (cursor->at == cursor->end || *cursor->at == '\n')
        return inherit(cursor, at, name, end);
    if (name == end)
        faults_add(cursor->faults, FAULT_ERROR, at, "write NAME=value",
                   "a variable without a name");
    step(cursor);
    skip_blanks(cursor);
    if (cursor->at < cursor->end && strchr("'\"", *cursor->at))
        return read_quoted(cursor, at, name, end);
    return read_plain(cursor, at, name, end);
}

/* Source: the env files of `docker run`, docker/cli pkg/kvfile. */
static int read_raw_line(struct cursor *cursor)
{
    const char *line_end = end_of_line(cursor), *name = cursor->at;
    const char *end = line_end > name && line_end[-1] == '\r' ? line_end - 1 : line_end;
    const char *name_end = name;
    const char *equals;
    struct mark at = cursor->mark;

    while (name_end < end && *name_end != '=')
        name_end++;
    equals = name_end < end ? name_end : NULL;
    step_to(cursor, line_end);
    for (const char *c = name; c < name_end; c++) {
        if (!is_blank(*c))
            continue;
        faults_add(cursor->faults, FAULT_ERROR, at, "write NAME=value",
                   "a blank in the variable name \"%s\"", show(name, name_end).text);
        return 0;
    }
    if (name == name_end)
        faults_add(cursor->faults, FAULT_ERROR, at, "write NAME=value",
                   "a variable without a name");
    if (!equals)
        return inherit(cursor, at, name, name_end);
    return put(cursor, at, name, name_end, equals + 1, (size_t)(end - equals - 1));
}

int dotenv_read(const struct stackfile_text *file, enum dotenv_format format,
                struct template *template, struct variables *into, struct faults *faults)
{
    struct cursor cursor = {.at = file->text,
                            .end = file->text + file->length,
                            .mark = {.file = file->name, .line = 1, .column = 1},
                            .template = template,
                            .into = into,
                            .faults = faults};
    int rc = 0;

    if (!file->text || encoding_check(file->name, file->text, file->length, faults))
        return 0;
    if (file->length >= 3 && memcmp(file->text, "\xef\xbb\xbf", 3) == 0)
        cursor.at += 3;
    for (skip_to_statement(&cursor); !rc && cursor.at < cursor.end; skip_to_statement(&cursor))
        rc = format == DOTENV_RAW ? read_raw_line(&cursor) : read_statement(&cursor);
    return rc;
}
