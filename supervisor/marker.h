/* The line that tells a cause of death in the member's own log. Pure. */
#ifndef BULKHEAD_SUPERVISOR_MARKER_H
#define BULKHEAD_SUPERVISOR_MARKER_H

#include <stddef.h>

#include "core/verdict.h"

#define MARKER_BYTES 1024 // with the newline and a NUL; less than PIPE_BUF

/* The line as it goes into the FIFO (MARKER_PREFIX of core/paths.h); its length. */
size_t marker_line(const struct verdict *verdict, char line[MARKER_BYTES]);

#endif
