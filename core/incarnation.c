/* See incarnation.h. */
#include "core/incarnation.h"

#include "core/event.h"
#include "core/lifecycle.h"

void incarnation_init(struct incarnation *incarnation)
{
    *incarnation = (struct incarnation){
        .state = STATE_CREATED,
        .deadline_ns = INSTANT_NEVER.ns,
        .grace_ns = EVENT_GRACE_POLICY,
        .aide_ns = INSTANT_NEVER.ns,
    };
}

void incarnation_settle(struct incarnation *incarnation, instant now)
{
    instant settled = instant_add((instant){incarnation->paid_ns}, OOM_NOTICE_DEADLINE);

    if (!incarnation->paid_ns || !instant_reached(settled, now))
        return;
    for (int level = 0; level < ENCLOSING_MAX; level++)
        if (incarnation->paid.enclosing_oom[level] > incarnation->base.enclosing_oom[level])
            incarnation->base.enclosing_oom[level] = incarnation->paid.enclosing_oom[level];
    incarnation->paid = (struct reading){0};
    incarnation->paid_ns = 0;
}

void incarnation_pay(struct incarnation *incarnation, int32_t level, int64_t oom, instant now)
{
    if (incarnation->judged)
        return;
    if (incarnation->populated && !incarnation->oom_seen) // else it is ending
        incarnation_settle(incarnation, now);
    if (oom > incarnation->paid.enclosing_oom[level])
        incarnation->paid.enclosing_oom[level] = oom;
    incarnation->paid_ns = now.ns;
}

bool lifecycle_at_rest(const struct incarnation *incarnation)
{
    return incarnation->state == STATE_CREATED || incarnation->state == STATE_HELD ||
           incarnation->state == STATE_EXITED;
}

const char *state_name(enum state state)
{
    static const char *const names[] = {
#define X(id, name) name,
        STATES(X)
#undef X
    };
    return state < STATES_COUNT ? names[state] : "?";
}

const char *state_id(enum state state)
{
    static const char *const ids[] = {
#define X(id, name) #id,
        STATES(X)
#undef X
    };
    return state < STATES_COUNT ? ids[state] : "?";
}
