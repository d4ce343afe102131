/* See budget.h. */
#include "core/budget.h"

#include <string.h>

bool intensity_is_valid(const struct intensity *intensity)
{
    return intensity->max_restarts >= 0 && intensity->max_restarts <= BUDGET_RESTARTS_MAX &&
           intensity->window_ns >= 0 && intensity->then >= 0 && intensity->then < THENS_COUNT;
}

/* Besides CAUSE_ANY; CAUSES_COUNT: in no budget at all. */
static enum cause cause_of(enum verdict_kind kind)
{
    switch (kind) {
    case VERDICT_OOM:
        return CAUSE_OOM;
    case VERDICT_KILLED:
    case VERDICT_CRASHED:
    case VERDICT_FAILED:
    case VERDICT_SPAWN_FAILED:
    case VERDICT_START_TIMEOUT:
        return CAUSE_CRASH;
    case VERDICT_UNHEALTHY:
        return CAUSE_UNHEALTHY;
    case VERDICT_OOM_OUTSIDE: // whoever it was, it is not at fault
    case VERDICT_OOM_USERSPACE:
        return CAUSES_COUNT;
    case VERDICT_OOM_GROUP:
    case VERDICT_OOM_CHILD:
    case VERDICT_DONE:
    case VERDICT_STOPPED:
    case VERDICT_UNKILLABLE:
    case VERDICT_NONE:
    case VERDICTS_COUNT:
        break;
    }
    return CAUSE_ANY;
}

void spent_clear(struct spent *spent)
{
    for (int cause = 0; cause < CAUSES_COUNT; cause++)
        if (spent->at_ns[cause][0] != 0)
            memset(spent->at_ns[cause], 0, sizeof(spent->at_ns[cause]));
}

void spent_copy(struct spent *to, const struct spent *from)
{
    for (int cause = 0; cause < CAUSES_COUNT; cause++)
        if (to->at_ns[cause][0] != 0 || from->at_ns[cause][0] != 0)
            memcpy(to->at_ns[cause], from->at_ns[cause], sizeof(to->at_ns[cause]));
    if (to->victim_ns[0] != 0 || from->victim_ns[0] != 0)
        memcpy(to->victim_ns, from->victim_ns, sizeof(to->victim_ns));
}

void spent_forget_victims(struct spent *spent)
{
    if (spent->victim_ns[0] != 0)
        memset(spent->victim_ns, 0, sizeof(spent->victim_ns));
}

bool spent_victims(struct spent *spent, int64_t count, int64_t most, span window, instant now)
{
    int64_t *at_ns = spent->victim_ns;

    if (most <= 0 || most > VICTIMS_MAX)
        return false;
    for (int64_t i = 0; i < count && i < VICTIMS_MAX; i++) {
        memmove(at_ns + 1, at_ns, (VICTIMS_MAX - 1) * sizeof(*at_ns));
        at_ns[0] = now.ns;
    }
    return at_ns[most - 1] != 0 && now.ns - at_ns[most - 1] <= window.ns;
}

/* Counts the restart; true: it is one too many. */
static bool spend(const struct intensity *intensity, int64_t at_ns[BUDGET_RESTARTS_MAX],
                  instant now)
{
    int64_t within = 0;

    while (within < BUDGET_RESTARTS_MAX && at_ns[within] > 0 &&
           at_ns[within] >= now.ns - intensity->window_ns)
        within++;
    memmove(&at_ns[1], &at_ns[0], (BUDGET_RESTARTS_MAX - 1) * sizeof(at_ns[0]));
    at_ns[0] = now.ns;
    return within + 1 > intensity->max_restarts;
}

enum cause budget_spend(const struct intensity intensity[CAUSES_COUNT], enum verdict_kind kind,
                        instant now, struct spent *spent)
{
    const enum cause causes[] = {CAUSE_ANY, cause_of(kind)};
    enum cause exceeded = CAUSES_COUNT;

    for (size_t i = 0; i < 2 && causes[1] < CAUSES_COUNT; i++) {
        enum cause cause = causes[i];
        if ((i > 0 && cause == CAUSE_ANY) || intensity[cause].window_ns == 0)
            continue;
        if (spend(&intensity[cause], spent->at_ns[cause], now) &&
            (exceeded == CAUSES_COUNT || intensity[cause].then >= intensity[exceeded].then))
            exceeded = cause;
    }
    return exceeded;
}

const char *cause_name(enum cause cause)
{
    static const char *const names[] = {
#define X(id, name) name,
        CAUSES(X)
#undef X
    };
    return cause < CAUSES_COUNT ? names[cause] : "?";
}

const char *budget_key(enum cause cause)
{
    static const char *const keys[] = {
        [CAUSE_ANY] = "x-bulkhead.intensity",
        [CAUSE_OOM] = "x-bulkhead.intensity.oom",
        [CAUSE_CRASH] = "x-bulkhead.intensity.crash",
        [CAUSE_UNHEALTHY] = "x-bulkhead.intensity.unhealthy",
    };
    return cause < CAUSES_COUNT ? keys[cause] : "?";
}
