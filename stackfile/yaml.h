/* YAML text to a tree of nodes: the door of libyaml. */
#ifndef BULKHEAD_STACKFILE_YAML_H
#define BULKHEAD_STACKFILE_YAML_H

#include "core/arena.h"
#include "core/fault.h"
#include "stackfile/node.h"

/* Reads one document within the bounds of stackfile.h. `file` ends up in the marks. The tree
 * belongs to the arena. 0: *ret_root is the root, NULL where the text holds no document.
 * 1: what is wrong is in faults. -ENOMEM. */
int yaml_read(const char *file, const char *text, size_t length, struct arena *arena,
              struct faults *faults, struct node **ret_root);

#endif
