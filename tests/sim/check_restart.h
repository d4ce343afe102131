/* Of restarts: budgets, back-off, what a policy asks for. */
#ifndef BULKHEAD_TESTS_SIM_CHECK_RESTART_H
#define BULKHEAD_TESTS_SIM_CHECK_RESTART_H

#include "core/fleet.h"

struct sim;
#define DECISIONS_KEPT 64

/* When restarts were decided, for one budget: the last ones, in a ring. */
struct decisions {
    uint32_t count; // ever
    instant at[DECISIONS_KEPT];
};

bool is_success_end(const struct sim *sim, uint32_t member);
void check_restart(struct sim *sim, const struct effect *effect);

#endif
