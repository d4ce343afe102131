/* See health.h. */
#include "core/health.h"

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
