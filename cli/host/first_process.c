/* See first_process.h. */
#include "cli/host/first_process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

bool is_first_process(void)
{
    return getpid() == 1;
}

void first_process_reaps(void)
{
    (void)signal(SIGCHLD, SIG_IGN); // wait(2): ignored on purpose, a child leaves no zombie
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ; // those that ended before
}
