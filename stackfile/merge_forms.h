/* The forms that a key may be written in, brought into one so that they can be merged; and the
 * nodes that merging makes. All return NULL when the arena has failed or the merger has refused. */
#ifndef BULKHEAD_STACKFILE_MERGE_FORMS_H
#define BULKHEAD_STACKFILE_MERGE_FORMS_H

#include "stackfile/merge.h"
#include "stackfile/merge_rules.h"

/* An empty node with room for `room` children. */
struct node *merge_new_node(struct merger *merger, enum node_kind kind, struct mark at,
                            size_t room);
struct node *merge_new_text(struct merger *merger, const char *text, size_t length,
                            enum scalar_type type, struct mark at);

/* Adds a pair to a mapping that has room for it. False where the key or the value is NULL. */
bool merge_add_pair(struct node *map, struct node *key, struct node *value);

/* A value in any form that `how` knows as a mapping or as a list; NULL also where it is in none. */
struct node *merge_as_map(struct merger *merger, struct node *value, enum merge_how how);
struct node *merge_as_list(struct merger *merger, struct node *value, enum merge_how how);

#endif
