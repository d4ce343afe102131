/* What a command line wants of a stack file: which services, how many of each, and which of them it
 * speaks of. */
#ifndef BULKHEAD_CLI_STACK_WANTED_H
#define BULKHEAD_CLI_STACK_WANTED_H

#include "core/plan.h"
#include "cli/host/command.h"
#include "cli/plan/selection.h"

struct wanted {
    struct selection selection;
    bool *named; // by service index: an operand; without operands: every enabled service
    bool *asked; // by service index: named, or needed by one that is
    bool all;    // there were no operands
};

/* Reads the active profiles, the operands (services, argv[1…]) and every --scale. With `alone` what
 * the named ones need is not asked for. 0, or an exit status after saying what is wrong. */
int wanted_read(const struct command_context *context, const struct spec *spec, bool alone,
                int argc, char *const *argv, struct wanted *ret);
void wanted_finish(struct wanted *wanted); // may be zeroed

/* The same by member of a plan of that spec: a malloc'ed array, NULL: no memory. */
bool *wanted_members(const struct wanted *wanted, const struct spec *spec, const struct plan *plan);

#endif
