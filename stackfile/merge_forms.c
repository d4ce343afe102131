/* See merge_forms.h. */
#include "stackfile/merge_forms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stackfile/tree.h"

/* --- making nodes --- */

/* Counts what is put down, so that no few bytes of aliases and extends can fill the memory. */
static bool may_make(struct merger *merger, size_t count, struct mark at)
{
    merger->made += count + 1;
    if (merger->made > MERGE_PAIRS_MAX && !merger->refused)
        faults_add(merger->faults, FAULT_ERROR, at,
                   "write less, and extend and include fewer times",
                   "merging makes more than %zu values", MERGE_PAIRS_MAX);
    merger->refused = merger->refused || merger->made > MERGE_PAIRS_MAX;
    return !merger->refused;
}

struct node *merge_new_node(struct merger *merger, enum node_kind kind, struct mark at, size_t room)
{
    struct node *node;

    if (!may_make(merger, room, at))
        return NULL;
    node = arena_alloc(merger->arena, sizeof(*node));
    if (!node)
        return NULL;
    node->kind = kind;
    node->at = at;
    if (kind == NODE_MAP)
        node->pairs = arena_array(merger->arena, room, sizeof(*node->pairs));
    if (kind == NODE_LIST)
        node->items = arena_array(merger->arena, room, sizeof(struct node *));
    return arena_failed(merger->arena) ? NULL : node;
}

struct node *merge_new_text(struct merger *merger, const char *text, size_t length,
                            enum scalar_type type, struct mark at)
{
    struct node *node = merge_new_node(merger, NODE_SCALAR, at, 0);

    if (!node)
        return NULL;
    node->text = arena_text(merger->arena, text, length);
    node->count = (uint32_t)length;
    node->type = type;
    node_count(node);
    return node->text ? node : NULL;
}

bool merge_add_pair(struct node *map, struct node *key, struct node *value)
{
    if (!key || !value)
        return false;
    map->pairs[map->count++] = (struct node_pair){key, value};
    return true;
}

/* --- forms --- */

/* "NAME=value" or "NAME" as a pair. */
static bool add_text_pair(struct merger *merger, struct node *map, const struct node *item)
{
    const char *equals = memchr(item->text, '=', item->count);
    size_t length = equals ? (size_t)(equals - item->text) : item->count;
    struct node *key = merge_new_text(merger, item->text, length, SCALAR_STRING, item->at);
    struct node *value = equals ? merge_new_text(merger, equals + 1, item->count - length - 1,
                                                 SCALAR_STRING, item->at)
                                : merge_new_text(merger, "", 0, SCALAR_NULL, item->at);

    if (value)
        value->unknown = item->unknown;
    return merge_add_pair(map, key, value);
}

/* The mapping that a name alone stands for in depends_on. */
static struct node *new_dependency(struct merger *merger, struct mark at)
{
    struct node *map = merge_new_node(merger, NODE_MAP, at, 2);

    if (!map)
        return NULL;
    merge_add_pair(map, merge_new_text(merger, "condition", 9, SCALAR_STRING, at),
                   merge_new_text(merger, "service_started", 15, SCALAR_STRING, at));
    merge_add_pair(map, merge_new_text(merger, "required", 8, SCALAR_STRING, at),
                   merge_new_text(merger, "true", 4, SCALAR_BOOL, at));
    node_count(map);
    return map;
}

static bool add_name(struct merger *merger, struct node *map, struct node *item, enum merge_how how)
{
    if (how == MERGE_PAIRS)
        return add_text_pair(merger, map, item);
    return merge_add_pair(map, item,
                          how == MERGE_DEPENDS_ON
                              ? new_dependency(merger, item->at)
                              : merge_new_text(merger, "", 0, SCALAR_NULL, item->at));
}

/* Any form of a key as a mapping. NULL where it is none, or where something failed. */
struct node *merge_as_map(struct merger *merger, struct node *value, enum merge_how how)
{
    struct node *map, *context;

    if (value->kind == NODE_MAP)
        return value;
    if (value->kind != (how == MERGE_BUILD ? NODE_SCALAR : NODE_LIST))
        return NULL;
    map = merge_new_node(merger, NODE_MAP, value->at, value->kind == NODE_LIST ? value->count : 1);
    if (!map)
        return NULL;
    if (value->kind == NODE_SCALAR) {
        context = merge_new_text(merger, "context", 7, SCALAR_STRING, value->at);
        merge_add_pair(map, context, value);
        node_count(map);
        return map;
    }
    for (size_t i = 0; i < value->count; i++)
        if (value->items[i]->kind != NODE_SCALAR || !add_name(merger, map, value->items[i], how))
            return NULL;
    return tree_finish_map(merger->arena, map, merger->faults) ? NULL : map;
}

static int by_text(const void *a, const void *b)
{
    const struct node *const *left = a, *const *right = b;

    return strcmp((*left)->text, (*right)->text);
}

static bool add_host(struct merger *merger, struct node *list, const struct node *key,
                     const struct node *value)
{
    char text[ENTRY_KEY_MAX];
    int length;

    if (value->kind != NODE_SCALAR)
        return false;
    length = snprintf(text, sizeof(text), "%s=%s", key->text, value->text);
    if (length >= ENTRY_KEY_MAX)
        return false;
    list->items[list->count] =
        merge_new_text(merger, text, (size_t)length, SCALAR_STRING, value->at);
    return list->items[list->count++] != NULL;
}

/* {host: address}, {host: [address, …]}: sorted, as the order of a mapping says nothing. */
static struct node *hosts_of(struct merger *merger, const struct node *map)
{
    struct node *list = merge_new_node(merger, NODE_LIST, map->at, map->nodes);

    for (size_t i = 0; list && i < map->count; i++) {
        const struct node *key = map->pairs[i].key, *value = map->pairs[i].value;
        size_t count = value->kind == NODE_LIST ? value->count : 1;

        for (size_t j = 0; j < count; j++)
            if (!add_host(merger, list, key, value->kind == NODE_LIST ? value->items[j] : value))
                return NULL;
    }
    if (list)
        qsort(list->items, list->count, sizeof(struct node *), by_text);
    return list;
}

struct node *merge_as_list(struct merger *merger, struct node *value, enum merge_how how)
{
    struct node *list;

    if (value->kind == NODE_LIST)
        return value;
    if (value->kind == NODE_MAP)
        return how == MERGE_HOSTS ? hosts_of(merger, value) : NULL;
    list = merge_new_node(merger, NODE_LIST, value->at, 1);
    if (list)
        list->items[list->count++] = value;
    return list;
}
