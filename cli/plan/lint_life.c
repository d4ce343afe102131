/* Restarts, stops and dependencies that do not do what they seem to. See lint_rules.h. */
#include <inttypes.h>
#include <string.h>

#include "cli/plan/controls.h"
#include "cli/plan/lint_rules.h"
#include "cli/plan/planner_policy.h"
#include "cli/show/render.h"
#include "core/restart.h"

/* What the planner will make of it; the controllers of the host play no part here. */
static struct policy policy_of(const struct spec_service *service)
{
    static const struct host any_host;

    return planner_policy(service, &any_host);
}

/* --- restarts --------------------------------------------------------------------------------- */

#define SOON (10 * NSEC_PER_SEC)

static struct mark budget_mark(const struct spec_service *service)
{
    return service->restart_policy.max_attempts.set ? service->restart_policy.max_attempts.at
                                                    : service->restart_at;
}

/* Delays until the budget is used up by a program that fails as soon as it starts. */
static int64_t time_to_hold(const struct policy *policy)
{
    int64_t sum = 0;

    for (int64_t i = 1; i <= policy->restart_max && sum < SOON; i++)
        sum += restart_delay(policy, i).ns;
    return sum;
}

static void budget(const struct lint *lint, const struct policy *policy)
{
    const struct spec_restart_policy *written = &lint->service->restart_policy;
    int64_t hold_ns = time_to_hold(policy);
    char text[RENDER_MAX];

    if (policy->restart_max <= 0 || policy->restart == RESTART_NO)
        return;
    if (written->window_ns.set && written->window_ns.value > 0 &&
        written->window_ns.value < NSEC_PER_SEC)
        lint_say(lint, FAULT_WARNING, written->window_ns.at, "write at least 10s",
                 "a budget that is never used up: whoever lives for %s was started with success, "
                 "and that restart is not counted",
                 render_span(written->window_ns.value, text));
    else if (!written->window_ns.set)
        lint_say(lint, FAULT_NOTICE, budget_mark(lint->service),
                 "write deploy.restart_policy.window: 1m, and only what fails sooner counts",
                 "every restart counts, however long it went well: death number %" PRId64
                 " ends it, be that in a year",
                 policy->restart_max + 1);
    if (hold_ns < SOON)
        lint_say(lint, FAULT_NOTICE, budget_mark(lint->service),
                 "write a longer delay (x-bulkhead.backoff.initial), or more restarts",
                 "the restarts are used up after %s when it fails at once: a short outage of what "
                 "it needs is the end of it",
                 render_span(hold_ns, text));
}

static void backoff(const struct lint *lint, const struct policy *policy)
{
    const struct spec_backoff *written = &lint->service->backoff;

    if (policy->restart == RESTART_NO) {
        lint_say(lint, FAULT_WARNING,
                 written->initial_ns.set ? written->initial_ns.at : lint->service->restart_at,
                 "write restart: on-failure, or leave backoff out",
                 "backoff without a restart: nothing is delayed");
        return;
    }
    if (policy->backoff_initial_ns == 0 || policy->backoff_max_ns == 0)
        lint_say(lint, FAULT_WARNING,
                 written->initial_ns.set ? written->initial_ns.at : written->max_ns.at,
                 "write at least 100ms",
                 "no delay between restarts: a program that fails at once keeps a processor busy");
    else if (policy->backoff_initial_ns > policy->backoff_max_ns)
        lint_say(lint, FAULT_WARNING,
                 written->initial_ns.set ? written->initial_ns.at : written->max_ns.at,
                 "write max at least as long as initial",
                 "backoff.initial is above backoff.max: the delay is always max");
    else if (policy->backoff_factor_milli < 1000)
        lint_say(lint, FAULT_WARNING, written->factor_milli.at, "write 1 or more",
                 "backoff.factor is below 1: the more often it fails, the sooner it is restarted");
    if (written->reset_after_ns.set && written->reset_after_ns.value == 0)
        lint_say(lint, FAULT_WARNING, written->reset_after_ns.at, "write at least 1s",
                 "backoff.reset_after 0: the delay never grows");
}

/* --- x-bulkhead.intensity --- */

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* The shortest time in which so many restarts can follow each other: it fails at once each time,
 * or lives just so long that the back-off begins anew. */
static int64_t quickest(const struct policy *policy, int64_t restarts)
{
    int64_t best[BUDGET_RESTARTS_MAX + 1] = {0};

    for (int64_t n = 1; n <= restarts; n++) {
        int64_t run = 0;
        best[n] = INT64_MAX;
        for (int64_t length = 1; length <= n; length++) {
            int64_t delay = restart_delay(policy, length).ns, whole;
            run = add(run, delay - delay / 1000 * policy->backoff_jitter_milli);
            whole =
                length == n ? run : add(run, add(policy->backoff_reset_after_ns, best[n - length]));
            best[n] = whole < best[n] ? whole : best[n];
        }
    }
    return best[restarts];
}

/* Why there can be no restart that it counts, or NULL. */
static const char *never_counts(const struct spec_service *service, const struct policy *policy,
                                enum cause cause)
{
    if (policy->restart == RESTART_NO)
        return "there are no restarts";
    if (cause == CAUSE_OOM && policy->mem_limit_bytes == 0)
        return "there is no mem_limit that it could meet";
    if (cause == CAUSE_UNHEALTHY && (!policy->health || policy->on_unhealthy == UNHEALTHY_NONE))
        return service->healthcheck.set ? "who is unhealthy is not restarted"
                                        : "there is no healthcheck";
    return NULL;
}

static void one_intensity(const struct lint *lint, const struct policy *policy, enum cause cause)
{
    const struct spec_budget *written = &lint->service->intensity.budget[cause];
    const struct intensity *intensity = &policy->intensity[cause];
    const char *why = never_counts(lint->service, policy, cause);
    int64_t least_ns = quickest(policy, intensity->max_restarts), sum = 0;
    char text[RENDER_MAX];

    for (int64_t i = 1; i <= intensity->max_restarts && sum < SOON; i++)
        sum = add(sum, restart_delay(policy, i).ns);
    if (why)
        lint_say(lint, FAULT_WARNING, written->at, "leave it out", "%s is never used up: %s",
                 budget_key(cause), why);
    else if (least_ns > intensity->window_ns)
        lint_say(lint, FAULT_WARNING, written->window_ns.at,
                 "write a longer window, or fewer restarts",
                 "%s is never used up: with its back-off, %" PRId64 " restarts take %s at least",
                 budget_key(cause), intensity->max_restarts, render_span(least_ns, text));
    else if (policy->restart == RESTART_ON_FAILURE && policy->restart_max > 0 &&
             policy->restart_window_ns == 0 && policy->restart_max <= intensity->max_restarts)
        lint_say(lint, FAULT_WARNING, written->max_restarts.at, "keep one of them",
                 "%s is never used up: after %" PRId64 " restarts it is held anyway",
                 budget_key(cause), policy->restart_max);
    else if (sum < SOON && (cause == CAUSE_ANY || cause == CAUSE_CRASH))
        lint_say(lint, FAULT_NOTICE, written->max_restarts.at,
                 "write a longer delay (x-bulkhead.backoff.initial), or more restarts",
                 "%s is used up after %s when it fails at once: a short outage of what it needs is "
                 "the end of it",
                 budget_key(cause), render_span(sum, text));
}

static void intensities(const struct lint *lint, const struct policy *policy)
{
    for (int cause = 0; cause < CAUSES_COUNT; cause++)
        if (lint->service->intensity.budget[cause].set)
            one_intensity(lint, policy, (enum cause)cause);
}

static bool may_be_held(const struct policy *policy)
{
    if (policy->oom_policy == OOM_STOP)
        return true;
    if (policy->restart == RESTART_NO)
        return false;
    for (int cause = 0; cause < CAUSES_COUNT; cause++)
        if (policy->intensity[cause].window_ns > 0)
            return true;
    return policy->restart_max > 0;
}

static void on_hold(const struct lint *lint, const struct policy *policy)
{
    const struct spec_report_hook *hook = &lint->service->report_hooks[SPEC_ON_HOLD];

    if (hook->set && !hook->shared && !may_be_held(policy))
        lint_say(lint, FAULT_WARNING, hook->at,
                 "write x-bulkhead.intensity: {max_restarts: 5, window: 1m}, or leave it out",
                 "on_hold is never told: nothing holds this service");
}

void lint_restarts(const struct lint *lint)
{
    struct policy policy = policy_of(lint->service);

    budget(lint, &policy);
    on_hold(lint, &policy);
    if (lint->service->backoff.set)
        backoff(lint, &policy);
    intensities(lint, &policy);
}

/* --- stops ------------------------------------------------------------------------------------ */

void lint_stop(const struct lint *lint)
{
    const struct spec_service *service = lint->service;
    const struct spec_int *grace = &service->stop_grace_period_ns;
    const struct spec_hooks *hooks = &service->hooks[SPEC_PRE_STOP];

    if (grace->set && grace->value == 0 && hooks->count > 0)
        lint_say(lint, FAULT_WARNING, grace->at, "write how long pre_stop may take and more",
                 "stop_grace_period 0 leaves pre_stop no time at all");
    else if (grace->set && grace->value == 0)
        lint_say(lint, FAULT_WARNING, grace->at, "write some seconds, or leave it out: 10s",
                 "stop_grace_period 0: every stop is a kill, and nothing is written or closed");
    if (service->stop_signal.set && service->stop_signal.value == 9 &&
        !(grace->set && grace->value == 0))
        lint_say(lint, FAULT_WARNING, service->stop_signal.at, "write the signal it listens to",
                 "stop_signal SIGKILL: every stop is a kill, and nothing is written or closed");
}

/* --- dependencies ----------------------------------------------------------------------------- */

static bool has_probe(const struct spec_service *service)
{
    return service->healthcheck.set && !service->healthcheck.disabled;
}

static void on_completed(const struct lint *lint, const struct spec_dependency *on,
                         const struct spec_service *needed)
{
    struct policy policy = policy_of(needed);

    if (policy.restart == RESTART_ALWAYS || policy.restart == RESTART_UNLESS_STOPPED)
        lint_say(lint, FAULT_WARNING, on->at,
                 "write restart: on-failure or \"no\" there, or wait for service_healthy",
                 "waits for \"%s\" to complete, which is restarted always: it never does",
                 needed->name);
    else if (has_probe(needed))
        lint_say(lint, FAULT_NOTICE, on->at, "did you mean service_healthy?",
                 "waits for \"%s\" to complete, which has a healthcheck as if it were to stay",
                 needed->name);
}

/* Does this service look like one that is asked by others over the network? */
static bool is_slow(const struct spec_service *service)
{
    static const char *const names[] = {
        "postgres",      "mysqld",     "mariadbd", "mongod",      "java",      "etcd",
        "elasticsearch", "opensearch", "kafka",    "mysqld_safe", "cassandra", "rabbitmq-server"};
    const char *program = lint_word(service, 0);

    for (size_t i = 0; program && i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(lint_base_name(program), names[i]) == 0)
            return true;
    return false;
}

static void on_started(const struct lint *lint, const struct spec_dependency *on,
                       const struct spec_service *needed)
{
    if (has_probe(needed))
        lint_say(lint, FAULT_NOTICE, on->at, "write condition: service_healthy",
                 "\"%s\" has a healthcheck, and this waits only for its start", needed->name);
    else if (is_slow(needed))
        lint_say(lint, FAULT_NOTICE, on->at, "give it a healthcheck and wait for service_healthy",
                 "waits only for the start of \"%s\", and %s takes a while until it answers",
                 needed->name, lint_base_name(lint_word(needed, 0)));
}

void lint_dependencies(const struct lint *lint)
{
    const struct spec *spec = lint->request->spec;

    for (size_t i = 0; i < lint->service->depends_on_count; i++) {
        const struct spec_dependency *on = &lint->service->depends_on[i];
        ptrdiff_t index = spec_find(spec, on->service);
        const struct lint_request *request = lint->request;
        if (index < 0 || (request->selection && !request->selection->enabled[index]))
            continue;
        if (lint_scale(request, (size_t)index) == 0)
            lint_say(lint, FAULT_NOTICE, on->at, NULL,
                     "\"%s\" has no instances: there is nothing to wait for", on->service);
        else if (on->condition == SPEC_SERVICE_COMPLETED)
            on_completed(lint, on, &spec->services[index]);
        else if (on->condition == SPEC_SERVICE_STARTED)
            on_started(lint, on, &spec->services[index]);
    }
}
