/* Dollars in values. */
#ifndef BULKHEAD_STACKFILE_INTERPOLATE_H
#define BULKHEAD_STACKFILE_INTERPOLATE_H

#include <stdbool.h>

#include "stackfile/reader.h"

/* Makes `$$` a dollar in every scalar below `value`. A variable ($NAME, ${…}) is a fault and makes
 * the answer false: the value is not known. A dollar that starts none stays, as in Compose. Each
 * node is treated once, however often it is read. */
bool interpolate(struct reader *reader, struct node *value);

#endif
