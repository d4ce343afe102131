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
