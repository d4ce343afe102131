/* See tree.h. A key that was written wins over a merged one; of several merged mappings the earlier
 * wins (YAML merge key, yaml.org/type/merge.html). */
#include "stackfile/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stackfile/shown.h"

struct candidate {
    struct node_pair pair;
    size_t rank; // 0: written here; else the number of the merged mapping
    size_t order;
    bool dropped;
};

struct gathering {
    struct candidate *item;
    size_t count;
};

static int by_key(const void *a, const void *b)
{
    const struct candidate *left = a, *right = b;
    int order = strcmp(left->pair.key->text, right->pair.key->text);

    if (order)
        return order;
    return left->order < right->order ? -1 : left->order > right->order;
}

static int by_order(const void *a, const void *b)
{
    const struct candidate *left = a, *right = b;

    return left->order < right->order ? -1 : left->order > right->order;
}

static void gather(struct gathering *all, const struct node *map, size_t rank)
{
    for (size_t i = 0; i < map->count; i++) {
        if (rank == 0 && map->pairs[i].key->merge)
            continue;
        all->item[all->count] =
            (struct candidate){.pair = map->pairs[i], .rank = rank, .order = all->count};
        all->count++;
    }
}

/* How many pairs a merge value brings; a fault where it is not a mapping or a list of those. */
static size_t merged_pairs(const struct node *value, struct faults *faults)
{
    size_t count = 0;

    if (value->kind == NODE_MAP)
        return value->count;
    if (value->kind == NODE_SCALAR)
        goto refused;
    for (size_t i = 0; i < value->count; i++) {
        if (value->items[i]->kind != NODE_MAP)
            goto refused;
        count += value->items[i]->count;
    }
    return count;

refused:
    faults_add(faults, FAULT_ERROR, value->at,
               "write an alias, such as <<: *defaults, or a list of aliases",
               "<< merges a mapping or a list of mappings, and this is %s",
               value->kind == NODE_LIST ? "a list with something else" : node_kind_name(value));
    return 0;
}

static void gather_merged(struct gathering *all, const struct node *value)
{
    size_t rank = 1;

    if (value->kind == NODE_MAP)
        gather(all, value, rank);
    for (size_t i = 0; value->kind == NODE_LIST && i < value->count; i++)
        gather(all, value->items[i], rank++);
}

/* Of equal keys the first stays; two written ones are a fault. Sorted by key. */
static void drop_repeated(struct gathering *all, struct faults *faults)
{
    size_t first = 0;

    for (size_t i = 1; i < all->count; i++) {
        const struct node *key = all->item[i].pair.key, *before = all->item[first].pair.key;

        if (strcmp(key->text, before->text) != 0) {
            first = i;
            continue;
        }
        all->item[i].dropped = true;
        if (all->item[i].rank == 0)
            faults_add(faults, FAULT_ERROR, key->at, "keep one of them",
                       "the key \"%s\" is written twice: first in line %u", shown(key->text).text,
                       before->at.line);
    }
}

static void keep(struct node *map, const struct gathering *all)
{
    map->count = 0;
    for (size_t i = 0; i < all->count; i++)
        if (!all->item[i].dropped)
            map->pairs[map->count++] = all->item[i].pair;
    node_count(map);
}

int tree_finish_map(struct arena *arena, struct node *map, struct faults *faults)
{
    const struct node *merge = NULL;
    struct gathering all = {.count = 0};
    size_t errors = faults->errors, room = map->count;

    for (size_t i = 0; i < map->count; i++) {
        if (!map->pairs[i].key->merge)
            continue;
        if (merge)
            faults_add(faults, FAULT_ERROR, map->pairs[i].key->at,
                       "write one <<: with a list: <<: [*a, *b]",
                       "<< is written twice in one mapping");
        merge = map->pairs[i].value;
        room += merged_pairs(merge, faults);
    }
    if (faults->errors > errors)
        return 0;
    all.item = arena_array(arena, room, sizeof(*all.item));
    if (!all.item)
        return -ENOMEM;
    gather(&all, map, 0);
    if (merge) {
        gather_merged(&all, merge);
        map->pairs = arena_array(arena, room, sizeof(*map->pairs));
        if (!map->pairs)
            return -ENOMEM;
    }
    qsort(all.item, all.count, sizeof(*all.item), by_key);
    drop_repeated(&all, faults);
    qsort(all.item, all.count, sizeof(*all.item), by_order);
    keep(map, &all);
    return 0;
}
