/* A FIFO read without losing what is in it: first a copy, then, when the copy is safe, the
 * original is taken out (tee(2), splice(2)). A process killed between the two leaves all there. */
#ifndef BULKHEAD_RECORDER_TAP_H
#define BULKHEAD_RECORDER_TAP_H

#include <stddef.h>

struct tap {
    int scratch[2];
    int null;
};

int tap_open(struct tap *tap); // 0 or a negative errno
void tap_close(struct tap *tap);

/* Copies what the FIFO has, at most `size` bytes. Returns how many; 0: nothing at present. */
size_t tap_peek(const struct tap *tap, int fifo, char *bytes, size_t size);

/* Takes `size` bytes out that were peeked at. */
void tap_take(const struct tap *tap, int fifo, size_t size);

#endif
