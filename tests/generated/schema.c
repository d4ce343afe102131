/* The stack file as a JSON schema, for editors: what is honoured with its shape and a line on what
 * it means, and what is refused with what to write instead. A value may always hold a variable, so
 * a number may be a text. */
#include "tests/generated/generate.h"

#include <ctype.h>
#include <string.h>

static void put_string(FILE *to, const char *text)
{
    fputc('"', to);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', to);
        fputc(*text, to);
    }
    fputc('"', to);
}

static void put_indent(FILE *to, unsigned level)
{
    fprintf(to, "\n%*s", 2 * (int)level, "");
}

/* What stands between the braces of a mapping's schema. */
static void put_table(FILE *to, const struct key_table *table, unsigned level, const char *about,
                      bool nullable);

/* What a text looks like that holds a variable. */
#define VARIABLE "{\"type\": \"string\", \"pattern\": \"\\\\$\"}"

static void put_choices(FILE *to, const char *const *choices)
{
    fputs("\"anyOf\": [{\"enum\": [", to);
    for (size_t i = 0; choices[i]; i++) {
        fputs(i ? ", " : "", to);
        put_string(to, choices[i]);
    }
    fputs("]}, " VARIABLE "]", to);
}

static void put_inner(FILE *to, const struct key_row *row, unsigned level)
{
    fputs("{", to);
    put_table(to, row->inner, level, NULL, false);
    fputs("}", to);
}

/* A list or a mapping, as `keyword` says, of the inner mapping or of `alternative`. */
static void put_many(FILE *to, const struct key_row *row, unsigned level, const char *keyword,
                     const char *alternative)
{
    fprintf(to, "\"type\": \"%s\", \"%s\": ", *keyword == 'i' ? "array" : "object", keyword);
    if (alternative)
        fprintf(to, "{\"anyOf\": [%s, ", alternative);
    put_inner(to, row, level);
    fputs(alternative ? "]}" : "", to);
}

#define STRING  "{\"type\": \"string\"}"
#define STRINGS "{\"type\": \"array\", \"items\": {\"type\": \"string\"}}"
#define SCALAR  "{\"type\": [\"string\", \"number\", \"boolean\", \"null\"]}"
#define WHOLE   "{\"type\": [\"integer\", \"string\"]}"

/* The shapes that hold a mapping. */
static void put_composed(FILE *to, const struct key_row *row, unsigned level)
{
    switch (row->shape) {
    case SHAPE_FILE:
        fputs("\"anyOf\": [" STRING ", ", to);
        put_inner(to, row, level);
        fputs("]", to);
        break;
    case SHAPE_FILES:
        fputs("\"anyOf\": [" STRING ", {", to);
        put_many(to, row, level, "items", STRING);
        fputs("}]", to);
        break;
    case SHAPE_TABLES:
        put_many(to, row, level, "items", NULL);
        break;
    case SHAPE_NAMED_OR_TEXTS:
        fputs("\"anyOf\": [" STRINGS ", {", to);
        put_many(to, row, level, "additionalProperties", NULL);
        fputs("}]", to);
        break;
    case SHAPE_NAMED_OR_WHOLE:
        put_many(to, row, level, "additionalProperties", WHOLE);
        break;
    default:
        put_many(to, row, level, "additionalProperties", NULL);
    }
}

/* As value.h reads them, or with a variable. */
#define DURATION "^[-+]?([0-9.]+(ns|us|µs|μs|ms|s|m|h|d|w))+$|^0$|\\\\$"
#define SIZE     "^[-+]?[0-9.]+([eE][-+]?[0-9]+)? ?([kKmMgGtTpP]?([iI]?[bB])?|%)$|\\\\$"

static void put_shape(FILE *to, const struct key_row *row, unsigned level)
{
    switch (row->shape) {
    case SHAPE_DURATION:
        fputs("\"type\": \"string\", \"pattern\": \"" DURATION "\"", to);
        break;
    case SHAPE_TEXT:
        if (row->choices)
            put_choices(to, row->choices);
        else
            fputs("\"type\": \"string\"", to);
        break;
    case SHAPE_BOOL:
        fputs("\"type\": [\"boolean\", \"string\"]", to);
        break;
    case SHAPE_WHOLE:
        fputs("\"type\": [\"integer\", \"string\"]", to);
        break;
    case SHAPE_SIZE:
        fputs("\"type\": [\"number\", \"string\"], \"pattern\": \"" SIZE "\"", to);
        break;
    case SHAPE_NUMBER:
        fputs("\"type\": [\"number\", \"string\"]", to);
        break;
    case SHAPE_WORDS:
        fprintf(to, "\"anyOf\": [{\"type\": %s}, " STRINGS "]",
                row->nullable ? "[\"string\", \"null\"]" : "\"string\"");
        break;
    case SHAPE_TEXTS:
        fputs("\"type\": \"array\", \"items\": {\"type\": \"string\"}", to);
        break;
    case SHAPE_EXITS:
        fputs("\"type\": \"array\", \"items\": " WHOLE, to);
        break;
    case SHAPE_PAIRS:
        fputs("\"anyOf\": [{\"type\": \"object\", \"additionalProperties\": " SCALAR "}, " STRINGS
              "]",
              to);
        break;
    default:
        put_composed(to, row, level);
    }
}

/* `false` and "false", 3 and "3", "host". */
static void put_harmless(FILE *to, const char *text)
{
    bool plain = isdigit((unsigned char)*text) && text[strspn(text, "0123456789")] == '\0';

    fputs("\"enum\": [", to);
    if (plain || strcmp(text, "false") == 0 || strcmp(text, "true") == 0)
        fprintf(to, "%s, ", text);
    put_string(to, text);
    fputs("]", to);
}

static void put_refused(FILE *to, const struct key_row *row)
{
    fputs("{\"description\": ", to);
    fprintf(to, "\"%s: ", row->class == KEY_LATER ? "Not supported yet" : "Not supported");
    for (const char *at = row->remedy; *at; at++)
        fprintf(to, *at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
    fputs("\", ", to);
    if (row->harmless)
        put_harmless(to, row->harmless);
    else
        fputs("\"not\": {}", to);
    fputs("}", to);
}

static void put_row(FILE *to, const struct key_row *row, unsigned level)
{
    switch (row->class) {
    case KEY_HONOURED:
        if (row->shape == SHAPE_TABLE) {
            fputs("{", to);
            put_table(to, row->inner, level, row->about, row->nullable);
            fputs("}", to);
            return;
        }
        fputs("{\"description\": ", to);
        put_string(to, row->about);
        fputs(", ", to);
        put_shape(to, row, level);
        fputs("}", to);
        break;
    case KEY_NO_EFFECT:
        fputs("{\"description\": \"No effect here.\"}", to);
        break;
    case KEY_LATER:
    case KEY_REFUSED:
        put_refused(to, row);
        break;
    }
}

static void put_needed(FILE *to, const struct key_table *table)
{
    bool any = false;

    for (size_t i = 0; i < table->count; i++) {
        if (!table->row[i].needed)
            continue;
        fputs(any ? ", " : " \"required\": [", to);
        put_string(to, table->row[i].key);
        any = true;
    }
    fputs(any ? "]," : "", to);
}

static void put_table(FILE *to, const struct key_table *table, unsigned level, const char *about,
                      bool nullable)
{
    fprintf(to, "\"type\": %s,", nullable ? "[\"object\", \"null\"]" : "\"object\"");
    if (about) {
        put_indent(to, level + 1);
        fputs("\"description\": ", to);
        put_string(to, about);
        fputs(",", to);
    }
    put_indent(to, level + 1);
    fputs("\"properties\": {", to);
    for (size_t i = 0; i < table->count; i++) {
        put_indent(to, level + 2);
        put_string(to, table->row[i].key);
        fputs(": ", to);
        put_row(to, &table->row[i], level + 2);
        fputs(i + 1 < table->count ? "," : "", to);
    }
    put_indent(to, level + 1);
    fputs("},", to);
    put_needed(to, table);
    fprintf(to, "%s \"additionalProperties\": false",
            table->strict ? "" : " \"patternProperties\": {\"^x-\": {}},");
}

void generate_schema(FILE *to)
{
    fputs("{\n"
          "  \"$schema\": \"http://json-schema.org/draft-07/schema#\",\n"
          "  \"title\": \"A stack file of bulkhead: see bulkhead.yaml(5)\",\n"
          "  \"$comment\": \"Generated from the key tables: make generated\",\n  ",
          to);
    put_table(to, &keys_top, 0, NULL, false);
    fputs("\n}\n", to);
}
