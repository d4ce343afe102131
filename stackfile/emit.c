/* See emit.h. */
#include "stackfile/emit.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "stackfile/encoding.h"
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

void emit_bytes(struct emit *emit, const char *bytes, size_t count)
{
    if (emit->failed || !make_room(emit, count)) {
        emit->failed = true;
        return;
    }
    memcpy(emit->text + emit->length, bytes, count);
    emit->length += count;
    emit->text[emit->length] = '\0';
}

void emit_format(struct emit *emit, const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    emit_bytes(emit, text, strlen(text));
}

void emit_key(struct emit *emit, unsigned level, const char *key)
{
    for (unsigned i = 0; i < level; i++)
        emit_bytes(emit, "  ", 2);
    emit_string(emit, key);
    emit_bytes(emit, ":", 1);
}

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

static void emit_escape(struct emit *emit, uint32_t character)
{
    switch (character) {
    case '"':
        emit_bytes(emit, "\\\"", 2);
        break;
    case '\\':
        emit_bytes(emit, "\\\\", 2);
        break;
    case '\n':
        emit_bytes(emit, "\\n", 2);
        break;
    case '\t':
        emit_bytes(emit, "\\t", 2);
        break;
    default:
        emit_format(emit, character > 0xff ? "\\u%04x" : "\\x%02x", (unsigned)character);
    }
}

/* What double quotes cannot hold as it is. */
static bool needs_escape(uint32_t c)
{
    return c < 0x20 || c == '"' || c == '\\' || (c >= 0x7f && c < 0xa0) || c == 0x2028 ||
           c == 0x2029 || c == 0xfeff || c == 0xfffe || c == 0xffff;
}

static void emit_quoted(struct emit *emit, const char *text, bool value)
{
    size_t left = strlen(text);

    emit_bytes(emit, "\"", 1);
    while (left > 0) {
        uint32_t character = '?';
        size_t size = encoding_decode(text, left, &character);

        if (size == 0)
            size = 1; // not from a stack file: those are UTF-8
        if (needs_escape(character))
            emit_escape(emit, character);
        else
            emit_bytes(emit, text, size);
        if (value && character == '$')
            emit_bytes(emit, "$", 1);
        text += size;
        left -= size;
    }
    emit_bytes(emit, "\"", 1);
}

void emit_string(struct emit *emit, const char *text)
{
    if (needs_no_quotes(text))
        emit_bytes(emit, text, strlen(text));
    else
        emit_quoted(emit, text, false);
}

void emit_value(struct emit *emit, const char *text)
{
    if (needs_no_quotes(text))
        emit_bytes(emit, text, strlen(text));
    else
        emit_quoted(emit, text, true);
}
