/* See emit.h. */
#include "stackfile/emit.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/utf8.h"
#include "stackfile/scalar.h"

static bool make_room(struct emit *emit, size_t count)
{
    size_t size = emit->size ? emit->size : 1024;
    char *grown;

    while (size - emit->length <= count)
        size *= 2;
    if (size == emit->size)
        return true;
    grown = realloc(emit->text, size);
    if (!grown)
        return false;
    emit->text = grown;
    emit->size = size;
    return true;
}

static void put_bytes(struct emit *emit, const char *bytes, size_t count)
{
    if (emit->failed || !make_room(emit, count)) {
        emit->failed = true;
        return;
    }
    memcpy(emit->text + emit->length, bytes, count);
    emit->length += count;
    emit->text[emit->length] = '\0';
}

static void put(struct emit *emit, const char *text)
{
    put_bytes(emit, text, strlen(text));
}

static void put_indent(struct emit *emit, unsigned level)
{
    for (unsigned i = 0; i < level; i++)
        put(emit, "  ");
}

/* --- scalars --- */

/* Words that some YAML reader takes for a boolean or nothing. */
static bool reserved(const char *text)
{
    static const char *const words[] = {"null", "true", "false", "yes", "no",
                                        "on",   "off",  "y",     "n"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

/* A cautious choice: letters, and what paths, options and host names have, not at the start. */
static bool needs_no_quotes(const char *text)
{
    if (!isalpha((unsigned char)*text) && *text != '/' && *text != '_' &&
        !(text[0] == '.' && text[1] == '/'))
        return false;
    for (const char *at = text; *at; at++)
        if (!isalnum((unsigned char)*at) && !strchr("_./-+=@", *at))
            return false;
    return !reserved(text);
}

static void put_escape(struct emit *emit, uint32_t character)
{
    char text[16];

    if (character == '"' || character == '\\')
        snprintf(text, sizeof(text), "\\%c", (char)character);
    else if (character == '\n' || character == '\t')
        snprintf(text, sizeof(text), character == '\n' ? "\\n" : "\\t");
    else
        snprintf(text, sizeof(text), emit->json || character > 0xff ? "\\u%04x" : "\\x%02x",
                 (unsigned)character);
    put(emit, text);
}

/* What double quotes cannot hold as it is. */
static bool needs_escape(uint32_t c)
{
    return c < 0x20 || c == '"' || c == '\\' || (c >= 0x7f && c < 0xa0) || c == 0x2028 ||
           c == 0x2029 || c == 0xfeff || c == 0xfffe || c == 0xffff;
}

static void put_quoted(struct emit *emit, const char *text, bool value)
{
    size_t left = strlen(text);

    put(emit, "\"");
    while (left > 0) {
        uint32_t character = '?';
        size_t size = utf8_decode(text, left, &character);

        if (size == 0)
            size = 1; // not from a stack file: those are UTF-8
        if (needs_escape(character))
            put_escape(emit, character);
        else
            put_bytes(emit, text, size);
        if (value && character == '$')
            put(emit, "$");
        text += size;
        left -= size;
    }
    put(emit, "\"");
}

/* In quotes where it needs them; a dollar of a value is doubled. */
static void put_string(struct emit *emit, const char *text, bool value)
{
    if (emit->json || !needs_no_quotes(text))
        put_quoted(emit, text, value);
    else
        put(emit, text);
}

/* --- mappings and lists --- */

static struct emit_level *innermost(struct emit *emit)
{
    return &emit->level[emit->depth - 1];
}

static void begin_json(struct emit *emit, const char *key)
{
    put(emit, innermost(emit)->any ? ",\n" : "\n");
    put_indent(emit, emit->depth);
    if (!key)
        return;
    put_quoted(emit, key, false);
    put(emit, ": ");
}

/* A mapping that is an item begins in the line of its dash. */
static void begin_yaml(struct emit *emit, const char *key)
{
    bool behind_dash = emit->depth > 1 && emit->level[emit->depth - 2].list;

    if (innermost(emit)->any || !behind_dash)
        put_indent(emit, emit->depth - 1);
    if (!key) {
        put(emit, "- ");
        return;
    }
    put_string(emit, key, false);
    put(emit, ":");
}

static void begin(struct emit *emit, const char *key)
{
    if (emit->json)
        begin_json(emit, key);
    else
        begin_yaml(emit, key);
    innermost(emit)->any = true;
}

static void open_level(struct emit *emit, bool list)
{
    if (emit->depth == EMIT_DEPTH_MAX) {
        emit->failed = true;
        return;
    }
    emit->level[emit->depth++] = (struct emit_level){.list = list};
    if (emit->json)
        put(emit, list ? "[" : "{");
}

void emit_map(struct emit *emit, const char *key)
{
    begin(emit, key);
    if (key && !emit->json)
        put(emit, "\n");
    open_level(emit, false);
}

void emit_list(struct emit *emit, const char *key)
{
    begin(emit, key);
    if (!emit->json)
        put(emit, "\n");
    open_level(emit, true);
}

void emit_end(struct emit *emit)
{
    bool list = innermost(emit)->list;

    emit->depth--;
    if (!emit->json)
        return;
    put(emit, "\n");
    put_indent(emit, emit->depth);
    put(emit, list ? "]" : "}");
}

/* --- entries --- */

/* Between key and value, and behind the value: JSON's commas are put before. */
static void begin_value(struct emit *emit, const char *key)
{
    begin(emit, key);
    if (key && !emit->json)
        put(emit, " ");
}

static void end_value(struct emit *emit)
{
    if (!emit->json)
        put(emit, "\n");
}

void emit_text(struct emit *emit, const char *key, const char *text)
{
    begin_value(emit, key);
    put_string(emit, text, true);
    end_value(emit);
}

void emit_word(struct emit *emit, const char *key, const char *word)
{
    begin_value(emit, key);
    if (emit->json)
        put_quoted(emit, word, true);
    else
        put(emit, word);
    end_value(emit);
}

void emit_literal(struct emit *emit, const char *key, const char *literal)
{
    begin_value(emit, key);
    put(emit, literal);
    end_value(emit);
}

void emit_null(struct emit *emit, const char *key)
{
    begin(emit, key);
    put(emit, emit->json ? "null" : "\n");
}

/* --- the document --- */

void emit_begin(struct emit *emit, bool json)
{
    *emit = (struct emit){.json = json};
    open_level(emit, false);
}

int emit_finish(struct emit *emit, char **ret_text)
{
    emit_end(emit);
    if (emit->json)
        put(emit, "\n");
    if (emit->failed) {
        free(emit->text);
        return -ENOMEM;
    }
    *ret_text = emit->text;
    return 0;
}
