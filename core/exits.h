/* A set of ends that a program can come to: exit codes and signals, as systemd's SuccessExitStatus=
 * has them. Integers only, so that a policy can carry it. */
#ifndef BULKHEAD_CORE_EXITS_H
#define BULKHEAD_CORE_EXITS_H

#include <stdbool.h>
#include <stdint.h>

#define EXIT_CODE_MAX 255
#define EXIT_WORDS    ((EXIT_CODE_MAX + 1) / 64)

struct exits {
    int64_t codes[EXIT_WORDS]; // bit n % 64 of word n / 64: exit code n
    int64_t signals;           // bit n - 1: signal n
};

void exits_add_code(struct exits *exits, int64_t code);     // 0 … EXIT_CODE_MAX
void exits_add_signal(struct exits *exits, int64_t signal); // 1 … SIGNAL_MAX

bool exits_has_code(const struct exits *exits, int64_t code);
bool exits_has_signal(const struct exits *exits, int64_t signal);

/* An end as a verdict has it: by the signal, or, where that is 0, with the code; -1: not known,
 * which is in no set. */
bool exits_has(const struct exits *exits, int32_t code, int32_t signal);

#endif
