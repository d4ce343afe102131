/* steady [ignore-term]: says that it is ready and waits to be ended; SIGTERM ends it with status 0,
 * or does nothing. The sibling that nothing must happen to, and the service that does not want to
 * go. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void say(const char *text)
{
    ssize_t ignored = write(STDOUT_FILENO, text, strlen(text));

    (void)ignored;
}

static void leave(int signal)
{
    (void)signal;
    say("steady: bye\n");
    _exit(0);
}

int main(int argc, char **argv)
{
    struct sigaction on_term = {.sa_handler = leave};

    if (argc > 1 && strcmp(argv[1], "ignore-term") == 0)
        on_term.sa_handler = SIG_IGN;
    sigaction(SIGTERM, &on_term, NULL);
    say("steady: ready\n");
    for (;;)
        pause();
}
