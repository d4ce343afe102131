/* Merging stack files: a later one over an earlier one, by Compose's rules.
 *
 * Mappings are merged key by key, lists are appended, everything else is replaced; some keys have
 * rules of their own (merge_rules.c). !reset takes away what was there, !override replaces it.
 * Nothing is changed in place: what both have is shared, what differs is made anew in the arena.
 * Source: compose-go, package override. */
#ifndef BULKHEAD_STACKFILE_MERGE_H
#define BULKHEAD_STACKFILE_MERGE_H

#include "core/arena.h"
#include "core/fault.h"
#include "stackfile/node.h"

#define MERGE_PAIRS_MAX ((size_t)1 << 21) // keys and items that merging may put down in all

struct merger {
    struct arena *arena;
    struct faults *faults;
    size_t made;  // keys and items put down so far
    bool refused; // beyond MERGE_PAIRS_MAX, which is a fault
    bool keep_tags;
};

/* Whole documents. `base` may be NULL. The outcome has no tags any more, unless keep_tags is set:
 * it is to be merged over something else then. NULL: the arena has failed, or `refused`. */
struct node *merge_documents(struct merger *merger, struct node *base, struct node *over);

/* One service; always keeps the tags of `over`. */
struct node *merge_services(struct merger *merger, struct node *base, struct node *over);

/* The same tree without tags: reset values are left out. NULL for a value that is reset itself. */
struct node *merge_strip(struct merger *merger, struct node *node);

#endif
