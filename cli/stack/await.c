/* See attend.h: `up --wait`. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "cli/stack/attend.h"
#include "cli/show/explain.h"
#include "cli/stack/outcome.h"
#include "cli/stack/progress.h"
#include "cli/show/show_faults.h"
#include "cli/stack/watch.h"

static void on_row(void *context, const struct watch *watch, const struct wire_row *before,
                   const struct wire_row *row)
{
    progress_row(context, watch, before, row);
}

static void tell_runs_on(const struct attend_request *request)
{
    command_note("stack %s runs on: `bulkhead -p %s ps` shows it, `bulkhead -p %s down` ends it",
                 request->context->stack, request->context->stack, request->context->stack);
}

static int tell_failed(const struct attend_request *request, const struct watch *watch,
                       ptrdiff_t member)
{
    char words[400];

    progress_words(watch, &watch->rows[member], words, sizeof(words));
    (void)command_failed("%s: %s", watch->rows[member].name, words);
    tell_runs_on(request);
    return STATUS_FAILED;
}

static int tell_late(const struct attend_request *request, const struct watch *watch)
{
    for (uint32_t i = 0; i < watch->rows_count; i++) {
        char words[400];
        const struct wire_row *row = &watch->rows[i];
        if (!request->asked[i] || row->state == STATE_RUNNING)
            continue;
        progress_words(watch, row, words, sizeof(words));
        command_note("%s: %s", row->name, words);
    }
    (void)command_failed("not everything runs within the time given");
    tell_runs_on(request);
    return STATUS_FAILED;
}

/* -1: for ever; bounded so that poll's int holds it. */
static int left_ms(int64_t deadline_ms)
{
    int64_t left = deadline_ms - monotonic_ms();

    if (deadline_ms == INT64_MAX)
        return -1;
    return left <= 0 ? 0 : left > 1000000 ? 1000000 : (int)left;
}

static int wait_for(const struct attend_request *request, struct watch *watch,
                    struct progress *progress, int64_t deadline_ms)
{
    struct fault fault;

    for (;;) {
        ptrdiff_t failed = outcome_first_failed(watch, request->asked);
        struct pollfd fds[] = {{.fd = watch_fd(watch), .events = POLLIN},
                               {.fd = request->signals, .events = POLLIN}};
        int ready;
        if (failed >= 0)
            return tell_failed(request, watch, failed);
        if (outcome_all_running(watch, request->asked))
            return STATUS_DONE;
        if (watch->ended)
            return command_failed("stack %s has ended", request->context->stack);
        ready = poll(fds, 2, left_ms(deadline_ms));
        if (ready == 0 && left_ms(deadline_ms) == 0)
            return tell_late(request, watch);
        if (ready > 0 && fds[1].revents) {
            tell_runs_on(request);
            return STATUS_INTERRUPTED;
        }
        if (ready > 0 && watch_read(watch, on_row, progress, &fault) != 0) {
            show_fault(&fault, request->context->colour_err);
            return STATUS_FAILED;
        }
        progress_flush(progress, watch);
    }
}

int attend_until_running(const struct attend_request *request, int64_t timeout_ns)
{
    const struct command_context *context = request->context;
    int64_t deadline_ms =
        timeout_ns == INT64_MAX ? INT64_MAX : monotonic_ms() + timeout_ns / NSEC_PER_MSEC;
    struct watch watch = {0};
    struct progress progress;
    struct fault fault;
    int status;

    if (watch_open(context->runtime_dir, context->stack, &watch, &fault) != 0) {
        show_fault(&fault, context->colour_err);
        watch_close(&watch);
        return STATUS_FAILED;
    }
    progress_init(&progress, &watch, request->asked,
                  context->colour_err ? PROGRESS_LIVE : PROGRESS_LINES, context->colour_err);
    progress_flush(&progress, &watch);
    status = wait_for(request, &watch, &progress, deadline_ms);
    watch_close(&watch);
    return status;
}
