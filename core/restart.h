/* When to start again: back-off. Pure. */
#ifndef BULKHEAD_CORE_RESTART_H
#define BULKHEAD_CORE_RESTART_H

#include "core/roster.h"
#include "core/verdict.h"

/* Delay before restart number `failures` (1: the first) without jitter: initial x factor^(n-1),
 * capped at max. */
span restart_delay(const struct policy *policy, int64_t failures);

/* The same with jitter: uniformly within ±jitter of the delay, never above max. `random` is the
 * generator's state, advanced once. */
span restart_delay_jittered(const struct policy *policy, int64_t failures, uint64_t *random);

/* Does the policy restart after this verdict, when `restarts` were made since the last start? */
enum next restart_next(const struct policy *policy, const struct verdict *verdict,
                       int64_t restarts);

/* splitmix64 (Steele, Lea, Flood 2014): advances the state, returns 64 random bits. */
uint64_t random_next(uint64_t *state);

#endif
