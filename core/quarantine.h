/* What the kernel does not let end: the cells of the lifecycle table that are about it. Private to
 * lifecycle.c, fleet.c and quarantine.c, but for what can be asked of an incarnation.
 *
 * A compartment that is to end and does not empty is looked at (EXAMINE). What is still busy
 * ending has time until KILL_DEADLINE. What is stuck is left behind where it is (QUARANTINE), and
 * the member goes on as if it had gone; unless it holds what the next one may need, or too many
 * were left behind already: then the member waits for it, in the state QUARANTINED. */
#ifndef BULKHEAD_CORE_QUARANTINE_H
#define BULKHEAD_CORE_QUARANTINE_H

#include "core/step.h"

#define LEFT_BEHIND_MAX 4 // incarnations of one member

/* How many incarnations of it were left behind; was that one? */
uint32_t quarantine_count(const struct incarnation *incarnation);
bool quarantine_has(const struct incarnation *incarnation, uint32_t generation);
void quarantine_keep(struct incarnation *incarnation, const struct incarnation *before);

void quarantine_due(struct step *step);      // KILLING, and it is not empty: its deadline
void quarantine_late(struct step *step);     // QUARANTINED: its deadline
void quarantine_examined(struct step *step); // KILLING, QUARANTINED: EXAMINED
void quarantine_let_go(struct step *step);   // any: RELEASED

#endif
