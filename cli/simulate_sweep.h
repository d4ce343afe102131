/* --sweep backoff.factor=1.5,2,3: the policies that are compared, all combinations of the values
 * that are named. */
#ifndef BULKHEAD_CLI_SIMULATE_SWEEP_H
#define BULKHEAD_CLI_SIMULATE_SWEEP_H

#include "cli/host/command.h"
#include "core/roster.h"

#define SWEEPS_MAX   6
#define VALUES_MAX   16
#define VARIANTS_MAX 256

struct sweep {
    char name[NAME_BYTES_MAX + 72];   // as it is shown: "backoff.factor", "web:backoff.factor"
    char service[NAME_BYTES_MAX + 1]; // "": all
    size_t key;                       // in the table of keys
    char text[512];                   // the values, each with its NUL
    const char *values[VALUES_MAX];   // lead into `text`
    size_t count;
};

struct sweeps {
    struct sweep item[SWEEPS_MAX];
    size_t count;
    size_t variants; // 1 where nothing is swept
};

/* 0, or STATUS_USAGE after saying what is wrong, also with a value. */
int simulate_sweeps(const struct command_context *context, const struct roster *roster,
                    struct sweeps *ret);

/* Which value of a sweep a variant has. */
const char *sweep_value(const struct sweeps *sweeps, size_t variant, size_t sweep);

/* Writes a variant's values into the policies of `members`, which are those of the roster. False: a
 * policy that nothing could work with comes of it. */
bool sweep_apply(const struct sweeps *sweeps, size_t variant, struct member *members,
                 uint32_t count);

/* "backoff.initial, backoff.factor, …" */
void sweep_keys(char *text, size_t size);

#endif
