/* The clocks. Source: clock_gettime(2). */
#ifndef BULKHEAD_SUPERVISOR_SYS_CLOCK_H
#define BULKHEAD_SUPERVISOR_SYS_CLOCK_H

#include "core/nsec.h"

instant clock_now(void);     // CLOCK_MONOTONIC
int64_t clock_wall_ns(void); // CLOCK_REALTIME, for people

#endif
