/* What is allowed in a stack file and bites people nevertheless. Pure: what is known of the host
 * comes as numbers. */
#ifndef BULKHEAD_CLI_PLAN_LINT_STACK_H
#define BULKHEAD_CLI_PLAN_LINT_STACK_H

#include "core/fault.h"
#include "core/plan.h"
#include "core/spec.h"
#include "cli/plan/selection.h"

/* 0: not known, and then nothing is said about it. */
struct lint_host {
    int64_t ram_bytes;
    int64_t swap_bytes;
    int64_t cpus_milli; // that this process may use
};

struct lint_request {
    const struct spec *spec;
    const struct selection *selection; // NULL: all services, one instance each
    struct lint_host host;
};

/* Adds warnings and notices, never errors, sorted by place. */
void lint_stack(const struct lint_request *request, struct faults *faults);

/* Sorts findings by file, line and column; those without a place come first. */
void lint_sort(struct faults *faults);

/* What this machine has. */
struct lint_host lint_host_read(void);

#endif
