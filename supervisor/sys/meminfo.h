/* How much memory the host has. */
#ifndef BULKHEAD_SUPERVISOR_SYS_MEMINFO_H
#define BULKHEAD_SUPERVISOR_SYS_MEMINFO_H

#include <stdint.h>

/* What it has to give: MemAvailable of /proc/meminfo, proc(5). 0: not known. */
int64_t meminfo_available(void);

#endif
