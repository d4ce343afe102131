/* What this kernel's seccomp can do, and filters made for it. The one door to libseccomp. */
#ifndef BULKHEAD_CLI_PLAN_SECCOMP_H
#define BULKHEAD_CLI_PLAN_SECCOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libseccomp's API level, 1 … 6 (seccomp_api_get(3)); 0: unknown. */
unsigned int seccomp_level(void);

/* A system call that is let through, or answered. */
struct seccomp_rule {
    const char *call; // one that this architecture does not have is passed over
    int error;        // 0: let through; else answered with this errno
    bool is_masked;   // only where argument & mask == value
    unsigned int argument;
    uint64_t mask;
    uint64_t value;
};

/* Writes the filter to a file: an array of struct sock_filter. Every call that no rule names ends
 * the process. 0 or a negative errno; -EINVAL: no such call anywhere. */
int seccomp_compile(const struct seccomp_rule *rules, size_t count, int fd);

#endif
