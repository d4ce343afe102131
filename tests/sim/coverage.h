/* Which cells of the lifecycle's table the runs have entered. */
#ifndef BULKHEAD_TESTS_SIM_COVERAGE_H
#define BULKHEAD_TESTS_SIM_COVERAGE_H

#include "core/lifecycle.h"

struct sim;

#define EVENT_TYPES (INNER_COUNT - EVENT_START)

struct coverage {
    uint64_t cells[STATES_COUNT][EVENT_TYPES];
};

/* Cells that no event can reach: the fleet brings inner events to members in certain states only.
 */
bool coverage_is_reachable(int state, int column);
void coverage_count(struct sim *sim, const struct event *event);
void coverage_print(const struct coverage *coverage);
unsigned coverage_missing(const struct coverage *coverage);

#endif
