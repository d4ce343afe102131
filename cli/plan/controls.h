/* A service's limits as cgroup v2 files: conversions, and which controller each needs. Pure. */
#ifndef BULKHEAD_CLI_PLAN_CONTROLS_H
#define BULKHEAD_CLI_PLAN_CONTROLS_H

#include "core/plan.h"
#include "core/spec.h"
#include "cli/host/host.h"

/* cpu_shares (2 … 262144, 1024: one share) to cpu.weight (1 … 10000, default 100): a curve,
 * quadratic in the logarithm, through (2, 1), (1024, 100), (262144, 10000), as the container
 * runtimes have it since 2025. */
int64_t controls_cpu_weight(int64_t cpu_shares);

/* "QUOTA PERIOD" in microseconds. The kernel takes no quota below 1 ms, so the period grows with
 * very small shares (to at most 1 s: 0.001 CPU). */
void controls_cpu_max(int64_t cpus_milli, char *text, size_t size);

/* memory.swap.max in bytes, -1: no limit. Unset memswap_limit: 0, no swap. */
int64_t controls_swap(int64_t mem_limit_bytes, const struct spec_int *memswap_limit_bytes);

/* A size that may be a share of the limit; -1: a share without a limit. */
int64_t controls_size(const struct spec_size *size, int64_t mem_limit_bytes);

/* One key of a service that only a controller can honour. */
struct controls_need {
    const char *key;
    enum controller controller;
    struct mark at;
};

#define CONTROLS_NEEDS_MAX 9

/* What the service asks for: returns the number of needs written. */
size_t controls_needs(const struct spec_service *service, struct controls_need *needs);

/* The files to write for one compartment, in this order; only what is asked for, and what is the
 * house's default where the controller is there. 0 or -ENOMEM. */
int controls_make(const struct spec_service *service, const struct host *host, struct arena *arena,
                  struct launch *launch);

/* The same for what runs beside a service, with limits of its own wherever a controller is there to
 * enforce them. */
int controls_aide(const struct host *host, int64_t memory_bytes, int64_t pids, struct arena *arena,
                  struct launch *launch);

#endif
