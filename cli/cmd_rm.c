/* bulkhead rm: forgets services that rest, with what they left. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/stack/ask.h"
#include "cli/commands.h"
#include "cli/show/row.h"
#include "core/paths.h"

/* Who is chosen and rests; the others are told of. */
static uint32_t keep_resting(const struct watch *watch, bool *chosen, bool named)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < watch->rows_count; i++) {
        const struct wire_row *row = &watch->rows[i];

        if (!chosen[i])
            continue;
        chosen[i] = row_is_at_rest(row);
        count += chosen[i];
        if (!chosen[i] && named)
            command_note("%s is %s and stays: --stop stops it first", row->name,
                         state_name((enum state)row->state));
    }
    return count;
}

/* 1: yes; 0: no; -1: there is nobody to ask. */
static int ask_person(const struct watch *watch, const bool *chosen)
{
    const char *before = "";
    char answer[16];

    if (isatty(STDIN_FILENO) != 1)
        return -1;
    fputs("going to remove ", stderr);
    for (uint32_t i = 0; i < watch->rows_count; i++) {
        if (!chosen[i])
            continue;
        fprintf(stderr, "%s%s", before, watch->rows[i].name);
        before = ", ";
    }
    fputs("; are you sure? [yN] ", stderr);
    return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int forget(const struct command_context *context, const struct watch *watch,
                  const bool *chosen)
{
    struct wire_request request = {.verb = WIRE_FORGET};
    struct fault fault;

    for (uint32_t i = 0; i < watch->rows_count; i++) {
        if (chosen[i])
            request.names[request.names_count++] = watch->rows[i].name;
        if (request.names_count == 0 || (request.names_count < 256 && i + 1 < watch->rows_count))
            continue;
        if (client_request(context->runtime_dir, context->stack, &request, &fault) != 0)
            return ask_failed(&fault);
        request.names_count = 0;
    }
    return 0;
}

/* --- logs ------------------------------------------------------------------------------------- */

/* Whose log is that: "web-1.log" or "web-1.log.3"? */
static const struct wire_row *owner(const struct watch *watch, const bool *chosen, const char *file)
{
    for (uint32_t i = 0; i < watch->rows_count; i++) {
        size_t length = strlen(watch->rows[i].name);

        if (chosen[i] && strncmp(file, watch->rows[i].name, length) == 0 &&
            strncmp(file + length, ".log", 4) == 0 &&
            (file[length + 4] == '\0' || file[length + 4] == '.'))
            return &watch->rows[i];
    }
    return NULL;
}

/* The recorder appends to the current one for as long as it lives: that is emptied, not removed. */
static int remove_log(int folder, const char *file)
{
    int fd;

    if (strcmp(strrchr(file, '.'), ".log") != 0)
        return unlinkat(folder, file, 0) == 0 || errno == ENOENT ? 0 : -errno;
    fd = openat(folder, file, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    close(fd);
    return 0;
}

static int remove_logs(const struct command_context *context, const struct watch *watch,
                       const bool *chosen)
{
    char path[4096];
    const struct dirent *entry;
    DIR *folder;
    int failed = 0;

    if ((size_t)snprintf(path, sizeof(path), "%s/" PATH_LOGS, context->state_dir) >= sizeof(path))
        return command_failed("the path of the logs is too long");
    folder = opendir(path);
    while (folder && failed == 0 && (entry = readdir(folder)))
        if (owner(watch, chosen, entry->d_name))
            failed = remove_log(dirfd(folder), entry->d_name);
    if (!folder && errno != ENOENT)
        failed = -errno;
    if (folder)
        closedir(folder);
    return failed == 0 ? 0
                       : command_failed("cannot remove logs in %s: %s", path, strerror(-failed));
}

/* --- the verb --------------------------------------------------------------------------------- */

static int remove_chosen(const struct command_context *context, const struct watch *watch,
                         bool *chosen, bool named)
{
    int agreed = 1;
    int status;

    if (keep_resting(watch, chosen, named) == 0) {
        command_note("nothing is at rest: nothing to remove");
        return STATUS_DONE;
    }
    if (!option_given(context, "force"))
        agreed = ask_person(watch, chosen);
    if (agreed < 0)
        return command_failed("rm asks before it removes, and nobody is here: say --force");
    if (agreed == 0)
        return STATUS_DONE;
    status = forget(context, watch, chosen);
    if (status == 0 && option_given(context, "volumes"))
        status = remove_logs(context, watch, chosen);
    return status;
}

static int run(struct command_context *context, int argc, char **argv)
{
    struct watch watch = {0};
    bool *chosen;
    int status = 0;

    if (option_given(context, "stop"))
        status = command_stop.run(context, argc, argv);
    if (status == 0)
        status = ask_snapshot(context, &watch);
    if (status != 0)
        return status;
    chosen = ask_choose(&watch, argv + 1, (size_t)(argc - 1));
    status = chosen ? remove_chosen(context, &watch, chosen, argc > 1) : STATUS_FAILED;
    free(chosen);
    watch_close(&watch);
    return status;
}

static const struct command_option options[] = {
    {'f', "force", NULL, "do not ask"},
    {'s', "stop", NULL, "stop them first"},
    {'v', "volumes", NULL, "remove their logs as well"},
    {0},
};

const struct command command_rm = {
    .name = "rm",
    .operands = "[SERVICE…]",
    .summary = "forget services that are at rest",
    .help =
        "Takes away what services that have ended (all, if none is named) have left: their last\n"
        "verdict, restart counts and back-off, and with -v their logs. What runs is left alone\n"
        "unless --stop is given. They can be started again; `bulkhead down` ends the stack.",
    .example = "bulkhead rm -f migrate\n"
               "bulkhead rm -sfv web",
    .options = options,
    .run = run,
};
