/* What the services of a benchmark write and its driver reads: one file on a tmpfs, mapped by all.
 * The driver (sides.py) makes it, full of zeros, and knows this layout. */
#ifndef BULKHEAD_TESTS_BENCH_RING_H
#define BULKHEAD_TESTS_BENCH_RING_H

#include <stdatomic.h>
#include <stdint.h>

enum {
    RING_BIRTHS = 65536,
    RING_SLOTS = 4096,
};

struct ring_birth {
    int64_t began_ns; // CLOCK_MONOTONIC at the first instruction
    int32_t pid;
    int32_t slot; // which service
};

struct ring {
    _Atomic uint32_t count;           // births so far; an entry may still be without its began_ns
    uint32_t unused[3];               //
    int64_t last_sign_ns[RING_SLOTS]; // by slot: the last instruction of a leaker
    struct ring_birth birth[RING_BIRTHS]; //
};

#endif
