/* See planner_policy.h. */
#include "cli/plan/planner_policy.h"

#include <stdio.h>

#include "cli/plan/controls.h"
#include "core/paths.h"

static enum restart restart_of(enum spec_restart restart)
{
    switch (restart) {
    case SPEC_RESTART_NO:
        return RESTART_NO;
    case SPEC_RESTART_ON_FAILURE:
        return RESTART_ON_FAILURE;
    case SPEC_RESTART_ALWAYS:
        return RESTART_ALWAYS;
    case SPEC_RESTART_UNLESS_STOPPED:
        return RESTART_UNLESS_STOPPED;
    }
    return RESTART_ON_FAILURE;
}

static void take_int(int64_t *to, const struct spec_int *from)
{
    if (from->set)
        *to = from->value;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* deploy.restart_policy: a fixed delay is a back-off that does not grow, unless one is asked for.
 */
static void take_restart_policy(struct policy *policy, const struct spec_service *service)
{
    const struct spec_restart_policy *from = &service->restart_policy;

    if (!from->set)
        return;
    if (from->condition_set)
        policy->restart = restart_of(from->condition);
    else if (!service->restart_set)
        policy->restart = RESTART_ALWAYS; // Compose's default here: any
    take_int(&policy->restart_max, &from->max_attempts);
    if (from->delay_ns.set) {
        policy->backoff_initial_ns = from->delay_ns.value;
        if (!service->backoff.set)
            policy->backoff_factor_milli = 1000;
        policy->backoff_max_ns = larger(policy->backoff_max_ns, from->delay_ns.value);
    }
    take_int(&policy->restart_window_ns, &from->window_ns);
}

static void take_backoff(struct policy *policy, const struct spec_backoff *from)
{
    take_int(&policy->backoff_initial_ns, &from->initial_ns);
    take_int(&policy->backoff_factor_milli, &from->factor_milli);
    take_int(&policy->backoff_max_ns, &from->max_ns);
    take_int(&policy->backoff_jitter_milli, &from->jitter_milli);
    take_int(&policy->backoff_reset_after_ns, &from->reset_after_ns);
}

static void take_intensity(struct policy *policy, const struct spec_intensity *from)
{
    for (int cause = 0; cause < CAUSES_COUNT; cause++)
        if (from->budget[cause].set)
            policy->intensity[cause] = (struct intensity){
                .max_restarts = from->budget[cause].max_restarts.value,
                .window_ns = from->budget[cause].window_ns.value,
                .then = from->budget[cause].then.value,
            };
}

/* Docker's 0 is "the default". */
static void take_positive(int64_t *to, const struct spec_int *from)
{
    if (from->set && from->value > 0)
        *to = from->value;
}

static void take_health(struct policy *policy, const struct spec_service *service)
{
    const struct spec_healthcheck *check = &service->healthcheck;

    if (service->on_unhealthy == SPEC_UNHEALTHY_NONE)
        policy->on_unhealthy = UNHEALTHY_NONE;
    if (!check->set || check->disabled)
        return;
    policy->health = 1;
    take_positive(&policy->health_interval_ns, &check->interval_ns);
    take_positive(&policy->health_timeout_ns, &check->timeout_ns);
    take_positive(&policy->health_retries, &check->retries);
    take_positive(&policy->health_start_period_ns, &check->start_period_ns);
    take_positive(&policy->health_start_interval_ns, &check->start_interval_ns);
}

struct policy planner_policy(const struct spec_service *service, const struct host *host)
{
    struct policy policy = policy_default();

    if (service->restart_set) {
        policy.restart = restart_of(service->restart);
        policy.restart_max = service->restart_max;
    }
    take_restart_policy(&policy, service);
    take_backoff(&policy, &service->backoff);
    take_intensity(&policy, &service->intensity);
    policy.success = service->success_exit_codes.exits;
    policy.prevent = service->restart_prevent_exit_codes.exits;
    take_health(&policy, service);
    policy.pre_start = (int64_t)service->hooks[SPEC_PRE_START].count;
    policy.post_start = (int64_t)service->hooks[SPEC_POST_START].count;
    policy.pre_stop = (int64_t)service->hooks[SPEC_PRE_STOP].count;
    policy.on_oom = service->report_hooks[SPEC_ON_OOM].set;
    policy.on_hold = service->report_hooks[SPEC_ON_HOLD].set;
    take_int(&policy.stop_signal, &service->stop_signal);
    take_int(&policy.stop_grace_ns, &service->stop_grace_period_ns);
    policy.mem_limit_bytes = 0;
    if (service->mem_limit_bytes.set && service->mem_limit_bytes.value > 0)
        policy.mem_limit_bytes = service->mem_limit_bytes.value;
    take_int(&policy.start_timeout_ns, &service->start_timeout_ns);
    take_int(&policy.oom_policy, &service->oom.policy);
    take_int(&policy.oom_victims, &service->oom.victims);
    take_int(&policy.oom_within_ns, &service->oom.within_ns);
    policy.oom_group = host->controllers[CONTROLLER_MEMORY] == CONTROLLER_USABLE &&
                       policy.oom_policy != OOM_CONTINUE;
    return policy;
}

struct logging planner_logging(const struct spec_service *service)
{
    struct logging logging = LOGGING_DEFAULT;

    logging.driver = service->logging.driver;
    logging.blocking = service->logging.blocking;
    take_int(&logging.file_bytes, &service->logging.max_size_bytes);
    take_int(&logging.files, &service->logging.max_file);
    take_int(&logging.buffer_bytes, &service->logging.max_buffer_bytes);
    return logging;
}

/* Once a key. */
static void check_controllers(const struct spec_service *service, const struct host *host,
                              struct faults *faults)
{
    struct controls_need needs[CONTROLS_NEEDS_MAX];
    size_t count = controls_needs(service, needs);
    char why[320], remedy[320], whole[400];

    for (size_t i = 0; i < count; i++) {
        if (host->controllers[needs[i].controller] == CONTROLLER_USABLE)
            continue;
        host_controller_trouble(host, needs[i].controller, why, sizeof(why), remedy,
                                sizeof(remedy));
        snprintf(whole, sizeof(whole), "%s, or leave %s out", remedy, needs[i].key);
        faults_add(faults, FAULT_ERROR, needs[i].at, whole,
                   "service \"%s\": %s cannot be enforced: %s", service->name, needs[i].key, why);
    }
}

static void check_memory(const struct spec_service *service, const struct host *host,
                         struct faults *faults)
{
    int64_t limit = service->mem_limit_bytes.set ? service->mem_limit_bytes.value : 0;
    int64_t swap = controls_swap(limit, &service->memswap_limit_bytes);

    if (service->memory_high.set && controls_size(&service->memory_high, limit) < 0)
        faults_add(faults, FAULT_ERROR, service->memory_high.at, "write mem_limit, or bytes",
                   "service \"%s\": memory_high is a share of a mem_limit that is not there",
                   service->name);
    if (service->memory_min.set && controls_size(&service->memory_min, limit) < 0)
        faults_add(faults, FAULT_ERROR, service->memory_min.at, "write mem_limit, or bytes",
                   "service \"%s\": memory_min is a share of a mem_limit that is not there",
                   service->name);
    if (swap > 0 && host->controllers[CONTROLLER_MEMORY] == CONTROLLER_USABLE &&
        !host->swap_accounting)
        faults_add(faults, FAULT_ERROR, service->memswap_limit_bytes.at,
                   "boot with swapaccount=1, or leave memswap_limit out: no swap",
                   "service \"%s\": memswap_limit cannot be enforced: this kernel does not count "
                   "swap",
                   service->name);
}

static void check_logging(const struct spec_service *service, const struct host *host,
                          struct faults *faults)
{
    if (service->logging.driver == LOGGING_JOURNALD && !host->journald)
        faults_add(faults, FAULT_ERROR, service->logging.at,
                   "write json-file, or start systemd-journald",
                   "service \"%s\": logging.driver journald: there is no " PATH_JOURNALD " here",
                   service->name);
}

void planner_check_limits(const struct spec_service *service, const struct host *host,
                          struct faults *faults)
{
    check_controllers(service, host, faults);
    check_logging(service, host, faults);
    check_memory(service, host, faults);
}
