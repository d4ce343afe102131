/* scribe COUNTS LINES line|block: writes numbered lines as fast as it can, LINES in all of its
 * incarnations together, and then waits to be ended.
 *
 * COUNTS is a file of 8-byte numbers that outlives us: our PID, the number of incarnations, how
 * many lines may be written so far, and for each incarnation how many a write(2) has certainly
 * taken. "line": a write each; "block": what fits into 4 KiB, as stdio does, so that lines go from
 * one write into the next. After SIGUSR1 it leaks with each write until the kernel ends it, writing
 * all the time. */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNTS_MAX  512
#define BLOCK_BYTES 4096
#define LEAK_BYTES  ((size_t)256 * 1024)
#define LINE_MAX    160

enum { PID, INCARNATIONS, ALLOWED, TAKEN }; // in COUNTS

static volatile sig_atomic_t leaks;

static void begin_to_leak(int number)
{
    (void)number;
    leaks = 1;
}

static void leak(void)
{
    char *more = mmap(NULL, LEAK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (more != MAP_FAILED)
        memset(more, 1, LEAK_BYTES);
}

static void write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);

        if (written <= 0)
            exit(1);
        bytes += written;
        length -= (size_t)written;
    }
    if (leaks)
        leak();
}

static void wait_for_leave(const volatile uint64_t *allowed, uint64_t number)
{
    while (*allowed <= number) {
        if (leaks)
            leak();
        usleep(1000);
    }
}

/* "scribe 3 17 xxx": how many x follows from the number, so that a line that was cut or joined
 * shows.
 */
static size_t make_line(char line[LINE_MAX], uint64_t incarnation, uint64_t number)
{
    int head = snprintf(line, LINE_MAX, "scribe %llu %llu ", (unsigned long long)incarnation,
                        (unsigned long long)number);
    size_t filling = (size_t)(number * 7919 % 61);

    memset(line + head, 'x', filling);
    line[(size_t)head + filling] = '\n';
    return (size_t)head + filling + 1;
}

/* What is in `block` but not written counts as soon as it is. */
static void write_lines(volatile uint64_t *counts, uint64_t done, uint64_t lines,
                        size_t write_bytes)
{
    uint64_t incarnation = counts[INCARNATIONS]++;
    volatile uint64_t *taken = &counts[TAKEN + incarnation];
    char block[BLOCK_BYTES + LINE_MAX] = {0};
    size_t used = 0;

    for (uint64_t number = 0; done + number < lines; number++) {
        size_t now;

        wait_for_leave(&counts[ALLOWED], done + number);
        used += make_line(block + used, incarnation, number);
        if (used < write_bytes)
            continue;
        now = write_bytes > 1 ? write_bytes : used;
        write_all(block, now);
        used -= now;
        memmove(block, block + now, used);
        *taken = used > 0 ? number : number + 1;
    }
    write_all(block, used);
    *taken = done < lines ? lines - done : 0;
}

int main(int argc, char **argv)
{
    uint64_t lines = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    int fd = argc == 4 ? open(argv[1], O_RDWR) : -1;
    size_t size = COUNTS_MAX * sizeof(uint64_t);
    uint64_t *counts = MAP_FAILED;
    uint64_t done = 0;

    if (fd >= 0)
        counts = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (counts == MAP_FAILED || counts[INCARNATIONS] >= COUNTS_MAX - TAKEN) {
        fprintf(stderr, "usage: scribe COUNTS LINES line|block\n");
        return 2;
    }
    signal(SIGUSR1, begin_to_leak);
    counts[PID] = (uint64_t)getpid();
    for (uint64_t i = 0; i < counts[INCARNATIONS]; i++)
        done += counts[TAKEN + i];
    write_lines(counts, done, lines, strcmp(argv[3], "block") == 0 ? BLOCK_BYTES : 1);
    for (;;) {
        if (leaks)
            leak();
        usleep(1000);
    }
}
