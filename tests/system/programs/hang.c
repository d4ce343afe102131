/* hang FILE WHEN MIB [PORT LOCK]: has MIB of memory, listens on PORT and holds a lock on LOCK; once
 * there is a file WHEN, it writes to FILE without end: hangs as soon as that file system does. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int hold(const char *port, const char *path)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (listener < 0 || lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0 ||
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(listener, 1) < 0) {
        perror("hang");
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct timespec pause = {0, 20000000};
    size_t bytes;
    char *memory;
    int fd;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 4 && argc != 6)
        return 2;
    if (argc == 6 && hold(argv[4], argv[5]) != 0)
        return 3;
    bytes = (size_t)strtoul(argv[3], NULL, 10) << 20;
    memory = malloc(bytes + 1);
    if (!memory)
        return 4;
    memset(memory, 1, bytes + 1);
    puts("hang: ready");
    while (access(argv[2], F_OK) != 0)
        nanosleep(&pause, NULL);
    fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    while (fd >= 0 && write(fd, memory, 5) == 5)
        nanosleep(&pause, NULL);
    perror("hang");
    free(memory);
    return 1;
}
