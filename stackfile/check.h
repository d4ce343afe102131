/* What can be checked only when a service, or all of them, have been read. */
#ifndef BULKHEAD_STACKFILE_CHECK_H
#define BULKHEAD_STACKFILE_CHECK_H

#include "stackfile/reader.h"

/* What one service says, against each other. */
void check_service(struct reader *reader, const struct spec_service *service);

/* Not more instances together than a stack may have. */
void check_instances(struct reader *reader, const struct spec_service *services, size_t count);

/* Dependencies: every one known, none on itself or in a circle. Optional ones on services that do
 * not exist are dropped with a warning. -ENOMEM, else 0. */
int check_dependencies(struct reader *reader, struct spec_service *services, size_t count);

/* Groups and who is in them: that they are there, and none in itself. */
void check_groups(struct reader *reader, const struct spec *spec);

#endif
