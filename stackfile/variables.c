/* See variables.h. */
#include "stackfile/variables.h"

#include <errno.h>
#include <string.h>

static uint32_t hash_of(const char *name, size_t length)
{
    uint32_t hash = 2166136261u; // FNV-1a

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)name[i]) * 16777619u;
    return hash;
}

static bool is_named(const struct variable *variable, const char *name, size_t length,
                     uint32_t hash)
{
    return variable->hash == hash && variable->name_length == length &&
           memcmp(variable->name, name, length) == 0;
}

/* The slot of a name: where it is, or where it would go. There is always an empty one. */
static uint32_t *slot_of(const struct variables *variables, const char *name, size_t length,
                         uint32_t hash)
{
    size_t mask = 2 * variables->room - 1;
    size_t at = hash & mask;

    while (variables->slot[at] &&
           !is_named(&variables->item[variables->slot[at] - 1], name, length, hash))
        at = (at + 1) & mask;
    return &variables->slot[at];
}

const struct variable *variables_find(const struct variables *variables, const char *name,
                                      size_t length)
{
    const struct variable *found = NULL;
    uint32_t hash = hash_of(name, length);

    for (; variables; variables = variables->over) {
        uint32_t slot = variables->room ? *slot_of(variables, name, length, hash) : 0;
        if (slot)
            found = &variables->item[slot - 1]; // the outermost layer has the last word
    }
    return found;
}

static int grow(struct variables *variables)
{
    size_t room = variables->room ? 2 * variables->room : 64;
    struct variable *item = arena_array(variables->arena, room, sizeof(*item));
    uint32_t *slot = arena_array(variables->arena, 2 * room, sizeof(*slot));

    if (!item || !slot)
        return -ENOMEM;
    if (variables->count)
        memcpy(item, variables->item, variables->count * sizeof(*item));
    variables->item = item;
    variables->slot = slot;
    variables->room = room;
    for (size_t i = 0; i < variables->count; i++)
        *slot_of(variables, item[i].name, item[i].name_length, item[i].hash) = (uint32_t)i + 1;
    return 0;
}

int variables_put(struct variables *variables, const struct variable *variable)
{
    struct variable added = *variable;
    uint32_t *slot;

    added.hash = hash_of(added.name, added.name_length);
    if (variables->count == variables->room && grow(variables) != 0)
        return -ENOMEM;
    slot = slot_of(variables, added.name, added.name_length, added.hash);
    if (*slot) {
        variables->item[*slot - 1] = added;
        return 0;
    }
    if (variables->count == VARIABLES_MAX)
        return 1;
    variables->item[variables->count++] = added;
    *slot = (uint32_t)variables->count;
    return 0;
}

int variables_take_environment(struct variables *variables, const char *const *environment)
{
    for (; environment && *environment; environment++) {
        const char *equals = strchr(*environment, '=');
        size_t length = equals ? strlen(equals + 1) : 0;
        int rc;

        if (!equals || equals == *environment || length > UINT32_MAX)
            continue;
        rc = variables_put(variables, &(struct variable){
                                          .name = *environment,
                                          .name_length = (uint32_t)(equals - *environment),
                                          .value = equals + 1,
                                          .value_length = (uint32_t)length,
                                      });
        if (rc)
            return rc;
    }
    return 0;
}

size_t variable_name_length(const char *text, size_t length)
{
    size_t used = 0;

    while (used < length) {
        char c = text[used];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

        if (!letter && (used == 0 || c < '0' || c > '9'))
            break;
        used++;
    }
    return used;
}
