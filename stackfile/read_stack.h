/* The document as a whole: top-level keys, the project's name, the services. */
#ifndef BULKHEAD_STACKFILE_READ_STACK_H
#define BULKHEAD_STACKFILE_READ_STACK_H

#include "core/spec.h"
#include "stackfile/reader.h"

/* Fills the spec but for its arena; what is wrong is in reader->faults. `root` may be NULL: an
 * empty file. -ENOMEM, else 0. */
int read_stack(struct reader *reader, const struct node *root, struct spec *spec);

#endif
