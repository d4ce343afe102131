/* append FILE: adds a line to FILE every 20 ms, through to the disk: hangs as soon as the file
 * system does. */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct timespec pause = {0, 20000000};
    int fd = argc == 2 ? open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;

    if (fd < 0) {
        perror("append");
        return 2;
    }
    while (write(fd, "line\n", 5) == 5)
        nanosleep(&pause, NULL);
    return 1;
}
