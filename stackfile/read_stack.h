/* The document as a whole: top-level keys, the project's name, the services. */
#ifndef BULKHEAD_STACKFILE_READ_STACK_H
#define BULKHEAD_STACKFILE_READ_STACK_H

#include "core/spec.h"
#include "stackfile/reader.h"

/* Whether a document can be a stack file at all; a fault says what it is otherwise. */
bool read_stack_usable(struct reader *reader, const struct node *root);

/* The name that a folder gives a project; "" where it gives none, NULL: the arena has failed. */
const char *read_stack_name_of(struct reader *reader, const char *folder);

/* Fills the spec but for its arena; what is wrong is in reader->faults. `root` is usable, or NULL:
 * there is no document. -ENOMEM, else 0. */
int read_stack(struct reader *reader, const struct node *root, struct spec *spec);

#endif
