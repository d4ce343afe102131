/* See clock.h. */
#include "supervisor/sys/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t clock)
{
    struct timespec time = {0};

    clock_gettime(clock, &time); // fails for no clock that every kernel has
    return (int64_t)time.tv_sec * NSEC_PER_SEC + time.tv_nsec;
}

instant clock_now(void)
{
    return (instant){read_clock(CLOCK_MONOTONIC)};
}

int64_t clock_wall_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}
