/* What can be checked only when a service, or all of them, have been read. */
#ifndef BULKHEAD_STACKFILE_CHECK_H
#define BULKHEAD_STACKFILE_CHECK_H

#include "stackfile/reader.h"

/* Sizes of one service against each other. */
void check_sizes(struct reader *reader, const struct spec_service *service);

/* Dependencies: every one known, none on itself or in a circle. Optional ones on services that do
 * not exist are dropped with a warning. -ENOMEM, else 0. */
int check_dependencies(struct reader *reader, struct spec_service *services, size_t count);

#endif
