/* halfdead FILE STEP_BYTES: one thread appends to FILE without end, the main one waits until a
 * write hangs (a file system that is frozen), then touches STEP_BYTES more and more. Killed at its
 * limit, its main thread is a zombie as long as the other one is stuck in the kernel. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static atomic_long writes;

static void *append(void *fd)
{
    static const char block[512];

    while (pwrite(*(int *)fd, block, sizeof(block), 0) >= 0) {
        struct timespec pause = {0, 1000000};
        atomic_fetch_add(&writes, 1);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static void wait_until_it_hangs(void)
{
    struct timespec pause = {0, 300000000};
    long before;

    do {
        before = atomic_load(&writes);
        nanosleep(&pause, NULL);
    } while (before == 0 || before != atomic_load(&writes));
}

int main(int argc, char **argv)
{
    pthread_t thread;
    size_t step;
    int fd;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 3)
        return 2;
    step = (size_t)strtol(argv[2], NULL, 10);
    fd = open(argv[1], O_WRONLY | O_CREAT, 0600);
    if (fd < 0 || pthread_create(&thread, NULL, append, &fd) != 0)
        return 3;
    puts("halfdead: ready");
    wait_until_it_hangs();
    for (;;) {
        char *more = mmap(NULL, step, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (more != MAP_FAILED)
            memset(more, 1, step);
    }
}
