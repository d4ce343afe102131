/* grow heap|memfd|stacks STEP_BYTES PAUSE_MS [UP_TO_BYTES]: has STEP_BYTES more of that kind of
 * memory every PAUSE_MS, and rests when it has UP_TO_BYTES of it. Steps of the heap are small
 * allocations; each step of the stacks is another thread, which has touched so much of its own. */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PIECE ((size_t)1024)

static bool grow_heap(size_t bytes)
{
    for (size_t done = 0; done < bytes; done += PIECE) {
        char *more = malloc(PIECE);
        if (!more)
            return false;
        memset(more, 1, PIECE);
    }
    return true;
}

static bool grow_memfd(size_t bytes)
{
    static int fd = -1;
    static off_t size;
    char *more;

    if (fd < 0)
        fd = memfd_create("cache", 0);
    if (fd < 0 || ftruncate(fd, size + (off_t)bytes) < 0)
        return false;
    more = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, size);
    if (more == MAP_FAILED)
        return false;
    memset(more, 1, bytes);
    size += (off_t)bytes;
    return true;
}

static void *thread(void *bytes)
{
    volatile char *stack = __builtin_alloca((size_t)bytes);

    for (size_t i = 0; i < (size_t)bytes; i += PIECE)
        stack[i] = 1;
    for (;;)
        pause();
    return NULL;
}

static bool grow_stacks(size_t bytes)
{
    pthread_t id;

    return bytes < ((size_t)7 << 20) && pthread_create(&id, NULL, thread, (void *)bytes) == 0;
}

int main(int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : "";
    bool (*grow)(size_t) = strcmp(kind, "heap") == 0     ? grow_heap
                           : strcmp(kind, "memfd") == 0  ? grow_memfd
                           : strcmp(kind, "stacks") == 0 ? grow_stacks
                                                         : NULL;
    size_t step = argc > 3 ? strtoul(argv[2], NULL, 10) & ~(size_t)4095 : 0, has = 0;
    long pause_ms = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
    size_t most = argc > 4 ? strtoul(argv[4], NULL, 10) : (size_t)-1;
    struct timespec length = {pause_ms / 1000, pause_ms % 1000 * 1000000};

    if (!grow || step == 0) {
        fprintf(stderr, "usage: grow heap|memfd|stacks STEP_BYTES PAUSE_MS [UP_TO_BYTES]\n");
        return 2;
    }
    while (has < most && grow(step)) {
        has += step;
        nanosleep(&length, NULL);
    }
    for (;;)
        pause();
}
