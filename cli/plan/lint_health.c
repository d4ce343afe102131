/* Healthchecks that come too late, too often or too early. See lint_rules.h. */
#include <string.h>

#include "cli/plan/lint_rules.h"
#include "cli/plan/planner_policy.h"
#include "cli/show/render.h"

#define LATE_NS  (600 * NSEC_PER_SEC)
#define EARLY_NS (30 * NSEC_PER_SEC)

static int64_t written(const struct spec_int *value, int64_t otherwise)
{
    return value->set && value->value > 0 ? value->value : otherwise;
}

/* A probe runs beside the service, in 64 MiB of its own. */
static void big_probe(const struct lint *lint)
{
    static const char *const big[] = {"java", "mvn", "node", "npm", "npx", "dotnet"};
    const struct spec_words *test = &lint->service->healthcheck.test;

    for (size_t i = 0; test->count > 0 && i < sizeof(big) / sizeof(big[0]); i++)
        if (strcmp(lint_base_name(test->item[0]), big[i]) == 0)
            lint_say(lint, FAULT_NOTICE, test->at, "ask with curl, or with the shell",
                     "a probe has 64 MiB of memory, and %s may need more", big[i]);
}

static void no_restart(const struct lint *lint)
{
    static const struct host any_host;
    const struct spec_service *service = lint->service;
    struct policy policy = planner_policy(service, &any_host);

    if (policy.restart == RESTART_NO && service->on_unhealthy == SPEC_UNHEALTHY_RESTART)
        lint_say(lint, FAULT_WARNING,
                 service->restart_set ? service->restart_at : service->healthcheck.at,
                 "write restart: on-failure, or x-bulkhead.on_unhealthy: none",
                 "unhealthy stops it, and restart: \"no\" leaves it stopped");
}

/* Before the start is over, failures count unless start_period says otherwise. */
static void early(const struct lint *lint, int64_t patience_ns)
{
    const struct spec_healthcheck *check = &lint->service->healthcheck;
    char text[RENDER_MAX];

    if (lint->service->on_unhealthy != SPEC_UNHEALTHY_RESTART || patience_ns >= EARLY_NS ||
        (check->start_period_ns.set && check->start_period_ns.value > 0))
        return;
    lint_say(lint, FAULT_WARNING, check->at, "write start_period: how long a start may take",
             "no start_period: if it takes longer than %s to start, it is unhealthy and restarted, "
             "again and again",
             render_span(patience_ns, text));
}

void lint_health(const struct lint *lint)
{
    const struct spec_healthcheck *check = &lint->service->healthcheck;
    int64_t interval = written(&check->interval_ns, 30 * NSEC_PER_SEC);
    int64_t timeout = written(&check->timeout_ns, 30 * NSEC_PER_SEC);
    int64_t retries = written(&check->retries, 3);
    double hang = (double)retries * ((double)interval + (double)timeout);
    char text[RENDER_MAX];

    if (!check->set || check->disabled)
        return;
    big_probe(lint);
    no_restart(lint);
    early(lint,
          (double)retries * (double)interval > (double)EARLY_NS ? EARLY_NS : retries * interval);
    if (hang > (double)LATE_NS && hang < 9e18)
        lint_say(lint, FAULT_NOTICE, check->at,
                 "shorten interval and timeout, or write fewer retries",
                 "a hang is noticed only after %s: retries x (interval + timeout)",
                 render_span((int64_t)hang, text));
    else if (check->timeout_ns.set && timeout > interval)
        lint_say(lint, FAULT_NOTICE, check->timeout_ns.at, "write timeout below interval",
                 "timeout is longer than interval: a probe that hangs makes the next one late");
    if (interval < NSEC_PER_SEC)
        lint_say(lint, FAULT_NOTICE, check->interval_ns.at, "write 1s or more",
                 "every probe is a new process: %s apart, for each of %u instances, is many",
                 render_span(interval, text), lint->scale);
}
