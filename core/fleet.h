/* All members of a stack: routes events, opens dependency gates, knows the next deadline. Pure.
 *
 * The caller owns time and the world:
 *   pop an event; journal it; fleet_step(fleet, event); journal and run fleet->effects in order;
 *   what comes of them are new events. When none is left, wait until fleet_deadline(fleet), then
 *   step with a TICK. */
#ifndef BULKHEAD_CORE_FLEET_H
#define BULKHEAD_CORE_FLEET_H

#include "core/lifecycle.h"

/* What the supervisor keeps of a member and whoever comes after it needs. Nothing of this decides.
 * X(field) */
#define KEPT_FIELDS(X)                                                          \
    X(hash)        /* of what was launched last, see struct member */           \
    X(limits_hash) /* and of the limits that it has by now */                   \
    X(marked)      /* the last generation whose cause of death is in its log */ \
    X(breaks)      /* that its FIFOs have been given (breaks.h) */

struct kept {
#define X(field) int64_t field;
    KEPT_FIELDS(X)
#undef X
};

struct fleet {
    const struct roster *roster; // borrowed, outlives the fleet
    struct incarnation *members; // one a member of the roster
    struct spent *spent;         // the same; apart, for most never need it
    struct kept *kept;           // the same; the supervisor's own
    uint16_t *signs;             // what gates and counts look at (gates.h), one a member
    int64_t *deadlines;          // the next of each member
    bool *needed;                // scratch: by somebody who leaves and goes first
    uint32_t *queue;             // scratch of the same
    uint32_t waiting;            // how many members show each of these signs
    uint32_t wishing;
    uint32_t resting;
    uint32_t gathering;
    bool is_stirred;        // what may open a gate has changed since they were judged
    bool is_reloaded;       // and nobody may come to judge them
    struct effects effects; // of the last step
    struct governor governor;
    uint64_t random;
    int64_t sequence;        // of changes; a watcher remembers how far it has seen
    instant now;             // of the last event
    int64_t available_bytes; // as the event of this step has it
    uint32_t culprit;        // the first with which others are to be restarted, in this step
    bool stop_stack;         // somebody's budget asks for it, in this step
    bool ending;             // DOWN was asked for
    bool finished;           // FINISH was given
};

/* 0 or -ENOMEM. Every member is CREATED and not wanted. */
int fleet_init(struct fleet *fleet, const struct roster *roster);
void fleet_finish(struct fleet *fleet);

/* Puts a member where a journal says that it stood. */
void fleet_restore(struct fleet *fleet, uint32_t member, const struct incarnation *incarnation,
                   const struct spent *spent);

/* `fleet` is new, for another roster of the same stack; it goes on where `old` is. old_index[i]
 * says which member of the old roster the new one's member i is, -1: none. Such a member keeps its
 * incarnation, whatever its policy is now. A member that has no successor must be at rest. Journal:
 * another head follows, with this fleet's states, as after a rotation. Wants a step soon
 * (fleet_deadline), for what the new roster may have opened. */
void fleet_reload(struct fleet *fleet, const struct fleet *old, const int32_t *old_index);

/* Effects of the step are in fleet->effects until the next one. An event that names no member of
 * the roster is ignored. */
void fleet_step(struct fleet *fleet, const struct event *event);

/* When the fleet wants a TICK; INSTANT_NEVER: not before something happens. */
instant fleet_deadline(const struct fleet *fleet);

/* Is it of use now that a TICK says how much memory the host has? */
bool fleet_asks_for_memory(const struct fleet *fleet, instant now);

/* The first dependency that a WAITING member waits for, or -1. */
ptrdiff_t fleet_waits_for(const struct fleet *fleet, uint32_t member);

#endif
