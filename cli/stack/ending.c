/* See ending.h. */
#include "cli/stack/ending.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/host/folders.h"
#include "cli/stack/leftovers.h"
#include "cli/stack/progress.h"
#include "cli/show/show_faults.h"
#include "cli/stack/watch.h"

/* A killed supervisor's keeper and recorder end by themselves, and then release the lock. */
#define LOCK_PATIENCE_MS 15000

int ending_ask(const struct command_context *context, int64_t grace_ns, struct fault *ret_fault)
{
    struct wire_request request = {.verb = WIRE_DOWN, .grace_ns = grace_ns};

    return client_request(context->runtime_dir, context->stack, &request, ret_fault);
}

static void on_row(void *context, const struct watch *watch, const struct wire_row *before,
                   const struct wire_row *row)
{
    progress_row(context, watch, before, row);
}

static int watch_to_the_end(const struct command_context *context, struct watch *watch,
                            struct fault *ret_fault)
{
    struct progress progress;
    int result = 0;

    progress_init(&progress, watch, NULL, context->colour_err ? PROGRESS_LIVE : PROGRESS_LINES,
                  context->colour_err);
    progress_flush(&progress, watch);
    while (result == 0 && !watch->ended) {
        struct pollfd wait = {.fd = watch_fd(watch), .events = POLLIN};
        if (poll(&wait, 1, -1) < 0 && errno != EINTR)
            return -errno;
        result = watch_read(watch, on_row, &progress, ret_fault);
        progress_flush(&progress, watch);
    }
    return result;
}

static bool is_absent(int outcome)
{
    return outcome == CLIENT_NOT_RUNNING || outcome == CLIENT_ABANDONED;
}

/* There is a keeper, and no supervisor of its. */
static bool is_away(const struct command_context *context)
{
    struct client client = {.fd = -1};
    struct fault fault;
    int outcome = client_try(context->runtime_dir, context->stack, &client, &fault);

    client_close(&client);
    return outcome == CLIENT_AWAY;
}

/* One connection at a time: a supervisor that is short of files can still be ended. */
enum ending ending_follow(const struct command_context *context, int64_t grace_ns,
                          struct fault *ret_fault)
{
    struct watch watch = {0};
    int outcome = ending_ask(context, grace_ns, ret_fault);

    if (is_absent(outcome) || outcome == CLIENT_GONE) // gone: killed while we asked
        return ENDING_ABSENT;
    if (outcome == CLIENT_SILENT && is_away(context)) {
        command_note("stack %s: no supervisor has come back: its keeper is ended as well",
                     context->stack);
        leftovers_end_keeper(context);
        return ENDING_ABSENT;
    }
    if (outcome != 0)
        return ENDING_FAILED;
    outcome = watch_open(context->runtime_dir, context->stack, &watch, ret_fault);
    if (outcome == 0)
        outcome = watch_to_the_end(context, &watch, ret_fault);
    watch_close(&watch);
    return outcome == 0 || outcome == CLIENT_GONE || is_absent(outcome) ? ENDING_DONE
                                                                        : ENDING_FAILED;
}

int ending_clear(const struct command_context *context)
{
    struct fault fault;
    int lock, ended;
    int result = lock_wait(context->runtime_dir, LOCK_PATIENCE_MS, &lock);

    if (result == -ENOENT || result == -ENOTDIR) {
        command_note("stack %s is not running: nothing to do", context->stack);
        return STATUS_DONE;
    }
    if (result == 1)
        return command_failed("stack %s is starting or ending, and its supervisor does not answer "
                              "yet: try again",
                              context->stack);
    if (result < 0)
        return command_failed("cannot lock %s: %s", context->runtime_dir, strerror(-result));
    result = leftovers_clear(context, NULL, &ended, &fault);
    if (result != 0)
        show_fault(&fault, context->colour_err);
    else
        result = folders_remove_runtime(context->runtime_dir);
    close(lock);
    if (result < 0)
        return command_failed("cannot remove %s: %s", context->runtime_dir, strerror(-result));
    return result == 0 ? STATUS_DONE : STATUS_FAILED;
}
