/* chatter LINES BYTES: writes LINES numbered lines of BYTES each as fast as it can, then waits to
 * be ended. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    long lines = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
    int bytes = argc == 3 ? (int)strtol(argv[2], NULL, 10) : 0;

    for (long i = 0; i < lines; i++)
        printf("chatter %ld %0*d\n", i, bytes, 0);
    fflush(stdout);
    for (;;)
        pause();
}
