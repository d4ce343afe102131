/* See health.h. */
#include "core/health.h"

static bool is_excused(const struct policy *policy, enum health health, span up)
{
    return health == HEALTH_STARTING && up.ns < policy->health_start_period_ns;
}

span health_interval(const struct policy *policy, enum health health, span up)
{
    return span_ns(is_excused(policy, health, up) ? policy->health_start_interval_ns
                                                  : policy->health_interval_ns);
}

enum health health_after(const struct policy *policy, enum health health, bool success, span up,
                         int64_t *failures)
{
    if (success) {
        *failures = 0;
        return HEALTH_HEALTHY;
    }
    if (is_excused(policy, health, up))
        return health;
    ++*failures;
    return *failures >= policy->health_retries ? HEALTH_UNHEALTHY : health;
}

const char *health_name(enum health health)
{
    static const char *const names[] = {
#define X(id, name) name,
        HEALTHS(X)
#undef X
    };
    return health < HEALTHS_COUNT ? names[health] : "?";
}

const char *health_id(enum health health)
{
    static const char *const ids[] = {
#define X(id, name) #id,
        HEALTHS(X)
#undef X
    };
    return health < HEALTHS_COUNT ? ids[health] : "?";
}
