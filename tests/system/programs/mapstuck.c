/* mapstuck FILE BYTES: maps FILE, and after SIGUSR1 (the file system is frozen by then) one thread
 * writes to that memory and another one changes its mapping: the first waits for the disk, the
 * second for the first, and whoever wants to read the memory map of this process (/proc/PID/smaps)
 * for the second. A child of it then takes BYTES. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { LENGTH = 4096 };

static char *file;

static void *scribble(void *nothing)
{
    *(volatile char *)file = 1;
    return nothing;
}

static void *change(void *nothing)
{
    struct timespec pause = {0, 300000000}; // the other one has its page fault meanwhile

    nanosleep(&pause, NULL);
    (void)!madvise(file, LENGTH, MADV_DONTDUMP);
    return nothing;
}

static _Noreturn void hold(size_t bytes)
{
    struct timespec pause = {1, 0};
    char *more;

    nanosleep(&pause, NULL);
    more = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (more == MAP_FAILED)
        _exit(4);
    for (;;) { // who uses no processor is not looked at
        memset(more, 1, bytes);
        nanosleep(&pause, NULL);
    }
}

int main(int argc, char **argv)
{
    pthread_t threads[2];
    sigset_t set;
    int fd, number;

    if (argc != 3)
        return 2;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    fd = open(argv[1], O_RDWR | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, LENGTH) < 0)
        return 3;
    file = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (file == MAP_FAILED || *(volatile char *)file != 0)
        return 3;
    puts("mapstuck: ready");
    fflush(stdout);
    sigwait(&set, &number);
    if (fork() == 0)
        hold((size_t)strtol(argv[2], NULL, 10));
    if (pthread_create(&threads[0], NULL, scribble, NULL) != 0 ||
        pthread_create(&threads[1], NULL, change, NULL) != 0)
        return 4;
    for (;;)
        pause();
}
