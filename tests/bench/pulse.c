/* A busy service that has something to do each millisecond and notes how late it came to it.
 *
 * usage: pulse RING
 *
 * RING is a file of RING_BEATS + 1 numbers of 8 bytes: how many beats there were, and the lateness
 * of each in nanoseconds, modulo. A beat is 0.2 ms of work. */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define RING_BEATS 1048576
#define BEAT_NS    1000000
#define WORK_NS    200000

struct ring {
    _Atomic uint64_t count;
    int64_t late_ns[RING_BEATS];
};

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void wait_until(int64_t ns)
{
    struct timespec at = {ns / 1000000000, ns % 1000000000};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) != 0)
        ;
}

int main(int argc, char **argv)
{
    int fd = argc == 2 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;
    struct ring *ring = MAP_FAILED;
    int64_t due;

    if (fd >= 0)
        ring = mmap(NULL, sizeof(*ring), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (ring == MAP_FAILED) {
        fprintf(stderr, "usage: pulse RING\n");
        return 2;
    }
    for (due = now_ns() + BEAT_NS;; due += BEAT_NS) {
        uint64_t beat = atomic_load(&ring->count);
        int64_t now;

        wait_until(due);
        now = now_ns();
        ring->late_ns[beat % RING_BEATS] = now - due;
        atomic_store(&ring->count, beat + 1);
        while (now_ns() < now + WORK_NS)
            ;
        if (now - due > BEAT_NS)
            due = now; // what was missed is one late beat, and not many
    }
}
