/* bulkhead wait: until services have ended, and how they ended. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/stack/ask.h"
#include "cli/stack/ending.h"
#include "cli/stack/leftovers.h"
#include "cli/show/row.h"
#include "core/event.h"

struct waiting {
    struct command_context *context;
    struct watch watch;
    bool *chosen;
    bool first; // that one of them has ended is enough
    uint32_t left;
    bool any;
    int status; // the first exit code that is not 0
};

static void take_end(struct waiting *waiting, const struct wire_row *row)
{
    int code = row_exit_code(row);

    waiting->chosen[row->member] = false;
    waiting->left--;
    waiting->any = true;
    if (row->generation == 0) {
        command_note("%s was never started", row->name);
        code = STATUS_FAILED;
    } else if (code < 0) {
        printf("%s exited with an unknown status\n", row->name);
        code = STATUS_FAILED;
    } else {
        printf("%s exited with status code %d\n", row->name, code);
    }
    fflush(stdout);
    if (waiting->status == 0)
        waiting->status = code;
}

static void look(struct waiting *waiting)
{
    for (uint32_t i = 0; i < waiting->watch.rows_count; i++)
        if (waiting->chosen[i] && row_is_at_rest(&waiting->watch.rows[i]))
            take_end(waiting, &waiting->watch.rows[i]);
}

static bool is_over(const struct waiting *waiting)
{
    return waiting->left == 0 || (waiting->first && waiting->any);
}

/* 0, or an exit status when their end was not to be seen. */
static int wait_for_them(struct waiting *waiting)
{
    struct fault fault;

    for (look(waiting); !is_over(waiting); look(waiting)) {
        struct pollfd ready = {.fd = watch_fd(&waiting->watch), .events = POLLIN};

        if (waiting->watch.ended)
            return command_failed("stack \"%s\" has ended meanwhile", waiting->context->stack);
        if (poll(&ready, 1, -1) < 0 && errno != EINTR)
            return command_failed("cannot wait: %s", strerror(errno));
        if (watch_read(&waiting->watch, NULL, NULL, &fault) != 0)
            return ask_failed(&fault);
    }
    return 0;
}

static int take_down(struct waiting *waiting)
{
    struct fault fault;

    watch_close(&waiting->watch);
    switch (ending_follow(waiting->context, EVENT_GRACE_POLICY, &fault)) {
    case ENDING_DONE:
        return stack_remove(waiting->context, true);
    case ENDING_ABSENT:
        return ending_clear(waiting->context);
    case ENDING_FAILED:
        break;
    }
    return ask_failed(&fault);
}

static int run(struct command_context *context, int argc, char **argv)
{
    struct waiting waiting = {.context = context, .first = option_given(context, "down-project")};
    int status;

    if (argc < 2)
        return usage_error(context, "wait for which service?");
    status = ask_watch(context, &waiting.watch);
    if (status != 0)
        return status;
    waiting.chosen = ask_choose(&waiting.watch, argv + 1, (size_t)(argc - 1));
    for (uint32_t i = 0; waiting.chosen && i < waiting.watch.rows_count; i++)
        waiting.left += waiting.chosen[i];
    status = waiting.chosen ? wait_for_them(&waiting) : STATUS_FAILED;
    if (status == 0 && waiting.first)
        status = take_down(&waiting);
    free(waiting.chosen);
    watch_close(&waiting.watch);
    return status != 0 ? status : waiting.status;
}

static const struct command_option options[] = {
    {0, "down-project", NULL, "take the stack down as soon as one of them has ended"},
    {0},
};

const struct command command_wait = {
    .name = "wait",
    .operands = "SERVICE…",
    .summary = "wait until services have ended",
    .help =
        "Waits until every service named is at rest: it has ended and no policy starts it again.\n"
        "Prints how each of them ended. The exit status is the first exit code that is not 0,\n"
        "128 + the signal for a death by one.",
    .example = "bulkhead up -d && bulkhead wait migrate\n"
               "bulkhead wait --down-project tests",
    .options = options,
    .run = run,
};
