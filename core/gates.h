/* Who may start and who may leave: the dependency gates of a fleet. Private to fleet.c and gates.c.
 *
 * Gates look at nothing of a member but its signs, a word that is kept up to date with every step
 * of the member: so that an event which changes no sign costs nothing, and one that does costs a
 * walk over a few bytes a member. */
#ifndef BULKHEAD_CORE_GATES_H
#define BULKHEAD_CORE_GATES_H

#include "core/fleet.h"

enum {
    SIGN_WAITING = 1 << 0,   // asked for, not begun
    SIGN_ALONE = 1 << 1,     // waits for nobody
    SIGN_WISH = 1 << 2,      // runs, and is to leave when its turn comes
    SIGN_AT_ONCE = 1 << 3,   // its turn is now
    SIGN_LEAVING = 1 << 4,   // going down, and sure to have gone some day
    SIGN_PROCESS = 1 << 5,   // something of it runs
    SIGN_RESTING = 1 << 6,   // at rest, or left to the kernel
    SIGN_STARTED = 1 << 7,   // what depends on it may start
    SIGN_HEALTHY = 1 << 8,   // and it is well
    SIGN_COMPLETED = 1 << 9, // ended with success
    SIGN_TOGETHER = 1 << 10, // is restarted with others,
    SIGN_GATHERING = 1 << 11 // which wait for it to stop, or for its back-off
};

uint16_t gates_signs(const struct incarnation *incarnation);

bool gates_need_met(const struct fleet *fleet, const struct need *need);

/* Opens what may open and releases what may leave, until nothing changes. */
void gates_judge(struct fleet *fleet, int64_t wall_ns);

/* One step of one member, its signs and deadline kept (fleet.c). */
void fleet_step_member(struct fleet *fleet, uint32_t index, int kind, const struct event *event,
                       int64_t wall_ns);

#endif
