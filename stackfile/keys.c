/* See keys.h. */
#include "stackfile/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CANDIDATES_MAX 128

static int by_key(const void *key, const void *row)
{
    return strcmp(key, ((const struct key_row *)row)->key);
}

const struct key_row *keys_find(const struct key_table *table, const char *key)
{
    return bsearch(key, table->row, table->count, sizeof(*table->row), by_key);
}

static const char *nearest_key(const struct key_table *table, const char *key)
{
    const char *candidates[CANDIDATES_MAX];
    size_t count = table->count < CANDIDATES_MAX ? table->count : CANDIDATES_MAX;

    for (size_t i = 0; i < count; i++)
        candidates[i] = table->row[i].key;
    return fault_nearest(key, candidates, count);
}

static void unknown_key(struct reader *reader, const struct key_table *table,
                        const struct node *key)
{
    bool idle = report_is_idle(reader, key->at);
    const char *nearest = idle ? NULL : nearest_key(table, key->text);
    struct remedy remedy = {""};

    if (nearest)
        remedy = remedy_of("did you mean %s?", nearest);
    else if (table->other && keys_find(table->other, key->text))
        remedy = remedy_of("%s", table->other_remedy);
    else if (table == &keys_top)
        remedy = remedy_of("services stand below services:, and what is not read starts with x-");
    if (idle && reader->faults->count < FAULTS_MAX)
        return; // a fragment that is read again
    report(reader, FAULT_ERROR, key->at, remedy.text, "unknown key \"%s\" in %s",
           shown(key->text).text, table->where);
}

static bool says_what_is_so(const struct key_row *row, const struct node *value)
{
    char text[SCALAR_CANONICAL_MAX];

    if (!row->harmless || value->kind != NODE_SCALAR)
        return false;
    if (scalar_canonical(value->type, value->text, text))
        return strcmp(value->text, row->harmless) == 0;
    return strcmp(text, row->harmless) == 0;
}

static void no_effect(struct reader *reader, const char *key, struct mark at)
{
    char path[96];
    const char *kept;

    snprintf(path, sizeof(path), "%s%s", reader->prefix, key);
    for (size_t i = 0; i < reader->no_effect_count; i++)
        if (strcmp(reader->no_effect[i], path) == 0)
            return;
    kept = arena_string(reader->scratch, path);
    if (!kept || reader->no_effect_count == NO_EFFECT_MAX)
        return;
    if (reader->no_effect_count == 0)
        reader->no_effect_at = at;
    reader->no_effect[reader->no_effect_count++] = kept;
}

/* A fragment or somebody else's extension, and not x-bulkhead with a slip of the pen. */
static bool is_foreign(const struct key_table *table, const char *key)
{
    const char *nearest;

    if (table->strict || strncmp(key, "x-", 2) != 0)
        return false;
    nearest = nearest_key(table, key);
    return !nearest || strncmp(nearest, "x-", 2) != 0;
}

static void read_pair(struct reader *reader, const struct key_table *table,
                      const struct node_pair *pair, void *into)
{
    const struct key_row *row = keys_find(table, pair->key->text);

    if (!row) {
        if (!is_foreign(table, pair->key->text))
            unknown_key(reader, table, pair->key);
        return;
    }
    if (row->nullable && pair->value->kind == NODE_SCALAR && pair->value->type == SCALAR_NULL)
        return;
    switch (row->class) {
    case KEY_HONOURED:
        if (!row->table && pair->value->unknown)
            return; // a fault about a variable is said
        row->read(reader, row->key, pair->value, (char *)into + row->offset);
        break;
    case KEY_NO_EFFECT:
        if (row->read && !pair->value->unknown)
            row->read(reader, row->key, pair->value, into);
        no_effect(reader, row->key, pair->key->at);
        break;
    case KEY_LATER:
    case KEY_REFUSED:
        if (!says_what_is_so(row, pair->value))
            report_key(reader, pair->key->at, row->key, row->remedy,
                       row->class == KEY_LATER ? "not supported yet" : "not supported");
        break;
    }
}

void keys_read(struct reader *reader, const struct key_table *table, const char *key,
               const struct node *value, void *into)
{
    const char *prefix = reader->prefix;

    if (value->kind == NODE_SCALAR && (value->type == SCALAR_NULL || value->unknown))
        return;
    if (value->kind != NODE_MAP) {
        report_key(reader, value->at, key, "write its keys below it, indented",
                   "must be a mapping, not %s", node_kind_name(value));
        return;
    }
    reader->prefix = table->prefix;
    for (size_t i = 0; i < value->count; i++)
        read_pair(reader, table, &value->pairs[i], into);
    reader->prefix = prefix;
}

void keys_summarize(struct reader *reader)
{
    char text[300];
    size_t used = 0;

    if (reader->no_effect_count == 0)
        return;
    for (size_t i = 0; i < reader->no_effect_count && used < sizeof(text); i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? ", " : "",
                                 reader->no_effect[i]);
    report(reader, FAULT_NOTICE, reader->no_effect_at, NULL, "no effect here: %s", text);
}
