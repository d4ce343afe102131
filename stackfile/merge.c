/* See merge.h. */
#include "stackfile/merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stackfile/merge_forms.h"
#include "stackfile/shown.h"

/* Where the merge is, for messages: "services.web.ports". */
struct place {
    const struct place *up;
    const char *key;
};

static struct node *merge_values(struct merger *merger, struct node *base, struct node *over,
                                 const struct merge_rule *rule, const struct place *place);

static bool is_null(const struct node *node)
{
    return node->kind == NODE_SCALAR && node->type == SCALAR_NULL;
}

/* --- tags --- */

/* NULL where the value is reset, or where something failed: the merger tells. */
struct node *merge_strip(struct merger *merger, struct node *node)
{
    struct node *copy;

    if (!node->tagged)
        return node;
    if (node->tag == NODE_RESET)
        return NULL;
    copy =
        merge_new_node(merger, node->kind, node->at, node->kind == NODE_SCALAR ? 0 : node->count);
    if (!copy)
        return NULL;
    if (node->kind == NODE_SCALAR) {
        *copy = *node;
        copy->tag = NODE_UNTAGGED;
    }
    for (size_t i = 0; node->kind == NODE_LIST && i < node->count; i++) {
        struct node *item = merge_strip(merger, node->items[i]);
        if (item)
            copy->items[copy->count++] = item;
    }
    for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
        struct node *value = merge_strip(merger, node->pairs[i].value);
        if (value)
            merge_add_pair(copy, node->pairs[i].key, value);
    }
    node_count(copy);
    return copy;
}

static struct node *taken(struct merger *merger, struct node *over)
{
    return merger->keep_tags ? over : merge_strip(merger, over);
}

/* --- mappings --- */

static int by_key(const void *a, const void *b)
{
    const struct node_pair *const *left = a, *const *right = b;

    return strcmp((*left)->key->text, (*right)->key->text);
}

/* The pairs of a mapping for look-up: sorted where that pays. */
struct lookup {
    struct node_pair *pairs;
    struct node_pair **sorted;
    size_t count;
};

static bool prepare(struct merger *merger, struct node_pair *pairs, size_t count, size_t wanted,
                    struct lookup *lookup)
{
    *lookup = (struct lookup){.pairs = pairs, .count = count};
    if (count * wanted <= 1024)
        return true;
    lookup->sorted = arena_array(merger->arena, count, sizeof(struct node_pair *));
    if (!lookup->sorted)
        return false;
    for (size_t i = 0; i < count; i++)
        lookup->sorted[i] = &pairs[i];
    qsort(lookup->sorted, count, sizeof(struct node_pair *), by_key);
    return true;
}

static struct node_pair *find(const struct lookup *lookup, struct node_pair *pair)
{
    struct node_pair **found;

    if (lookup->sorted) {
        found = bsearch(&pair, lookup->sorted, lookup->count, sizeof(struct node_pair *), by_key);
        return found ? *found : NULL;
    }
    for (size_t i = 0; i < lookup->count; i++)
        if (strcmp(lookup->pairs[i].key->text, pair->key->text) == 0)
            return &lookup->pairs[i];
    return NULL;
}

/* One key of `over`. `pair` is the base's, or NULL. What is to be left out becomes NULL. */
static bool merge_pair(struct merger *merger, struct node *map, struct node_pair *pair,
                       const struct node_pair *over, const struct merge_rule *rule,
                       const struct place *place)
{
    const struct place here = {place, over->key->text};
    struct node *value;

    if (!pair || over->value->tag != NODE_UNTAGGED)
        value = taken(merger, over->value);
    else
        value = merge_values(merger, pair->value, over->value, rule, &here);
    if (pair)
        pair->value = value;
    else if (value)
        merge_add_pair(map, over->key, value);
    return !merger->refused && !arena_failed(merger->arena);
}

static struct node *merge_maps(struct merger *merger, const struct node *base,
                               const struct node *over, const struct merge_rule *table,
                               const struct place *place)
{
    struct node *map =
        merge_new_node(merger, NODE_MAP, base->at, (size_t)base->count + over->count);
    struct lookup lookup;
    size_t kept = 0;

    if (!map)
        return NULL;
    if (base->count)
        memcpy(map->pairs, base->pairs, base->count * sizeof(*map->pairs));
    map->count = base->count;
    if (!prepare(merger, map->pairs, base->count, over->count, &lookup))
        return NULL;
    for (size_t i = 0; i < over->count; i++) {
        const struct merge_rule *rule = merge_rule_find(table, over->pairs[i].key->text);
        if (!merge_pair(merger, map, find(&lookup, &over->pairs[i]), &over->pairs[i], rule, place))
            return NULL;
    }
    for (size_t i = 0; i < map->count; i++)
        if (map->pairs[i].value)
            map->pairs[kept++] = map->pairs[i];
    map->count = (uint32_t)kept;
    map->broken = base->broken || over->broken;
    node_count(map);
    return map;
}

/* --- lists --- */

struct entry {
    struct node *item;
    const char *key; // NULL: equal to no other
    size_t order;
};

static int by_entry_key(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    int order = 0;

    if (left->key && right->key)
        order = strcmp(left->key, right->key);
    else if (left->key || right->key)
        return left->key ? 1 : -1;
    return order ? order : left->order < right->order ? -1 : left->order > right->order;
}

static int by_order(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;

    return left->order < right->order ? -1 : left->order > right->order;
}

/* Of equal entries the last one takes the place of the first. */
static bool unite(struct merger *merger, struct node *list, enum merge_entry entry)
{
    struct entry *entries = arena_array(merger->arena, list->count, sizeof(*entries));
    char room[ENTRY_KEY_MAX];
    size_t kept = 0;

    if (!entries)
        return false;
    for (size_t i = 0; i < list->count; i++) {
        const char *key = merge_entry_key(entry, list->items[i], room);
        entries[i] = (struct entry){list->items[i], key, i};
        if (key == room)
            entries[i].key = arena_string(merger->arena, room);
    }
    qsort(entries, list->count, sizeof(*entries), by_entry_key);
    for (size_t i = 0; i < list->count; i++) {
        if (kept > 0 && entries[i].key && entries[kept - 1].key &&
            strcmp(entries[kept - 1].key, entries[i].key) == 0)
            entries[kept - 1].item = entries[i].item;
        else
            entries[kept++] = entries[i];
    }
    qsort(entries, kept, sizeof(*entries), by_order);
    for (size_t i = 0; i < kept; i++)
        list->items[i] = entries[i].item;
    list->count = (uint32_t)kept;
    node_count(list);
    return !arena_failed(merger->arena);
}

static struct node *append(struct merger *merger, const struct node *base, const struct node *over)
{
    struct node *list =
        merge_new_node(merger, NODE_LIST, base->at, (size_t)base->count + over->count);

    if (!list)
        return NULL;
    if (base->count)
        memcpy(list->items, base->items, base->count * sizeof(struct node *));
    list->count = base->count;
    for (size_t i = 0; i < over->count; i++) {
        struct node *item = taken(merger, over->items[i]);
        if (item)
            list->items[list->count++] = item;
    }
    node_count(list);
    return list;
}

/* --- values --- */

/* Two forms that have nothing in common: said, and the base stays. */
static struct node *refuse(struct merger *merger, struct node *base, const struct node *over,
                           const struct place *place)
{
    const char *keys[8];
    char path[300] = "";
    size_t count = 0, used = 0;

    if (merger->refused || arena_failed(merger->arena))
        return NULL;
    for (; place && count < 8; place = place->up)
        keys[count++] = place->key;
    while (count > 0 && used < sizeof(path)) {
        count--;
        used += (size_t)snprintf(path + used, sizeof(path) - used, "%s%s", shown(keys[count]).text,
                                 count ? "." : "");
    }
    shown_trim(path);
    faults_add(merger->faults, FAULT_ERROR, over->at,
               "write it in the same form, or !override before it to replace all of it",
               "%s cannot be merged: %s here, and %s in %s:%u", path, node_kind_name(over),
               node_kind_name(base), base->at.file, base->at.line);
    return base;
}

static struct node *merge_deep(struct merger *merger, struct node *base, struct node *over,
                               const struct merge_rule *table, const struct place *place)
{
    if (base->kind == NODE_SCALAR)
        return taken(merger, over);
    if (base->kind != over->kind)
        return refuse(merger, base, over, place);
    return base->kind == NODE_MAP ? merge_maps(merger, base, over, table, place)
                                  : append(merger, base, over);
}

static struct node *merge_as_maps(struct merger *merger, struct node *base, struct node *over,
                                  const struct merge_rule *rule, const struct place *place)
{
    static const struct merge_rule replace[] = {{"*", MERGE_REPLACE, 0, NULL},
                                                {NULL, MERGE_DEEP, 0, NULL}};
    struct node *left = merge_as_map(merger, base, rule->how);
    struct node *right = merge_as_map(merger, over, rule->how);

    if (!left || !right)
        return refuse(merger, base, over, place);
    return merge_maps(merger, left, right, rule->how == MERGE_PAIRS ? replace : rule->below, place);
}

static struct node *merge_as_lists(struct merger *merger, struct node *base, struct node *over,
                                   const struct merge_rule *rule, const struct place *place)
{
    struct node *left = merge_as_list(merger, base, rule->how);
    struct node *right = merge_as_list(merger, over, rule->how);
    struct node *list;

    if (!left || !right)
        return refuse(merger, base, over, place);
    list = append(merger, left, right);
    if (list && rule->how != MERGE_LIST && !unite(merger, list, rule->entry))
        return NULL;
    return list;
}

static bool same_driver(const struct node *base, const struct node *over)
{
    const struct node *left = node_get(base, "driver"), *right = node_get(over, "driver");

    return !left || !right || left->kind != NODE_SCALAR || right->kind != NODE_SCALAR ||
           strcmp(left->text, right->text) == 0;
}

static struct node *merge_values(struct merger *merger, struct node *base, struct node *over,
                                 const struct merge_rule *rule, const struct place *place)
{
    enum merge_how how = rule ? rule->how : MERGE_DEEP;

    if (how == MERGE_REPLACE || is_null(base))
        return taken(merger, over);
    if (is_null(over))
        return base;
    switch (how) {
    case MERGE_PAIRS:
    case MERGE_NAMES:
    case MERGE_DEPENDS_ON:
    case MERGE_BUILD:
        return merge_as_maps(merger, base, over, rule, place);
    case MERGE_HOSTS:
    case MERGE_LIST:
    case MERGE_UNIQUE:
        return merge_as_lists(merger, base, over, rule, place);
    case MERGE_LOGGING:
        if (!same_driver(base, over))
            return taken(merger, over);
        break;
    case MERGE_DEEP:
    case MERGE_REPLACE:
        break;
    }
    return merge_deep(merger, base, over, rule ? rule->below : NULL, place);
}

struct node *merge_documents(struct merger *merger, struct node *base, struct node *over)
{
    const struct merge_rule document = {"", MERGE_DEEP, 0, merge_rules_document};

    if (!base)
        return taken(merger, over);
    return merge_values(merger, base, over, &document, NULL);
}

struct node *merge_services(struct merger *merger, struct node *base, struct node *over)
{
    const struct merge_rule service = {"", MERGE_DEEP, 0, merge_rules_service};
    bool keep_tags = merger->keep_tags;
    struct node *merged;

    merger->keep_tags = true;
    merged = merge_values(merger, base, over, &service, NULL);
    merger->keep_tags = keep_tags;
    return merged;
}
