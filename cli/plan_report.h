/* What `up` would do, for people and for programs. Pure: prints what it is given. */
#ifndef BULKHEAD_CLI_PLAN_REPORT_H
#define BULKHEAD_CLI_PLAN_REPORT_H

#include <stdio.h>

#include "core/plan.h"
#include "cli/stack/reconcile.h"

struct plan_report {
    const struct plan *plan;
    const struct reconcile_step *steps; // the plan's members in its order, then who is left
    size_t steps_count;
    bool running;                // the steps are about a stack that runs
    const struct faults *faults; // for programs; people have read them on stderr
};

/* Order, limits, and the tree of cgroups. False: no memory. */
bool plan_report_text(const struct plan_report *report, bool colour, FILE *to);

/* One object in one line. False: no memory, or `to` failed. */
bool plan_report_json(const struct plan_report *report, FILE *to);

#endif
