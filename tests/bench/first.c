/* The service of the benchmarks: its first act is to read the clock.
 *
 * usage: first RING FIFO SLOT
 *
 * It notes the time of its first instruction in RING (ring.h), writes one byte into FIFO, which
 * wakes the driver after the fact, and is idle. SIGUSR1 makes it leak until the kernel ends it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/ring.h"

#define LEAK_BYTES ((size_t)1 << 30) // more than any limit here
#define PAGE_BYTES 4096

extern struct timespec began; // has a name for the assembler
struct timespec began;

/* The program's entry (linked with -e): the clock is read before the C library has run a single
 * instruction, which would be a cost of both sides and hide some of the difference. */
#if defined(__x86_64__)
__asm__(".globl first_instruction\n"
        "first_instruction:\n"
        "    mov $228, %eax\n" // clock_gettime
        "    mov $1, %edi\n"   // CLOCK_MONOTONIC
        "    lea began(%rip), %rsi\n"
        "    syscall\n"
        "    jmp _start\n");
#elif defined(__aarch64__)
__asm__(".globl first_instruction\n"
        "first_instruction:\n"
        "    mov x19, x0\n" // for _start
        "    mov x8, #113\n"
        "    mov x0, #1\n"
        "    adrp x1, began\n"
        "    add x1, x1, :lo12:began\n"
        "    svc #0\n"
        "    mov x0, x19\n"
        "    b _start\n");
#else
#error "say here how this processor makes a system call"
#endif

static int64_t nanoseconds(const struct timespec *time)
{
    return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

static struct ring *map_ring(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct ring *ring;

    if (fd < 0)
        return NULL;
    ring = mmap(NULL, sizeof(*ring), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return ring == MAP_FAILED ? NULL : ring;
}

static void tell(struct ring *ring, const char *fifo, int slot)
{
    uint32_t index = atomic_fetch_add(&ring->count, 1);
    int fd = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

    if (index < RING_BIRTHS) {
        ring->birth[index].pid = getpid();
        ring->birth[index].slot = slot;
        atomic_thread_fence(memory_order_release);
        ring->birth[index].began_ns = nanoseconds(&began);
    }
    if (fd >= 0) {
        (void)!write(fd, "", 1);
        close(fd);
    }
}

/* Page by page, with a sign of life before each: the last one is when it died. */
static void leak(struct ring *ring, int slot)
{
    volatile char *memory = mmap(NULL, LEAK_BYTES, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct timespec now;

    if (memory == MAP_FAILED)
        return;
    (void)madvise((void *)(uintptr_t)memory, LEAK_BYTES, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < LEAK_BYTES; i += PAGE_BYTES) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        ring->last_sign_ns[slot] = nanoseconds(&now);
        memory[i] = 1;
    }
}

int main(int argc, char **argv)
{
    struct ring *ring = argc == 4 ? map_ring(argv[1]) : NULL;
    int slot = argc == 4 ? (int)strtol(argv[3], NULL, 10) : -1, signal_number;
    sigset_t set;

    if (!ring || slot < 0 || slot >= RING_SLOTS) {
        fprintf(stderr, "usage: first RING FIFO SLOT\n");
        return 2;
    }
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    tell(ring, argv[2], slot);
    for (;;)
        if (sigwait(&set, &signal_number) == 0)
            leak(ring, slot);
}
