/* The file of core/sample.h: made in full, written place by place, never waited for. */
#ifndef BULKHEAD_SUPERVISOR_SAMPLE_RING_H
#define BULKHEAD_SUPERVISOR_SAMPLE_RING_H

#include "core/sample.h"

struct sample_ring {
    int file; // -1: there is none
    struct sample_head head;
};

/* Makes PATH_SAMPLES anew in the directory; it is there when it is whole. 0 or negative errno. */
int sample_ring_make(struct sample_ring *ring, int dir, uint64_t epoch);
/* Goes on where another writer ended. 0 or negative errno: it is not there, or no such file. */
int sample_ring_continue(struct sample_ring *ring, int dir);
void sample_ring_close(struct sample_ring *ring);

/* The next `count` samples, encoded with the numbers from head.next on. 0, or negative errno:
 * they are not there, and the next ones take their places. */
int sample_ring_write(struct sample_ring *ring, unsigned char (*places)[SAMPLE_PLACE_BYTES],
                      uint32_t count);

#endif
