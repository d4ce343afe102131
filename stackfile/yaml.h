/* YAML text to trees of nodes: the door of libyaml. */
#ifndef BULKHEAD_STACKFILE_YAML_H
#define BULKHEAD_STACKFILE_YAML_H

#include "core/arena.h"
#include "core/fault.h"
#include "stackfile/node.h"
#include "stackfile/stackfile.h"

struct yaml_documents {
    size_t count;
    struct node *root[STACKFILE_DOCUMENTS_MAX];
};

/* Reads the documents of a file within the bounds of stackfile.h. The trees belong to the arena;
 * the file's name ends up in their marks. 0: *ret_documents is filled, with none where the text
 * holds none. 1: what is wrong is in faults. -ENOMEM. */
int yaml_read(const struct stackfile_text *file, struct arena *arena, struct faults *faults,
              struct yaml_documents *ret_documents);

#endif
