/* Stands where bulkhead-keeper stands: stops, so that somebody can follow what it makes, and then
 * becomes it. The program beside it is the same under its other name. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - sizeof("bulkheadd"));
    char *slash;

    path[length > 0 ? length : 0] = '\0';
    slash = strrchr(path, '/');
    if (argc < 1 || !slash)
        return 2;
    strcpy(slash + 1, "bulkheadd");
    (void)raise(SIGSTOP);
    execv(path, argv);
    perror(path);
    return 1;
}
