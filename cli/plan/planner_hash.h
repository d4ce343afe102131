/* By what a running member is compared with a plan.
 *
 * FNV-1a, 64 bits (Fowler, Noll, Vo), over a canonical text: "key", a zero byte, "value", a zero
 * byte, for every field that is not at its default. So a field that a later version adds changes no
 * hash of a stack that does not use it. Never 0.
 *
 * `hash`: the program, its words, environment, folder, identity, rlimits and terminal, the limits
 * that hold from birth on, the hooks before and after the start, and whether there is a probe.
 * `limits_hash`: the limits that can be changed while the program runs (hash_is_live). In neither:
 * what only the supervisor works with, and what it does from the next turn on anyway: policies,
 * dependencies, labels, the probe itself, the hooks before a stop. */
#ifndef BULKHEAD_CLI_PLAN_PLANNER_HASH_H
#define BULKHEAD_CLI_PLAN_PLANNER_HASH_H

#include "core/plan.h"

/* Fills member->hash and member->limits_hash. */
void planner_hash(struct plan_member *member, const char *group_path);

/* Can this cgroup file be written while processes are in the compartment, with effect on them? */
bool hash_is_live(const char *control_file);

#endif
