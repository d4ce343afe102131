/* See restart.h. */
#include "core/restart.h"

/* a x milli / 1000, saturating. */
static int64_t scale(int64_t a, int64_t milli)
{
    int64_t whole, rest, sum;

    if (__builtin_mul_overflow(a / 1000, milli, &whole) ||
        __builtin_mul_overflow(a % 1000, milli, &rest) ||
        __builtin_add_overflow(whole, rest / 1000, &sum))
        return INT64_MAX;
    return sum;
}

span restart_delay(const struct policy *policy, int64_t failures)
{
    int64_t delay = policy->backoff_initial_ns;

    if (delay > policy->backoff_max_ns)
        delay = policy->backoff_max_ns;
    for (int64_t i = 1; i < failures; i++) {
        int64_t longer = scale(delay, policy->backoff_factor_milli);
        if (longer >= policy->backoff_max_ns) {
            delay = policy->backoff_max_ns;
            break;
        }
        if (longer == delay)
            break;
        delay = longer;
    }
    return span_ns(delay);
}

uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

span restart_delay_jittered(const struct policy *policy, int64_t failures, uint64_t *random)
{
    span delay = restart_delay(policy, failures);
    int64_t swing = scale(delay.ns, policy->backoff_jitter_milli);
    int64_t most = policy->backoff_max_ns;
    uint64_t draw = random_next(random);

    if (swing > delay.ns)
        swing = delay.ns; // more than ±100 % would be a delay below zero
    if (swing <= 0)
        return delay;
    draw %= (uint64_t)swing * 2 + 1;
    /* Least and most are the delay's own; in between nothing can overflow. */
    if (draw > (uint64_t)(most - (delay.ns - swing)))
        return span_ns(most);
    return span_ns(delay.ns - swing + (int64_t)draw);
}

static enum next by_policy(const struct policy *policy, enum verdict_kind kind, int64_t restarts)
{
    switch ((enum restart)policy->restart) {
    case RESTART_ALWAYS:
    case RESTART_UNLESS_STOPPED:
        return NEXT_RESTART;
    case RESTART_ON_FAILURE:
        if (!verdict_is_failure(kind))
            return NEXT_REST;
        if (policy->restart_max > 0 && restarts >= policy->restart_max)
            return NEXT_HOLD;
        return NEXT_RESTART;
    case RESTART_NO:
    case RESTARTS_COUNT:
        break;
    }
    return NEXT_REST;
}

static bool is_prevented(const struct policy *policy, const struct verdict *verdict)
{
    return verdict_is_own_end(verdict) &&
           exits_has(&policy->prevent, verdict->exit_code, verdict->signal);
}

enum next restart_next(const struct policy *policy, const struct verdict *verdict, int64_t restarts)
{
    enum next next = by_policy(policy, verdict->kind, restarts);

    if (policy->oom_policy == OOM_STOP && verdict_is_oom(verdict->kind))
        return NEXT_OOM_STOP;

    return next != NEXT_REST && is_prevented(policy, verdict) ? NEXT_PREVENTED : next;
}
