/* One member's machine: state x event -> what to do. A table; every cell is written.
 *
 * Pure: the same member, event and instant give the same effects. A deadline is state: the machine
 * says in `deadline` when it wants to hear of time again. */
#ifndef BULKHEAD_CORE_LIFECYCLE_H
#define BULKHEAD_CORE_LIFECYCLE_H

#include "core/budget.h"
#include "core/effect.h"
#include "core/event.h"
#include "core/governor.h"
#include "core/incarnation.h"
#include "core/roster.h"

/* Deadlines of the machine itself. */
#define EXEC_DEADLINE       span_sec(30)  // from birth to the program
#define EXAMINE_AFTER       span_ms(300)  // from cgroup.kill to a look at what is left
#define EXAMINE_AGAIN       span_ms(500)  // from one that ends, but slowly, to the next look
#define EXAMINE_DEADLINE    span_sec(3)   // from a look to what was seen
#define KILL_DEADLINE       span_sec(10)  // from cgroup.kill until what still is there is stuck
#define HOLD_AGAIN          span_sec(10)  // from a look at what it holds to the next
#define OOM_NOTICE_DEADLINE span_ms(1000) // from an OOM kill's notice to the main process's death
#define CHILD_SETTLED       span_ms(50)   // from when a child's OOM kill was told; then it is past
#define RECORD_DEADLINE     span_ms(1000) // from an empty compartment to the exit record
#define HOOK_DEADLINE       span_sec(600) // from a hook's start to its end

/* What cannot even be born is not tried again at once, whatever the back-off says: nothing would be
 * between one failure and the next but ourselves. */
#define SPAWN_RETRY_FLOOR span_ms(100)

/* What a step may use and change besides the incarnation. */
struct context {
    const struct policy *policy;
    const struct roster *roster;
    uint32_t member; // index in it
    instant now;
    int64_t wall_ns;
    uint64_t *random;    // state of the fleet's generator
    int64_t *sequence;   // counts changes
    uint32_t *culprit;   // set to the first member with which others are to be restarted
    struct spent *spent; // the member's restarts since the last start request
    struct governor *governor;
    int64_t available_bytes; // what the host has to give; 0: not known
    bool *stop_stack;        // set when all others are to be stopped
    struct effects *effects; // appended to
    /* For memory that was not its own limit's, it died: what the groups around it had counted then
     * is accounted; by level, 0: nothing. Written by the step. */
    int64_t toll[ENCLOSING_MAX];
};

/* Facts that the fleet, not the kernel, brings to a member. */
enum inner_event {
    INNER_OPEN = EVENTS_COUNT, // wanted and its dependencies are there
    INNER_RELEASE,             // not wanted, and nobody who depends on it is left to go first
    INNER_DEADLINE,            // its deadline has come
    INNER_AIDE,                // its aide is late, or its probe is due
    INNER_COUNT
};

/* `kind` is an event_kind or an inner_event; `event` is NULL for inner events. Facts of another
 * generation are dropped here, at the front door. */
void lifecycle_step(struct incarnation *incarnation, int kind, const struct event *event,
                    struct context *context);

#endif
