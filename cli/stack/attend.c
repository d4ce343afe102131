/* See attend.h: the foreground of `up`. */
#include "cli/stack/attend.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/stack/ask.h"
#include "cli/stack/ending.h"
#include "cli/show/explain.h"
#include "cli/history/follow.h"
#include "cli/stack/leftovers.h"
#include "cli/stack/outcome.h"
#include "cli/stack/progress.h"
#include "cli/show/row.h"
#include "cli/show/show_faults.h"
#include "cli/stack/watch.h"
#include "core/event.h"

#define SETTLE_MS     100 // a stack at rest is believed after so long without a change
#define NAMES_AT_ONCE 256
#define ECHO_MS       200 // what a wrapper passes on of a Ctrl-C that we have seen is no second one

struct attendance {
    const struct attend_request *request;
    bool *asked; // by index of the watch's table, which a reload makes another
    struct watch watch;
    struct follow *follow;
    struct progress progress;
    unsigned int interrupts;
    int64_t interrupted_ms; // when the last came
    int signal;             // the first that came, 0: none
    bool rest_asked;        // everybody asked for was at rest, so DOWN was asked for
    int rest_status;        // how the members had ended then
    bool leaving;           // others still run: once those asked for are at rest, the stack is left
    bool aborting;          // somebody's end is everybody's
    int abort_status;       // of that one
    int64_t seen_ns;        // CLOCK_REALTIME of the last turn, in which there was no other plan
};

static void ask_down(struct attendance *attendance, int64_t grace_ns);

/* A job that others wait for is to end: its success ends nobody else. */
static bool is_waited_for(const struct plan *plan, const struct wire_row *row)
{
    for (size_t i = 0; i < plan->members_count; i++)
        for (size_t j = 0; j < plan->members[i].needs_count; j++) {
            const struct need *need = &plan->members[i].needs[j];
            const struct plan_member *needed = &plan->members[need->member];
            if (need->condition == NEED_COMPLETED && needed->number == row->number &&
                row_is(row, needed->service))
                return true;
        }
    return false;
}

static void consider_abort(struct attendance *attendance, const struct wire_row *before,
                           const struct wire_row *row)
{
    const struct attend_request *request = attendance->request;
    bool done = row->state == STATE_EXITED && row->verdict == VERDICT_DONE;

    if (request->abort == ABORT_NEVER || attendance->aborting || attendance->interrupts > 0 ||
        attendance->rest_asked || !attendance->asked[row->member] ||
        !outcome_has_ended(before, row, request->abort == ABORT_ON_FAILURE) ||
        (done && is_waited_for(request->plan, row)))
        return;
    attendance->aborting = true;
    attendance->abort_status = outcome_exit_code(row);
    fflush(stdout);
    command_note("%s has ended: stopping the others", row->name);
    ask_down(attendance, request->grace_ns);
}

static void on_row(void *context, const struct watch *watch, const struct wire_row *before,
                   const struct wire_row *row)
{
    struct attendance *attendance = context;

    /* What was written before a change is shown before it is told. */
    if (attendance->follow)
        (void)follow_turn(attendance->follow);
    progress_row(&attendance->progress, watch, before, row);
    consider_abort(attendance, before, row);
}

static int follow_asked(const struct attend_request *request, char (*names)[INSTANCE_NAME_MAX],
                        const char **asked, struct follow **ret)
{
    struct follow_options options = {
        .state_dir = request->context->state_dir,
        .prefix = !request->no_prefix,
        .timestamps = request->timestamps,
        .colour_out = request->context->colour_out,
        .colour_err = request->context->colour_err,
        .until_ns = INT64_MAX,
    };
    size_t count = 0;

    for (size_t i = 0; i < request->plan->members_count; i++) {
        const struct plan_member *member = &request->plan->members[i];
        if (!request->asked[i])
            continue;
        snprintf(names[count], sizeof(names[count]), "%s-%u", member->service, member->number);
        asked[count] = names[count];
        count++;
    }
    return follow_create(&options, asked, count, ret);
}

int attend_open_logs(struct attend_request *request, struct fault *ret_fault)
{
    size_t count = request->plan->members_count + 1;
    char(*names)[INSTANCE_NAME_MAX] = calloc(count, sizeof(*names));
    const char **asked = calloc(count, sizeof(*asked));
    int result = -ENOMEM;

    if (names && asked)
        result = follow_asked(request, names, asked, &request->follow);
    free(asked);
    free(names);
    if (result == 0)
        return 0;
    return explain(ret_fault, NULL, "cannot follow the logs in %s: %s", request->context->state_dir,
                   strerror(-result));
}

/* --- signals ---------------------------------------------------------------------------------- */

/* In as many requests as the names need. */
static int ask_members(const struct attendance *attendance, int64_t grace_ns,
                       struct fault *ret_fault)
{
    const struct command_context *context = attendance->request->context;
    struct wire_request request = {
        .verb = grace_ns == 0 ? WIRE_KILL : WIRE_STOP, .grace_ns = grace_ns, .signal = SIGKILL};
    uint32_t count = attendance->watch.rows_count;
    int outcome = 0;

    for (uint32_t i = 0; outcome == 0 && i < count; i++) {
        if (attendance->asked[i])
            request.names[request.names_count++] = attendance->watch.rows[i].name;
        if (request.names_count == 0 || (request.names_count < NAMES_AT_ONCE && i + 1 < count))
            continue;
        outcome = client_request(context->runtime_dir, context->stack, &request, ret_fault);
        request.names_count = 0;
    }
    return outcome;
}

/* The whole stack, or where others of it run, those asked for. */
static void ask_down(struct attendance *attendance, int64_t grace_ns)
{
    const struct command_context *context = attendance->request->context;
    struct fault fault;
    int outcome;

    if (attendance->leaving || !outcome_others_at_rest(&attendance->watch, attendance->asked)) {
        attendance->leaving = true;
        outcome = ask_members(attendance, grace_ns, &fault);
    } else {
        outcome = ending_ask(context, grace_ns, &fault);
    }
    if (outcome != 0 && outcome != CLIENT_GONE && outcome != CLIENT_NOT_RUNNING)
        show_fault(&fault, context->colour_err);
}

static void take_signal(struct attendance *attendance)
{
    struct signalfd_siginfo info;
    bool first = attendance->interrupts == 0;

    if (read(attendance->request->signals, &info, sizeof(info)) != sizeof(info))
        return;
    if (!first && monotonic_ms() - attendance->interrupted_ms < ECHO_MS)
        return;
    attendance->interrupts++;
    attendance->interrupted_ms = monotonic_ms();
    if (first)
        attendance->signal = (int)info.ssi_signo;
    fflush(stdout);
    if (attendance->request->context->stderr_tty)
        fputc('\n', stderr); // behind the terminal's ^C
    if (first)
        command_note("stopping stack %s; once more (Ctrl-C) kills",
                     attendance->request->context->stack);
    else
        command_note("killing stack %s", attendance->request->context->stack);
    ask_down(attendance, first ? attendance->request->grace_ns : 0);
}

/* --- the loop --------------------------------------------------------------------------------- */

static bool settles(const struct attendance *attendance)
{
    return !attendance->rest_asked && !attendance->aborting && attendance->interrupts == 0 &&
           !attendance->watch.info.ending &&
           outcome_asked_at_rest(&attendance->watch, attendance->asked);
}

/* All have ended by themselves: the stack is taken down, unless others of it run. */
static void take_rest(struct attendance *attendance)
{
    const struct attend_request *request = attendance->request;

    attendance->rest_asked = true;
    attendance->rest_status =
        outcome_tell(&attendance->watch, attendance->asked, request->context->colour_err);
    if (outcome_others_at_rest(&attendance->watch, attendance->asked))
        ask_down(attendance, request->grace_ns);
    else
        attendance->leaving = true;
}

static bool has_left(const struct attendance *attendance)
{
    return attendance->leaving && outcome_asked_at_rest(&attendance->watch, attendance->asked);
}

static int renew(struct attendance *attendance, struct fault *ret_fault);

static int turn(struct attendance *attendance, struct fault *ret_fault)
{
    struct pollfd fds[] = {
        {.fd = watch_fd(&attendance->watch), .events = POLLIN},
        {.fd = follow_fd(attendance->follow), .events = POLLIN},
        {.fd = attendance->request->signals, .events = POLLIN},
    };
    int ready = poll(fds, 3, settles(attendance) ? SETTLE_MS : -1);
    int64_t now_ns = ask_wall_now();
    int result = 0;

    if (ready < 0 && errno != EINTR)
        return explain(ret_fault, NULL, "poll: %s", strerror(errno));
    if (ready < 0)
        return 0;
    if (ready == 0)
        take_rest(attendance);
    if (fds[2].revents)
        take_signal(attendance);
    if (fds[1].revents && follow_turn(attendance->follow) == -EPIPE && !attendance->interrupts) {
        attendance->interrupts = 1; // nobody reads us any more
        attendance->signal = SIGPIPE;
        ask_down(attendance, attendance->request->grace_ns);
    }
    if (fds[0].revents)
        result = watch_read(&attendance->watch, on_row, attendance, ret_fault);
    if (result == 0 && attendance->watch.reloaded && !attendance->watch.ended)
        result = renew(attendance, ret_fault);
    attendance->seen_ns = now_ns;
    progress_flush(&attendance->progress, &attendance->watch);
    return result;
}

static int out_of_memory(struct fault *ret_fault)
{
    return explain(ret_fault, NULL, "out of memory");
}

static void show_progress(struct attendance *attendance)
{
    progress_init(&attendance->progress, &attendance->watch, attendance->asked, PROGRESS_STORY,
                  attendance->request->context->colour_err);
}

static const struct wire_row *find_row(const struct watch *watch, const char *name)
{
    for (uint32_t i = 0; i < watch->rows_count; i++)
        if (strcmp(watch->rows[i].name, name) == 0)
            return &watch->rows[i];
    return NULL;
}

static bool asks_for_all(const struct attendance *attendance)
{
    for (uint32_t i = 0; i < attendance->watch.rows_count; i++)
        if (!attendance->asked[i])
            return false;
    return true;
}

/* Another `up` has given the stack a new plan: a table of it, and the same members asked for. Who
 * attends to all attends to the new ones as well. */
static int renew(struct attendance *attendance, struct fault *ret_fault)
{
    const struct command_context *context = attendance->request->context;
    bool all = asks_for_all(attendance);
    struct watch watch = {.client.fd = -1};
    int result = watch_open(context->runtime_dir, context->stack, &watch, ret_fault);
    bool *asked;

    if (result != 0)
        return result;
    asked = calloc((size_t)watch.rows_count + 1, sizeof(*asked));
    if (!asked) {
        watch_close(&watch);
        return out_of_memory(ret_fault);
    }
    for (uint32_t i = 0; i < watch.rows_count; i++) {
        const struct wire_row *before = find_row(&attendance->watch, watch.rows[i].name);
        asked[i] = before ? attendance->asked[before->member] : all;
        if (asked[i] && attendance->follow)
            (void)follow_add(attendance->follow, watch.rows[i].name, attendance->seen_ns);
    }
    watch_close(&attendance->watch);
    free(attendance->asked);
    attendance->watch = watch;
    attendance->asked = asked;
    show_progress(attendance);
    return 0;
}

static int begin(struct attendance *attendance, struct fault *ret_fault)
{
    const struct attend_request *request = attendance->request;
    const struct command_context *context = request->context;
    int result = watch_open(context->runtime_dir, context->stack, &attendance->watch, ret_fault);
    size_t count = attendance->watch.rows_count;

    if (result != 0)
        return result;
    attendance->asked = calloc(count + 1, sizeof(*attendance->asked));
    if (!attendance->asked) {
        watch_close(&attendance->watch);
        return out_of_memory(ret_fault);
    }
    for (size_t i = 0; i < count && i < request->plan->members_count; i++)
        attendance->asked[i] = request->asked[i];
    show_progress(attendance);
    return 0;
}

/* The rows of the first table are news as well. */
static void tell_first(struct attendance *attendance)
{
    static const struct wire_row nothing = {.state = STATE_CREATED, .generation = UINT32_MAX};

    for (uint32_t i = 0; i < attendance->watch.rows_count; i++) {
        const struct wire_row *row = &attendance->watch.rows[i];
        progress_row(&attendance->progress, &attendance->watch, &nothing, row);
        consider_abort(attendance, &nothing, row);
    }
}

static int exit_status_from(const struct attendance *attendance)
{
    for (uint32_t i = 0; i < attendance->watch.rows_count; i++)
        if (row_is(&attendance->watch.rows[i], attendance->request->exit_from))
            return outcome_exit_code(&attendance->watch.rows[i]);
    return STATUS_FAILED;
}

static int status_of(const struct attendance *attendance, int removed)
{
    if (attendance->signal == SIGTERM || attendance->signal == SIGPIPE)
        return removed; // asked to end, and it has
    if (attendance->signal != 0)
        return STATUS_INTERRUPTED;
    if (attendance->request->exit_from)
        return exit_status_from(attendance);
    if (attendance->aborting)
        return attendance->abort_status;
    if (attendance->rest_asked && attendance->rest_status != STATUS_DONE)
        return attendance->rest_status;
    return removed;
}

/* Its services were not asked to end because their supervisor has. */
static int tell_abandoned(const struct command_context *context)
{
    return command_failed(
        "stack %s: its supervisor is gone, its services run on:\n"
        "  `bulkhead -p %s up` goes on with them, `bulkhead -p %s down` ends them",
        context->stack, context->stack, context->stack);
}

static bool is_to_end(const struct attendance *attendance)
{
    return attendance->interrupts > 0 || attendance->rest_asked || attendance->aborting ||
           attendance->watch.info.ending;
}

/* What is left of a stack that has ended; one that others keep running is left to them. */
static int clear(const struct attendance *attendance)
{
    const struct command_context *context = attendance->request->context;

    if (attendance->watch.abandoned && !is_to_end(attendance))
        return tell_abandoned(context);
    if (has_left(attendance) && !attendance->watch.ended) {
        command_note("the other services of stack %s run on: `bulkhead -p %s ps` shows them",
                     context->stack, context->stack);
        return STATUS_DONE;
    }
    return stack_remove(context, is_to_end(attendance));
}

int attend_foreground(const struct attend_request *request)
{
    struct attendance attendance = {.request = request, .follow = request->follow};
    struct fault fault = {0};
    int result = begin(&attendance, &fault);
    int status;

    if (result == 0) {
        tell_first(&attendance);
        while (result == 0 && !attendance.watch.ended && !has_left(&attendance))
            result = turn(&attendance, &fault);
    }
    if (result != 0 && result != CLIENT_GONE) {
        show_fault(&fault, request->context->colour_err);
        ask_down(&attendance, request->grace_ns);
    }
    status = clear(&attendance);
    if (attendance.follow)
        (void)follow_drain(attendance.follow);
    attendance.follow = follow_destroy(attendance.follow);
    status = result != 0 && result != CLIENT_GONE ? STATUS_FAILED : status_of(&attendance, status);
    watch_close(&attendance.watch);
    free(attendance.asked);
    return status;
}
