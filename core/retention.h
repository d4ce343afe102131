/* How much stays of what was: the limits of a stack's history.db. */
#ifndef BULKHEAD_CORE_RETENTION_H
#define BULKHEAD_CORE_RETENTION_H

#include "core/nsec.h"

struct retention {
    int64_t age_ns; // 0: as the recorder does without being told
    int64_t bytes;  // likewise
};

#define RETENTION_AGE_MIN   span_sec(3600)
#define RETENTION_BYTES_MIN ((int64_t)1 << 20)

#endif
