/* See tap.h. */
#include "recorder/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int tap_open(struct tap *tap)
{
    if (pipe2(tap->scratch, O_CLOEXEC | O_NONBLOCK) < 0) {
        tap->scratch[0] = tap->scratch[1] = tap->null = -1;
        return -errno;
    }
    tap->null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    return tap->null < 0 ? -errno : 0;
}

void tap_close(struct tap *tap)
{
    if (tap->scratch[0] >= 0) {
        close(tap->scratch[0]);
        close(tap->scratch[1]);
    }
    if (tap->null >= 0)
        close(tap->null);
    tap->scratch[0] = tap->scratch[1] = tap->null = -1;
}

size_t tap_peek(const struct tap *tap, int fifo, char *bytes, size_t size)
{
    ssize_t there = tee(fifo, tap->scratch[1], size, SPLICE_F_NONBLOCK);
    size_t done = 0;

    while (there > 0 && done < (size_t)there) {
        ssize_t got = read(tap->scratch[0], bytes + done, (size_t)there - done);

        if (got <= 0 && errno != EINTR)
            break;
        done += got > 0 ? (size_t)got : 0;
    }
    return done;
}

void tap_take(const struct tap *tap, int fifo, size_t size)
{
    while (size > 0) {
        ssize_t gone = splice(fifo, NULL, tap->null, NULL, size, SPLICE_F_NONBLOCK);

        if (gone < 0 && errno == EINTR)
            continue;
        if (gone <= 0)
            return;
        size -= (size_t)gone;
    }
}
