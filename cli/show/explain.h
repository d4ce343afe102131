/* Small things of the launching side: one finding made by hand, and time that only goes forward. */
#ifndef BULKHEAD_CLI_SHOW_EXPLAIN_H
#define BULKHEAD_CLI_SHOW_EXPLAIN_H

#include <stdint.h>

#include "core/fault.h"

/* Fills *ret with an error that has no place in a file; `remedy` may be NULL. Returns 1. */
int explain(struct fault *ret, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

int64_t monotonic_ms(void);

#endif
