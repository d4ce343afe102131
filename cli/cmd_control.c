/* bulkhead start, stop, restart, kill: a request, and its fulfilment watched. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cli/stack/ask.h"
#include "cli/stack/progress.h"
#include "cli/show/render.h"
#include "cli/show/row.h"

/* One command under way. */
struct control {
    struct command_context *context;
    struct wire_request request;
    struct watch watch;
    bool *chosen;
    uint32_t *generations; // of the rows before the request
    struct progress progress;
};

enum fulfilment { PENDING, FULFILLED, FAILED };

/* Waits for one that nobody wants to run: it would be for ever. */
static bool waits_in_vain(const struct control *control, const struct wire_row *row)
{
    const struct wire_row *other;

    if (row->state != STATE_WAITING || row->waits_for < 0 ||
        row->waits_for >= control->watch.rows_count)
        return false;
    other = &control->watch.rows[row->waits_for];
    return row_is_at_rest(other) && !other->want;
}

/* Started, or started anew: a generation that was not there before, if one is needed. */
static enum fulfilment judge_start(const struct control *control, const struct wire_row *row,
                                   bool anew)
{
    bool newer = row->generation > control->generations[row->member];

    if (row->state == STATE_RUNNING && (newer || !anew))
        return FULFILLED;
    if (row->state == STATE_QUARANTINED || waits_in_vain(control, row))
        return FAILED;
    if (!newer)
        return PENDING;
    if (row->state == STATE_EXITED)
        return row->verdict == VERDICT_DONE ? FULFILLED : FAILED;
    return row->state == STATE_BACKOFF || row->state == STATE_HELD ? FAILED : PENDING;
}

static enum fulfilment judge(const struct control *control, const struct wire_row *row)
{
    switch (control->request.verb) {
    case WIRE_START:
        return judge_start(control, row, false);
    case WIRE_RESTART:
        return judge_start(control, row, true);
    case WIRE_KILL:
        if (control->request.signal != SIGKILL)
            return FULFILLED; // sent; what comes of it is the program's affair
        break;
    default:
        break;
    }
    if (row->state == STATE_QUARANTINED)
        return FAILED;
    return row_is_at_rest(row) ? FULFILLED : PENDING;
}

/* PENDING as long as one is. */
static enum fulfilment judge_all(const struct control *control)
{
    enum fulfilment all = FULFILLED;
    uint32_t i;

    for (i = 0; i < control->watch.rows_count; i++) {
        enum fulfilment one =
            control->chosen[i] ? judge(control, &control->watch.rows[i]) : FULFILLED;

        if (one == PENDING)
            return PENDING;
        if (one == FAILED)
            all = FAILED;
    }
    return all;
}

static void on_row(void *context, const struct watch *watch, const struct wire_row *before,
                   const struct wire_row *row)
{
    progress_row(context, watch, before, row);
}

static int tell_failures(const struct control *control)
{
    uint32_t i;

    for (i = 0; i < control->watch.rows_count; i++) {
        const struct wire_row *row = &control->watch.rows[i];
        char words[400];

        if (!control->chosen[i] || judge(control, row) != FAILED)
            continue;
        progress_words(&control->watch, row, words, sizeof(words));
        command_failed("%s: %s", row->name, words);
    }
    return STATUS_FAILED;
}

static int wait_for_it(struct control *control)
{
    struct fault fault;
    enum fulfilment now;

    while ((now = judge_all(control)) == PENDING) {
        struct pollfd waiting = {.fd = watch_fd(&control->watch), .events = POLLIN};

        if (control->watch.ended)
            return command_failed("stack \"%s\" has ended meanwhile", control->context->stack);
        if (poll(&waiting, 1, -1) < 0 && errno != EINTR)
            return command_failed("cannot wait: %s", strerror(errno));
        if (watch_read(&control->watch, on_row, &control->progress, &fault) != 0)
            return ask_failed(&fault);
        progress_flush(&control->progress, &control->watch);
    }
    return now == FAILED ? tell_failures(control) : STATUS_DONE;
}

static int ask(struct control *control, struct fault *ret_fault)
{
    const struct command_context *context = control->context;

    if (control->request.verb == WIRE_RESTART)
        return ask_restart(context, &control->request, &control->watch, ret_fault);
    return client_request(context->runtime_dir, context->stack, &control->request, ret_fault);
}

/* The table is read first: what changes by our request then comes as a row. */
static int request(struct control *control, size_t words_count)
{
    const struct command_context *context = control->context;
    struct fault fault;
    uint32_t i;

    control->generations = calloc((size_t)control->watch.rows_count + 1, sizeof(uint32_t));
    if (!control->generations)
        return command_failed("%s", strerror(ENOMEM));
    for (i = 0; i < control->watch.rows_count; i++)
        control->generations[i] = control->watch.rows[i].generation;
    control->request.names_count = (uint32_t)words_count;
    progress_init(&control->progress, &control->watch, control->chosen, PROGRESS_LINES,
                  context->colour_err);
    if (ask(control, &fault) != 0)
        return ask_failed(&fault);
    return wait_for_it(control);
}

static int control_run(struct control *control, int argc, char **argv)
{
    size_t count = (size_t)(argc - 1);
    size_t i;
    int status;

    if (count > WIRE_NAMES_MAX)
        return usage_error(control->context, "at most %d names at once", WIRE_NAMES_MAX);
    for (i = 0; i < count; i++)
        control->request.names[i] = argv[i + 1];
    status = ask_watch(control->context, &control->watch);
    if (status != 0)
        return status;
    control->chosen = ask_choose(&control->watch, argv + 1, count);
    status = control->chosen ? request(control, count) : STATUS_FAILED;
    free(control->generations);
    free(control->chosen);
    watch_close(&control->watch);
    return status;
}

static int run_start(struct command_context *context, int argc, char **argv)
{
    struct control control = {.context = context, .request.verb = WIRE_START};

    return control_run(&control, argc, argv);
}

static int run_with_grace(struct command_context *context, enum wire_verb verb, int argc,
                          char **argv)
{
    struct control control = {.context = context,
                              .request = {.verb = verb, .grace_ns = EVENT_GRACE_POLICY}};
    int status = option_seconds(context, "timeout", &control.request.grace_ns);

    return status != 0 ? status : control_run(&control, argc, argv);
}

static int run_stop(struct command_context *context, int argc, char **argv)
{
    return run_with_grace(context, WIRE_STOP, argc, argv);
}

static int run_restart(struct command_context *context, int argc, char **argv)
{
    return run_with_grace(context, WIRE_RESTART, argc, argv);
}

static int run_kill(struct command_context *context, int argc, char **argv)
{
    struct control control = {.context = context,
                              .request = {.verb = WIRE_KILL, .signal = SIGKILL}};
    const char *signal = option_text(context, "signal");

    if (signal) {
        control.request.signal = render_parse_signal(signal);
        if (control.request.signal == 0)
            return usage_error(context, "--signal wants a name or number of a signal, not \"%s\"",
                               signal);
    }
    return control_run(&control, argc, argv);
}

static const struct command_option grace_options[] = {
    {'t', "timeout", "SECONDS", "kill what has not left by then, instead of stop_grace_period"},
    {0},
};

static const struct command_option kill_options[] = {
    {'s', "signal", "SIGNAL", "SIGKILL if not given; a name (HUP, SIGHUP) or a number"},
    {0},
};

const struct command command_start = {
    .name = "start",
    .operands = "[SERVICE…]",
    .summary = "start services that were stopped, have ended or are held",
    .help =
        "Starts the services (all, if none is named) of a stack that is up, and waits until they\n"
        "run. A service that waits out its back-off starts at once; restarts counted against\n"
        "its budget are forgotten.",
    .example = "bulkhead start web",
    .run = run_start,
};

const struct command command_stop = {
    .name = "stop",
    .operands = "[SERVICE…]",
    .summary = "stop services; the stack stays up",
    .help =
        "Sends each service its stop_signal, dependents first, kills what has not left after its\n"
        "stop_grace_period, and waits until it is gone. Stopped services stay stopped.",
    .example = "bulkhead stop -t 2 web",
    .options = grace_options,
    .run = run_stop,
};

const struct command command_restart = {
    .name = "restart",
    .operands = "[SERVICE…]",
    .summary = "stop services and start them again",
    .help = "As stop and start, one after the other, and waits until the new ones run.",
    .example = "bulkhead restart web",
    .options = grace_options,
    .run = run_restart,
};

const struct command command_kill = {
    .name = "kill",
    .operands = "[SERVICE…]",
    .summary = "send a signal to services",
    .help =
        "Sends the signal to the main processes. SIGKILL ends everything in the compartment;\n"
        "after it, or after the service's own stop_signal, the service stays stopped. Any other\n"
        "signal leaves it to the program, and a death by it is a death as any other.",
    .example = "bulkhead kill -s HUP web",
    .options = kill_options,
    .run = run_kill,
};
