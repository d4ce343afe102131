/* What people are shown of one member: a row of core/wire.h. Pure. */
#ifndef BULKHEAD_SUPERVISOR_ROW_H
#define BULKHEAD_SUPERVISOR_ROW_H

#include "core/fleet.h"
#include "core/wire.h"

void row_fill(const struct fleet *fleet, uint32_t index, instant now, struct wire_row *row);

#endif
