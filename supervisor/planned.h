/* A plan file's index, read and checked: who is in the stack. */
#ifndef BULKHEAD_SUPERVISOR_PLANNED_H
#define BULKHEAD_SUPERVISOR_PLANNED_H

#include <stddef.h>

#include "core/roster.h"

/* 0, or 1 with the reason in `why`. */
int planned_read(int plan, struct roster *ret, char *why, size_t why_size);

#endif
