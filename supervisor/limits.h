/* LIMITS: the plan's limits for incarnations that run, by a helper and under a deadline.
 *
 * All are checked before one is changed: what would kill is refused. Somebody may still grow in
 * between; then the kernel does what the new limit says. */
#ifndef BULKHEAD_SUPERVISOR_LIMITS_H
#define BULKHEAD_SUPERVISOR_LIMITS_H

#include "core/nsec.h"
#include "supervisor/request.h"
#include "supervisor/sys/helper.h"

struct limits_target {
    uint32_t member;
    uint32_t generation;
};

struct limits_change {
    struct helper helper;          // pid 0: nothing is under way
    struct limits_target *targets; // owned
    uint32_t targets_count;
    int32_t client; // to be answered; -1: it has gone
    instant deadline;
};

/* Changes those that are marked, or answers why not. */
void limits_serve(struct supervisor *supervisor, const struct client *client,
                  const uint64_t *marked);
void limits_client_gone(struct supervisor *supervisor, uint32_t client);

void limits_report(struct supervisor *supervisor); // SOURCE_LIMITS
void limits_turn(struct supervisor *supervisor);   // its time may be up
instant limits_deadline(const struct limits_change *change);

#endif
