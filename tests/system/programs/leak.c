/* leak [-f FILE BYTES] STEP_BYTES PAUSE_MS: touches STEP_BYTES more every PAUSE_MS and never gives
 * any back. With -f it first leaves BYTES in FILE: on a tmpfs they are memory that outlives the
 * process. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static int leave_behind(const char *name, long bytes)
{
    static const char block[4096];
    int fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0600);

    if (fd < 0)
        return -errno;
    for (long done = 0; done < bytes; done += (long)sizeof(block))
        if (write(fd, block, sizeof(block)) < 0)
            return -errno;
    close(fd);
    return 0;
}

static void leak(size_t step, long pause_ms)
{
    struct timespec pause = {pause_ms / 1000, pause_ms % 1000 * 1000000};

    for (;;) {
        char *more = mmap(NULL, step, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (more != MAP_FAILED)
            memset(more, 1, step);
        if (pause_ms > 0)
            nanosleep(&pause, NULL);
    }
}

int main(int argc, char **argv)
{
    int first = argc > 3 && strcmp(argv[1], "-f") == 0 ? 4 : 1;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != first + 2) {
        fprintf(stderr, "usage: leak [-f FILE BYTES] STEP_BYTES PAUSE_MS\n");
        return 2;
    }
    puts("leak: start");
    if (first == 4 && leave_behind(argv[2], strtol(argv[3], NULL, 10)) != 0)
        return 3;
    leak((size_t)strtol(argv[first], NULL, 10), strtol(argv[first + 1], NULL, 10));
    return 0;
}
