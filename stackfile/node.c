/* See node.h. */
#include "stackfile/node.h"

#include <string.h>

const struct node *node_get(const struct node *map, const char *key)
{
    if (map->kind != NODE_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->pairs[i].key->text, key) == 0)
            return map->pairs[i].value;
    return NULL;
}

static uint32_t sum(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static void count_child(struct node *node, const struct node *child)
{
    node->nodes = sum(node->nodes, child->nodes);
    node->bytes = sum(node->bytes, child->bytes);
    if (node->height <= child->height)
        node->height = child->height < UINT8_MAX ? child->height + 1 : UINT8_MAX;
    node->tagged = node->tagged || child->tagged;
    node->unknown = node->unknown || child->unknown;
}

void node_count(struct node *node)
{
    node->nodes = 1;
    node->bytes = node->kind == NODE_SCALAR ? node->count : 0;
    node->height = 1;
    node->tagged = node->tag != NODE_UNTAGGED;
    if (node->kind == NODE_SCALAR)
        return;
    node->unknown = false;
    for (size_t i = 0; node->kind == NODE_LIST && i < node->count; i++)
        count_child(node, node->items[i]);
    for (size_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
        count_child(node, node->pairs[i].key);
        count_child(node, node->pairs[i].value);
    }
}

const char *node_kind_name(const struct node *node)
{
    switch (node->kind) {
    case NODE_LIST:
        return "a list";
    case NODE_MAP:
        return "a mapping";
    case NODE_SCALAR:
        break;
    }
    switch (node->type) {
    case SCALAR_NULL:
        return "nothing";
    case SCALAR_BOOL:
        return "a boolean";
    case SCALAR_INT:
    case SCALAR_FLOAT:
        return "a number";
    case SCALAR_STRING:
        break;
    }
    return "a text";
}
