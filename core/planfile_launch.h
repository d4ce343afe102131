/* What planfile.c needs of a launch record to put it into a plan file. Private to planfile*.c. */
#ifndef BULKHEAD_CORE_PLANFILE_LAUNCH_H
#define BULKHEAD_CORE_PLANFILE_LAUNCH_H

#include "core/pack.h"
#include "core/planfile.h"

void planfile_launch_pack(struct packer *packer, const struct launch *launch);
size_t planfile_launch_size(const struct launch *launch);

#endif
