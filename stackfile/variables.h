/* Variables that a stack file may name, in layers: the process's environment over the files that
 * were asked for, over those of an include. The layer that is asked first wins. */
#ifndef BULKHEAD_STACKFILE_VARIABLES_H
#define BULKHEAD_STACKFILE_VARIABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/fault.h"

#define VARIABLES_MAX 4096 // of one layer; what is beyond is refused

struct variable {
    const char *name;
    const char *value;
    uint32_t name_length;
    uint32_t value_length;
    uint32_t hash;
    struct mark at; // zeroed: from the environment
};

struct variables {
    struct arena *arena;          // of the table; names and values are borrowed
    const struct variables *over; // asked first, or NULL
    struct variable *item;        // in the order of their first appearance
    size_t count, room;
    uint32_t *slot; // open addressing: index + 1 into item, twice as many as room
};

const struct variable *variables_find(const struct variables *variables, const char *name,
                                      size_t length);

/* Sets a variable of this layer, over an earlier value. 0; 1: there are VARIABLES_MAX; -ENOMEM. */
int variables_put(struct variables *variables, const struct variable *variable);

/* Takes "NAME=value" texts; NULL-terminated, NULL: none. What is no such text is passed over. */
int variables_take_environment(struct variables *variables, const char *const *environment);

/* A letter or _, then letters, digits and _: the length of the name that `text` starts with. */
size_t variable_name_length(const char *text, size_t length);

#endif
