/* Chance, out of a seed: the same everywhere. Pure. */
#ifndef BULKHEAD_SIMULATION_DICE_H
#define BULKHEAD_SIMULATION_DICE_H

#include "simulation/trouble.h"

/* A seed for part `part` of what has this seed. */
uint64_t dice_seed(uint64_t seed, uint64_t part);

/* How long it takes until something happens that happens once in `mean_ns` on average, and is as
 * likely at one moment as at another; INT64_MAX: mean 0, it never does. */
int64_t dice_wait(uint64_t *dice, int64_t mean_ns);

/* A number as an integer that can be counted on with: at most 2^62. */
int64_t dice_whole(double number);

/* Saturates at INT64_MAX. */
int64_t dice_sum(int64_t a, int64_t b);

int64_t dice_varied(uint64_t *dice, const struct varied *varied);

#endif
