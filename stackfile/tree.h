/* Finishing a mapping: merge keys are resolved, keys are proved unique. */
#ifndef BULKHEAD_STACKFILE_TREE_H
#define BULKHEAD_STACKFILE_TREE_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/fault.h"
#include "stackfile/node.h"

/* `map` has its pairs as they were written. What is wrong is in faults. -ENOMEM, else 0. */
int tree_finish_map(struct arena *arena, struct node *map, struct faults *faults);

#endif
