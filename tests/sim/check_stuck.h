/* What must never happen with what the kernel does not let end, and with what it does. */
#ifndef BULKHEAD_TESTS_SIM_CHECK_STUCK_H
#define BULKHEAD_TESTS_SIM_CHECK_STUCK_H

#include "core/quarantine.h"

struct sim;

struct left *left_of(struct sim *sim, uint32_t member, uint32_t generation); // NULL: it was not
void check_quarantine(struct sim *sim, const struct effect *effect);
void note_left(struct sim *sim, uint32_t member); // after it was left QUARANTINED, or never was
void check_stuck(struct sim *sim, const struct event *event);
void check_beside_left(struct sim *sim, uint32_t member); // the next one is born
void check_bury(struct sim *sim, const struct effect *effect);

#endif
