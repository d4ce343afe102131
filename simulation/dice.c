/* See dice.h. */
#include "simulation/dice.h"

#include <math.h>

#include "core/restart.h"

uint64_t dice_seed(uint64_t seed, uint64_t part)
{
    uint64_t state = seed ^ (part + 1) * UINT64_C(0x9e3779b97f4a7c15);

    (void)random_next(&state);
    return random_next(&state);
}

/* 0 (not included) to 1. */
static double unit(uint64_t *dice)
{
    return ((double)(random_next(dice) >> 11) + 1) * 0x1p-53;
}

int64_t dice_wait(uint64_t *dice, int64_t mean_ns)
{
    double length = -log(unit(dice)) * (double)mean_ns;

    if (mean_ns <= 0)
        return INT64_MAX;
    return length < 0x1p62 ? (int64_t)length : INT64_MAX;
}

int64_t dice_whole(double number)
{
    return number < 0x1p62 ? (int64_t)number : INT64_C(1) << 62;
}

int64_t dice_sum(int64_t a, int64_t b)
{
    int64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

int64_t dice_varied(uint64_t *dice, const struct varied *varied)
{
    double swing = (2 * unit(dice) - 1) * (double)varied->spread_milli / 1000;

    return dice_whole((double)varied->value * (1 + swing));
}
