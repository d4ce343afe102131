/* The load of the log benchmarks: at each SIGUSR1 a round of lines, as fast as stdout takes them.
 *
 * usage: gush WRITE_BYTES LINE_BYTES ROUND_BYTES
 *
 * Lines of LINE_BYTES each, newline included, WRITE_BYTES in one write(2). A round ends with a line
 * "end N" of a write of its own: N counts the rounds from 1 on. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);

        if (written <= 0)
            exit(1);
        bytes += written;
        length -= (size_t)written;
    }
}

int main(int argc, char **argv)
{
    size_t size[3] = {0};
    char *bytes, end[32];
    sigset_t wanted;
    int arrived;

    for (int i = 0; i < 3 && i + 1 < argc; i++)
        size[i] = strtoul(argv[i + 1], NULL, 10);
    bytes = size[0] > 0 && size[1] > 0 ? malloc(size[0]) : NULL;
    if (argc != 4 || !bytes) {
        fprintf(stderr, "usage: gush WRITE_BYTES LINE_BYTES ROUND_BYTES\n");
        free(bytes);
        return 2;
    }
    for (size_t i = 0; i < size[0]; i++)
        bytes[i] = (char)(i % size[1] == size[1] - 1 || i == size[0] - 1 ? '\n' : 'a' + i % 26);
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR1);
    sigprocmask(SIG_BLOCK, &wanted, NULL);
    for (unsigned round = 1;; round++) {
        if (sigwait(&wanted, &arrived) != 0)
            break;
        for (size_t done = 0; done < size[2]; done += size[0])
            write_all(bytes, size[0]);
        write_all(end, (size_t)snprintf(end, sizeof(end), "end %u\n", round));
    }
    free(bytes);
    return 1;
}
