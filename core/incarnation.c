/* See incarnation.h. */
#include "core/incarnation.h"

#include "core/event.h"

void incarnation_init(struct incarnation *incarnation)
{
    *incarnation = (struct incarnation){
        .state = STATE_CREATED,
        .deadline_ns = INSTANT_NEVER.ns,
        .grace_ns = EVENT_GRACE_POLICY,
        .aide_ns = INSTANT_NEVER.ns,
    };
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
