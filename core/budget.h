/* How many restarts are too many: Erlang's restart intensity, in total and by cause. Pure.
 *
 * Source: OTP's supervisor, add_restart: a restart that would be number max_restarts + 1 within the
 * window that ends with it is one too many. */
#ifndef BULKHEAD_CORE_BUDGET_H
#define BULKHEAD_CORE_BUDGET_H

#include <stdbool.h>

#include "core/limits.h"
#include "core/nsec.h"
#include "core/verdict.h"

/* X(id, name): what a budget is for, in the words of the stack file. */
#define CAUSES(X)                                                                               \
    X(ANY, "any")     /* every restart but of a bystander, who was killed for others' memory */ \
    X(OOM, "oom")     /* at its own memory limit */                                             \
    X(CRASH, "crash") /* it failed, crashed, was killed or never came to be */                  \
    X(UNHEALTHY, "unhealthy")

enum cause {
#define X(id, name) CAUSE_##id,
    CAUSES(X)
#undef X
        CAUSES_COUNT
};

enum budget_then {
    THEN_HOLD,       // the member is held
    THEN_STOP_STACK, // and all others are stopped
    THENS_COUNT
};

/* Part of a policy. */
struct intensity {
    int64_t max_restarts; // 0 … BUDGET_RESTARTS_MAX
    int64_t window_ns;    // 0: no budget
    int64_t then;         // enum budget_then
};

/* Part of a member: when restarts were decided, the newest first, 0: none. As many as the largest
 * budget needs: older ones cannot matter. */
struct spent {
    int64_t at_ns[CAUSES_COUNT][BUDGET_RESTARTS_MAX];
    int64_t victim_ns[VICTIMS_MAX]; // when one of its processes was killed for memory, likewise
};

/* Writes only what is not so already: of members that never died nothing is to be touched. */
void spent_clear(struct spent *spent);
void spent_copy(struct spent *to, const struct spent *from);

/* `count` more processes of this incarnation were killed for memory. True: with these it is `most`
 * or more within `window`, which ends now. `most` 0: never. */
bool spent_victims(struct spent *spent, int64_t count, int64_t most, span window, instant now);
void spent_forget_victims(struct spent *spent);

bool intensity_is_valid(const struct intensity *intensity);

/* A death is to be followed by a restart: counts it in the budgets that it falls into. The cause
 * whose budget it exceeds; CAUSES_COUNT: none. Of two the one that does more, or else the narrower.
 */
enum cause budget_spend(const struct intensity intensity[CAUSES_COUNT], enum verdict_kind kind,
                        instant now, struct spent *spent);

const char *cause_name(enum cause cause);
const char *budget_key(enum cause cause); // "x-bulkhead.intensity.oom"

#endif
