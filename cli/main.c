/* bulkhead: the command line. Finds the verb, runs it, exits with its status. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/host/folders.h"
#include "cli/help.h"
#include "cli/options.h"

/* The folder that the running program stands in. */
static int find_self_dir(char *path, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    char *slash;

    if (length < 0)
        return -errno;
    path[length] = '\0';
    slash = strrchr(path, '/');
    if (!slash)
        return -ENOENT;
    slash[slash == path] = '\0';
    return 0;
}

/* Without stdin, stdout and stderr the next open file would become one of them. */
static int have_standard_files(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return -1;
    return 0;
}

static int run(struct command_context *context, struct options *options)
{
    if (options->version) {
        puts("bulkhead " BULKHEAD_VERSION);
        return STATUS_DONE;
    }
    if (options->help) {
        if (context->command)
            help_verb(context->command);
        else
            help_all(commands);
        return STATUS_DONE;
    }
    if (!context->command) {
        help_all(commands);
        return STATUS_USAGE;
    }
    return context->command->run(context, options->argc, options->argv);
}

int main(int argc, char **argv)
{
    static char self_dir[4096];
    struct command_context context = {.environment = environ};
    struct options options;
    int status;

    if (have_standard_files() != 0)
        return STATUS_FAILED;
    signal(SIGPIPE, SIG_IGN);
    if (find_self_dir(self_dir, sizeof(self_dir)) == 0)
        context.self_dir = self_dir;
    status = options_read(&context, &options, commands, argc, argv);
    if (status == 0)
        status = run(&context, &options);
    if (fflush(stdout) != 0 && errno != EPIPE && status == STATUS_DONE)
        status = command_failed("cannot write the output: %s", strerror(errno));
    options_finish(&options);
    context_finish(&context);
    return status;
}
