/* See exits.h. */
#include "core/exits.h"

#include "core/limits.h"

static void add(int64_t *word, int64_t bit)
{
    *word = (int64_t)((uint64_t)*word | UINT64_C(1) << bit);
}

static bool has(int64_t word, int64_t bit)
{
    return (uint64_t)word >> bit & 1;
}

void exits_add_code(struct exits *exits, int64_t code)
{
    add(&exits->codes[code / 64], code % 64);
}

void exits_add_signal(struct exits *exits, int64_t signal)
{
    add(&exits->signals, signal - 1);
}

bool exits_has_code(const struct exits *exits, int64_t code)
{
    return code >= 0 && code <= EXIT_CODE_MAX && has(exits->codes[code / 64], code % 64);
}

bool exits_has_signal(const struct exits *exits, int64_t signal)
{
    return signal > 0 && signal <= SIGNAL_MAX && has(exits->signals, signal - 1);
}

bool exits_has(const struct exits *exits, int32_t code, int32_t signal)
{
    return signal ? exits_has_signal(exits, signal) : exits_has_code(exits, code);
}
