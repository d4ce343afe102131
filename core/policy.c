/* See policy.h. */
#include "core/policy.h"

#include <signal.h>

struct policy policy_default(void)
{
    return (struct policy){
        .restart = RESTART_ON_FAILURE,
        .backoff_initial_ns = 100 * NSEC_PER_MSEC,
        .backoff_factor_milli = 2000,
        .backoff_max_ns = 60 * NSEC_PER_SEC,
        .backoff_jitter_milli = 100,
        .backoff_reset_after_ns = 10 * NSEC_PER_SEC,
        .stop_signal = SIGTERM,
        .stop_grace_ns = 10 * NSEC_PER_SEC,
        .oom_group = 1,
        .oom_within_ns = 60 * NSEC_PER_SEC,
        .health_interval_ns = 30 * NSEC_PER_SEC,
        .health_timeout_ns = 30 * NSEC_PER_SEC,
        .health_retries = 3,
        .health_start_interval_ns = 5 * NSEC_PER_SEC,
        .on_unhealthy = UNHEALTHY_RESTART,
    };
}

static bool health_is_valid(const struct policy *policy)
{
    int64_t least = policy->health; // a probe that is never due or fails at once is none

    return policy->health >= 0 && policy->health <= 1 && policy->health_interval_ns >= least &&
           policy->health_timeout_ns >= least && policy->health_retries >= least &&
           policy->health_start_period_ns >= 0 && policy->health_start_interval_ns >= least &&
           policy->on_unhealthy >= UNHEALTHY_NONE && policy->on_unhealthy <= UNHEALTHY_RESTART;
}

static bool oom_is_valid(const struct policy *policy)
{
    return policy->oom_group >= 0 && policy->oom_group <= 1 && policy->oom_policy >= 0 &&
           policy->oom_policy < OOM_POLICIES_COUNT && policy->oom_victims >= 0 &&
           policy->oom_victims <= VICTIMS_MAX && policy->oom_within_ns >= 0 &&
           policy->start_timeout_ns >= 0;
}

static bool hooks_are_valid(const struct policy *policy)
{
    int64_t sum = 0;

    for (int kind = AIDE_PRE_START; kind <= AIDE_PRE_STOP; kind++) {
        int64_t count = policy_aides(policy, (enum aide_kind)kind);
        if (count < 0 || count > HOOKS_MAX)
            return false;
        sum += count;
    }
    return sum <= HOOKS_MAX && policy->on_oom >= 0 && policy->on_oom <= 1 && policy->on_hold >= 0 &&
           policy->on_hold <= 1;
}

static bool intensities_are_valid(const struct policy *policy)
{
    for (int cause = 0; cause < CAUSES_COUNT; cause++)
        if (!intensity_is_valid(&policy->intensity[cause]))
            return false;
    return true;
}

bool policy_is_valid(const struct policy *policy)
{
    return policy->restart >= 0 && policy->restart < RESTARTS_COUNT && policy->restart_max >= 0 &&
           policy->backoff_initial_ns >= 0 && policy->backoff_factor_milli >= 0 &&
           policy->backoff_max_ns >= 0 && policy->backoff_jitter_milli >= 0 &&
           policy->backoff_jitter_milli <= 1000 && policy->backoff_reset_after_ns >= 0 &&
           policy->stop_signal > 0 && policy->stop_signal <= SIGNAL_MAX &&
           policy->stop_grace_ns >= 0 && policy->mem_limit_bytes >= 0 && oom_is_valid(policy) &&
           policy->restart_window_ns >= 0 && health_is_valid(policy) && policy->strategy >= 0 &&
           policy->strategy < STRATEGIES_COUNT && hooks_are_valid(policy) &&
           intensities_are_valid(policy);
}

int64_t policy_aides(const struct policy *policy, enum aide_kind kind)
{
    switch (kind) {
    case AIDE_PROBE:
        return policy->health;
    case AIDE_PRE_START:
        return policy->pre_start;
    case AIDE_POST_START:
        return policy->post_start;
    case AIDE_PRE_STOP:
        return policy->pre_stop;
    case AIDE_ON_OOM:
        return policy->on_oom;
    case AIDE_ON_HOLD:
        return policy->on_hold;
    case AIDE_KINDS:
        break;
    }
    return 0;
}

bool aide_is_told(enum aide_kind kind)
{
    return kind == AIDE_ON_OOM || kind == AIDE_ON_HOLD;
}

const char *aide_name(enum aide_kind kind)
{
    static const char *const names[] = {
#define X(id, name) name,
        AIDES(X)
#undef X
    };
    return kind < AIDE_KINDS ? names[kind] : "?";
}

const char *const strategy_names[] = {
    [STRATEGY_ONE_FOR_ONE] = "one-for-one",
    [STRATEGY_ONE_FOR_ALL] = "one-for-all",
    [STRATEGY_REST_FOR_ONE] = "rest-for-one",
    NULL,
};

const char *const oom_policy_names[] = {
    [OOM_KILL] = "kill",
    [OOM_CONTINUE] = "continue",
    [OOM_STOP] = "stop",
    NULL,
};

const char *restart_name(enum restart restart)
{
    static const char *const names[] = {
#define X(id, name) name,
        RESTARTS(X)
#undef X
    };
    return restart < RESTARTS_COUNT ? names[restart] : "?";
}
