/* A YAML document as a tree: what is between libyaml's events and the readers of keys.
 *
 * All of it lives in one arena, released when the spec is made. An alias is a second pointer to the
 * same node, so the tree is a graph without cycles; its size as seen by a walk is bounded
 * (stackfile.h). Merge keys (`<<`) are resolved already and keys are unique. */
#ifndef BULKHEAD_STACKFILE_NODE_H
#define BULKHEAD_STACKFILE_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/fault.h"
#include "stackfile/scalar.h"

enum node_kind {
    NODE_SCALAR,
    NODE_LIST,
    NODE_MAP,
};

struct node_pair {
    struct node *key; // a scalar
    struct node *value;
};

/* A large file has a quarter of a million of these: their size is what loading costs. */
struct node {
    enum node_kind kind;
    enum scalar_type type; // of a scalar
    struct mark at;
    union {
        const char *text;        // of a scalar: valid UTF-8 without NUL inside
        struct node **items;     // of a list
        struct node_pair *pairs; // of a map
    };
    uint32_t count;    // of bytes, items or pairs
    uint32_t nodes;    // itself and all below it, as a walk sees them
    uint32_t bytes;    // of the scalars in there
    uint8_t height;    // of the tree: 1 for a scalar
    uint8_t tag;       // enum node_tag
    bool tagged;       // it or something below it has a tag
    bool merge;        // a scalar: << without quotes, which as a key merges
    bool open;         // while its end has not been read
    bool dollars_done; // in it and below it; see interpolate.h
    bool expanded;     // a scalar: its text comes out of variables
    bool unknown;      // it or something below it has a text that could not be made
    bool broken;       // a service: what is wrong with it is said already
};

/* What a file says about the value of an earlier file (merge.h). */
enum node_tag {
    NODE_UNTAGGED,
    NODE_RESET,    // !reset: take it away
    NODE_OVERRIDE, // !override: take this for it, whatever it was
};

/* The value of a key, or NULL; NULL also where `map` is no map. */
const struct node *node_get(const struct node *map, const char *key);

/* Counts what is below a list or a mapping, whose children have been counted: nodes, bytes, height,
 * tagged and unknown. */
void node_count(struct node *node);

/* "a list", "a mapping", "a number", … for messages. */
const char *node_kind_name(const struct node *node);

#endif
