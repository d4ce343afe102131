/* The deaths that a stack's journal and history.db tell of, as the lives of the members of a
 * simulated one. */
#ifndef BULKHEAD_CLI_SIMULATE_PAST_H
#define BULKHEAD_CLI_SIMULATE_PAST_H

#include "cli/host/command.h"
#include "core/roster.h"
#include "simulation/trouble.h"

struct simulate_past {
    struct life *lives; // owned: grouped by member, in the order of the deaths
    int64_t covered_ns; // from the first birth to the last death
    uint32_t deaths;    // that are played
    uint32_t restarts;  // of them so many were followed by a restart
    uint32_t passed;    // of members that are not in the roster
};

/* Fills lives of `troubles`, one a member. 0, or an exit status after saying what is wrong: that
 * nothing is known, for example. */
int simulate_past(const struct command_context *context, const struct roster *roster,
                  struct trouble *troubles, struct simulate_past *ret);
void simulate_past_finish(struct simulate_past *past); // may be zeroed

#endif
