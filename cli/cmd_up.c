/* bulkhead up: starts a stack, or brings one that runs up to date, and stays with it or leaves it
 * to itself. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/stack/attend.h"
#include "cli/stack/client.h"
#include "cli/stack/ending.h"
#include "cli/host/files.h"
#include "cli/host/first_process.h"
#include "cli/host/project.h"
#include "cli/history/follow.h"
#include "cli/stack/launching.h"
#include "cli/stack/leftovers.h"
#include "cli/stack/reconciling.h"
#include "cli/show/show_faults.h"
#include "core/event.h"

#define NAMES_AT_ONCE 256 // in one request

/* --- the command line ---------------------------------------------------------------------------
 */

struct up {
    struct command_context *context;
    struct stack_source source;
    struct spec spec;
    struct wanted wanted;
    struct host host;
    struct plan plan; // the new one
    struct launching_hold hold;
    struct reconciling reconciling; // where the stack runs already
    const struct plan *goes_on;     // what it runs by in the end; the members are of this one
    bool *asked;                    // by its index
    int signals;
    bool detach;
    bool wait;
    bool alone;
    int64_t timeout_ns;
    int64_t grace_ns;
    enum attend_abort abort;
    struct reconcile_options options;
};

/* Pairs that cannot be together. */
static int check_pairs(const struct command_context *context)
{
    static const char *const pairs[][2] = {
        {"force-recreate", "no-recreate"},
        {"always-recreate-deps", "no-recreate"},
        {"always-recreate-deps", "no-deps"},
        {"abort-on-container-exit", "abort-on-container-failure"},
        {"abort-on-container-exit", "detach"},
        {"abort-on-container-exit", "wait"},
        {"abort-on-container-failure", "detach"},
        {"abort-on-container-failure", "wait"},
        {"exit-code-from", "detach"},
        {"exit-code-from", "wait"},
        {"no-start", "wait"},
        {"no-start", "exit-code-from"},
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (option_given(context, pairs[i][0]) && option_given(context, pairs[i][1]))
            return usage_error(context, "--%s and --%s do not go together", pairs[i][0],
                               pairs[i][1]);
    if (option_given(context, "wait-timeout") && !option_given(context, "wait"))
        return usage_error(context, "--wait-timeout goes with --wait");
    return 0;
}

static int take_options(struct up *up)
{
    const struct command_context *context = up->context;
    int status = check_pairs(context);

    if (status == 0)
        status = option_seconds(context, "wait-timeout", &up->timeout_ns);
    if (status == 0)
        status = option_seconds(context, "timeout", &up->grace_ns);
    up->options = (struct reconcile_options){
        .force = option_given(context, "force-recreate"),
        .force_needed = option_given(context, "always-recreate-deps"),
        .keep = option_given(context, "no-recreate"),
        .remove_orphans = option_given(context, "remove-orphans"),
        .no_start = option_given(context, "no-start"),
    };
    up->context->socket_group = option_text(context, "socket-group");
    up->alone = option_given(context, "no-deps");
    up->wait = option_given(context, "wait");
    up->detach = option_given(context, "detach") || up->wait || up->options.no_start;
    if (status == 0 && up->detach && is_first_process())
        return usage_error(context,
                           "this is the first process of a container: when it comes back, "
                           "everybody else is killed; leave -d, --wait and --no-start out");
    if (option_given(context, "abort-on-container-failure"))
        up->abort = ABORT_ON_FAILURE;
    else if (option_given(context, "abort-on-container-exit") ||
             option_given(context, "exit-code-from"))
        up->abort = ABORT_ON_EXIT;
    return status;
}

/* A word that the exit status depends on is checked before anything is started. */
static int check_exit_from(const struct up *up)
{
    const char *service = option_text(up->context, "exit-code-from");
    struct fault fault;
    ptrdiff_t index;

    if (!service)
        return 0;
    index = selection_find(&up->spec, service, &fault);
    if (index < 0)
        return usage_error(up->context, "--exit-code-from: %s", fault.what);
    if (!up->wanted.asked[index] || up->wanted.selection.scale[index] == 0)
        return usage_error(up->context, "--exit-code-from %s: it is not to be started", service);
    return 0;
}

static int open_signals(struct up *up)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return command_failed("cannot block signals: %s", strerror(errno));
    up->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return up->signals >= 0 ? 0 : command_failed("signalfd: %s", strerror(errno));
}

static int prepare(struct up *up, int argc, char **argv)
{
    int status = stack_source_read(up->context, true, &up->source, &up->spec);

    if (status == 0)
        status = wanted_read(up->context, &up->spec, up->alone, argc, argv, &up->wanted);
    if (status == 0)
        status = check_exit_from(up);
    if (status == 0)
        status = launching_plan(up->context, &up->source, &up->spec, &up->wanted.selection,
                                &up->host, &up->plan);
    return status;
}

/* --- a stack that does not run ------------------------------------------------------------------
 */

/* In as many requests as the names need; dependencies go first, and the supervisor holds back whom
 * one is missing for. */
static int send_start(const struct up *up, struct fault *ret_fault)
{
    const struct command_context *context = up->context;
    struct wire_request request = {.verb = WIRE_START, .grace_ns = -1, .alone = up->alone};
    char names[NAMES_AT_ONCE][INSTANCE_NAME_MAX];
    size_t count = up->plan.members_count;
    int result = 0;

    if (up->wanted.all)
        return client_request(context->runtime_dir, context->stack, &request, ret_fault);
    for (size_t i = 0; result == 0 && i < count; i++) {
        if (up->asked[i]) {
            char *name = names[request.names_count];
            snprintf(name, INSTANCE_NAME_MAX, "%s-%u", up->plan.members[i].service,
                     up->plan.members[i].number);
            request.names[request.names_count++] = name;
        }
        if (request.names_count == 0 || (request.names_count < NAMES_AT_ONCE && i + 1 < count))
            continue;
        result = client_request(context->runtime_dir, context->stack, &request, ret_fault);
        request.names_count = 0;
    }
    return result;
}

/* The supervisor is ready; a failure takes it down again. */
static int start_new(struct up *up, struct attend_request *attend)
{
    struct fault fault;
    int result = up->detach ? 0 : attend_open_logs(attend, &fault);

    if (result == 0 && !up->options.no_start)
        result = send_start(up, &fault);
    if (result == 0)
        return 0;
    show_fault(&fault, up->context->colour_err);
    (void)ending_ask(up->context, 0, &fault);
    (void)stack_remove(up->context, true);
    return STATUS_FAILED;
}

/* --- a stack that runs --------------------------------------------------------------------------
 */

static int reconcile(struct up *up, struct attend_request *attend)
{
    struct fault fault;
    int status = reconciling_prepare(&up->reconciling);

    if (status == 0 && !up->detach && attend_open_logs(attend, &fault) != 0) {
        show_fault(&fault, up->context->colour_err);
        status = STATUS_FAILED;
    }
    return status == 0 ? reconciling_do(&up->reconciling) : status;
}

/* --- both ---------------------------------------------------------------------------------------
 */

static int choose_plan(struct up *up, const struct reconciling_request *request)
{
    bool runs = up->hold.lock < 0;
    int status = runs ? reconciling_open(request, &up->reconciling)
                      : launching_start(up->context, &up->host, &up->plan, &up->hold);

    if (status != 0)
        return status;
    project_remember(up->context, up->spec.project_dir);
    up->goes_on = runs ? &up->reconciling.merged : &up->plan;
    up->asked = wanted_members(&up->wanted, &up->spec, up->goes_on);
    return up->asked ? 0 : command_failed("out of memory");
}

static int stay(struct up *up, const struct attend_request *attend)
{
    if (up->wait)
        return attend_until_running(attend, up->timeout_ns);
    if (is_first_process())
        first_process_reaps();
    return up->detach ? STATUS_DONE : attend_foreground(attend);
}

static int go(struct up *up)
{
    struct reconciling_request request = {
        .context = up->context,
        .spec = &up->spec,
        .wanted = &up->wanted,
        .host = &up->host,
        .plan = &up->plan,
        .options = up->options,
        .alone = up->alone,
        .grace_ns = up->grace_ns,
    };
    struct attend_request attend;
    int status = choose_plan(up, &request);

    if (status != 0)
        return status;
    attend = (struct attend_request){
        .context = up->context,
        .plan = up->goes_on,
        .asked = up->asked,
        .signals = up->signals,
        .grace_ns = up->grace_ns,
        .timestamps = option_given(up->context, "timestamps"),
        .no_prefix = option_given(up->context, "no-log-prefix"),
        .abort = up->abort,
        .exit_from = option_text(up->context, "exit-code-from"),
    };
    status = up->hold.lock < 0 ? reconcile(up, &attend) : start_new(up, &attend);
    launching_end(&up->hold);
    if (status == 0)
        return stay(up, &attend);
    follow_destroy(attend.follow);
    return status;
}

static int run(struct command_context *context, int argc, char **argv)
{
    struct up up = {.context = context,
                    .hold = {-1, -1},
                    .reconciling.watch.client.fd = -1,
                    .signals = -1,
                    .timeout_ns = INT64_MAX,
                    .grace_ns = EVENT_GRACE_POLICY};
    int status = take_options(&up);

    /* The first process of all misses what it has not asked for: a stop during the start. */
    if (status == 0 && is_first_process())
        status = open_signals(&up);
    if (status == 0)
        status = prepare(&up, argc, argv);
    if (status == 0)
        status = launching_begin(context, &up.hold);
    if (status == 0 && up.signals < 0)
        status = open_signals(&up);
    if (status == 0)
        status = go(&up);
    launching_end(&up.hold);
    free(up.asked);
    reconciling_finish(&up.reconciling);
    plan_finish(&up.plan);
    wanted_finish(&up.wanted);
    spec_finish(&up.spec);
    stack_source_finish(&up.source);
    if (up.signals >= 0)
        close(up.signals);
    return status;
}

static const struct command_option options[] = {
    {'d', "detach", NULL, "come back as soon as the start is accepted"},
    {0, "wait", NULL, "come back when the services run and are healthy (implies -d)"},
    {0, "wait-timeout", "SECONDS", "how long --wait waits"},
    {0, "scale", "SERVICE=N", "so many instances of the service; can be repeated"},
    {0, "no-deps", NULL, "only the services named, without what they depend on"},
    {0, "force-recreate", NULL, "restart what runs, changed or not"},
    {0, "always-recreate-deps", NULL, "restart also what the services named depend on"},
    {0, "no-recreate", NULL, "leave what runs as it is, changed or not"},
    {0, "remove-orphans", NULL, "stop what the stack file does not have any more"},
    {0, "no-start", NULL, "bring up the supervisor and the plan, but no service"},
    {'t', "timeout", "SECONDS", "grace period of whom is stopped or restarted; 0 kills at once"},
    {0, "socket-group", "GROUP", "who is in it may look (ps, top, stats, events, why)"},
    {0, "abort-on-container-exit", NULL, "one comes to its end: stop all, with its exit code"},
    {0, "abort-on-container-failure", NULL, "the same, when its end is a failure"},
    {0, "exit-code-from", "SERVICE", "that service's exit code; implies --abort-on-container-exit"},
    {0, "timestamps", NULL, "the time before each line of output"},
    {0, "no-log-prefix", NULL, "no names before the lines of output"},
    {0, NULL, NULL, NULL},
};

const struct command command_up = {
    .name = "up",
    .operands = "[SERVICE...]",
    .summary = "start a stack, or bring one that runs up to date",
    .help =
        "Starts the stack, or the services named and what they depend on. In the foreground it\n"
        "shows the progress and then the output of the services. The first Ctrl-C stops them in\n"
        "reverse order, the second kills them. When all have ended by themselves, the stack is\n"
        "taken down, and the exit status is 0 if all of them were successful.\n\n"
        "Where the stack runs already, each service is compared with the stack file: what is the\n"
        "same runs on, what was changed is restarted, where only limits were changed they are\n"
        "applied to what runs, and what is at rest is started. Services that the file does not\n"
        "have any more are named, and stopped with --remove-orphans.",
    .example = "bulkhead up\nbulkhead -f shop.yaml up -d --wait --wait-timeout 60\n"
               "bulkhead up -d --scale web=3\nbulkhead up --exit-code-from tests",
    .options = options,
    .run = run,
};
