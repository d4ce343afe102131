/* Hooks that are told of deaths, and the fleet's twin, in which nobody is. */
#ifndef BULKHEAD_TESTS_SIM_CHECK_REPORT_H
#define BULKHEAD_TESTS_SIM_CHECK_REPORT_H

#include <stdint.h>

struct event;
struct sim;

void twin_begin(struct sim *sim); // as the fleet begins
void twin_reload(struct sim *sim, const int32_t *old_index);
void twin_finish(struct sim *sim);

/* After the fleet's step. */
void check_reports(struct sim *sim, const struct event *event);

#endif
