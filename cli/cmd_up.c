/* bulkhead up: starts a stack and stays with it, or leaves it to itself. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/attend.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/ending.h"
#include "cli/files.h"
#include "cli/follow.h"
#include "cli/launching.h"
#include "cli/leftovers.h"
#include "cli/show_faults.h"

/* --- who is to start -------------------------------------------------------------------------- */

static int unknown_service(const struct command_context *context, const struct spec *spec,
                           const char *word)
{
    const char *names[256];
    size_t count = 0;
    const char *near;

    for (; count < spec->services_count && count < sizeof(names) / sizeof(names[0]); count++)
        names[count] = spec->services[count].name;
    near = fault_nearest(word, names, count);
    if (near)
        return usage_error(context, "there is no service \"%s\" in %s: did you mean \"%s\"?", word,
                           spec->file, near);
    return usage_error(context, "there is no service \"%s\" in %s", word, spec->file);
}

static ptrdiff_t find_member(const struct plan *plan, const char *service)
{
    for (size_t i = 0; i < plan->members_count; i++)
        if (strcmp(plan->members[i].service, service) == 0)
            return (ptrdiff_t)i;
    return -1;
}

/* The members asked for and all that they need. Members stand behind what they need, so one pass
 * from the last to the first finds everything. */
static void ask_for(const struct plan *plan, char *const *words, int count, bool *asked)
{
    for (size_t i = 0; i < plan->members_count; i++)
        asked[i] = count == 0;
    for (int i = 0; i < count; i++)
        asked[find_member(plan, words[i])] = true;
    for (size_t i = plan->members_count; i-- > 0;)
        for (size_t j = 0; asked[i] && j < plan->members[i].needs_count; j++)
            asked[plan->members[i].needs[j].member] = true;
}

/* In as many requests as the names need; dependencies go first, and the supervisor holds back whom
 * one is missing for. */
static int send_start(const struct command_context *context, const struct plan *plan,
                      const bool *asked, struct fault *ret_fault)
{
    struct wire_request request = {.verb = WIRE_START, .grace_ns = -1};
    bool all = true;
    int result = 0;

    for (size_t i = 0; i < plan->members_count; i++)
        all = all && asked[i];
    if (all)
        return client_request(context->runtime_dir, context->stack, &request, ret_fault);
    for (size_t i = 0; result == 0 && i < plan->members_count; i++) {
        if (asked[i])
            request.names[request.names_count++] = plan->members[i].service;
        if (request.names_count == 0 || (request.names_count < 256 && i + 1 < plan->members_count))
            continue;
        result = client_request(context->runtime_dir, context->stack, &request, ret_fault);
        request.names_count = 0;
    }
    return result;
}

/* --- the way up ------------------------------------------------------------------------------- */

struct up {
    struct command_context *context;
    struct stack_source source;
    struct spec spec;
    struct host host;
    struct plan plan;
    bool *asked;
    int signals;
    bool detach;
    bool wait;
    int64_t timeout_ns;
};

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

static int take_options(struct up *up)
{
    int status = option_seconds(up->context, "wait-timeout", &up->timeout_ns);

    up->wait = option_given(up->context, "wait");
    up->detach = option_given(up->context, "detach") || up->wait;
    if (status == 0 && option_given(up->context, "wait-timeout") && !up->wait)
        return usage_error(up->context, "--wait-timeout goes with --wait");
    return status;
}

static int prepare(struct up *up, int argc, char **argv)
{
    int status = stack_source_read(up->context, true, &up->source, &up->spec);

    if (status != 0)
        return status;
    for (int i = 1; i < argc; i++)
        if (spec_find(&up->spec, argv[i]) < 0)
            return unknown_service(up->context, &up->spec, argv[i]);
    status = launching_plan(up->context, &up->source, &up->spec, NULL, &up->host, &up->plan);
    if (status != 0)
        return status;
    up->asked = calloc(up->plan.members_count + 1, sizeof(*up->asked));
    if (!up->asked)
        return command_failed("out of memory");
    ask_for(&up->plan, argv + 1, argc - 1, up->asked);
    return open_signals(up);
}

/* The supervisor is ready; from here on a failure takes it down again. */
static int start(struct up *up)
{
    struct attend_request request = {up->context, &up->plan, up->asked, up->signals, NULL};
    struct fault fault;
    int result = up->detach ? 0 : attend_open_logs(&request, &fault);

    if (result == 0)
        result = send_start(up->context, &up->plan, up->asked, &fault);
    if (result != 0) {
        follow_destroy(request.follow);
        show_fault(&fault, up->context->colour_err);
        (void)ending_ask(up->context, 0, &fault);
        (void)stack_remove(up->context, true);
        return STATUS_FAILED;
    }
    if (up->wait)
        return attend_until_running(&request, up->timeout_ns);
    return up->detach ? STATUS_DONE : attend_foreground(&request);
}

static int run(struct command_context *context, int argc, char **argv)
{
    struct up up = {.context = context, .signals = -1, .timeout_ns = INT64_MAX};
    int status = take_options(&up);

    if (status == 0)
        status = prepare(&up, argc, argv);
    if (status == 0)
        status = launching_start(context, &up.host, &up.plan);
    if (status == 0)
        status = start(&up);
    free(up.asked);
    plan_finish(&up.plan);
    spec_finish(&up.spec);
    stack_source_finish(&up.source);
    if (up.signals >= 0)
        close(up.signals);
    return status;
}

static const struct command_option options[] = {
    {'d', "detach", NULL, "come back as soon as the start is accepted"},
    {0, "wait", NULL, "come back when the services run (implies -d)"},
    {0, "wait-timeout", "SECONDS", "how long --wait waits"},
    {0, NULL, NULL, NULL},
};

const struct command command_up = {
    .name = "up",
    .operands = "[SERVICE...]",
    .summary = "start a stack",
    .help =
        "Starts the stack, or the services named and what they depend on. In the foreground it\n"
        "shows the progress and then the output of the services. The first Ctrl-C stops them in\n"
        "reverse order, the second kills them. When all have ended by themselves, the stack is\n"
        "taken down, and the exit status is 0 if all of them were successful.",
    .example = "bulkhead up\nbulkhead -f shop.yaml up -d --wait --wait-timeout 60",
    .options = options,
    .run = run,
};
