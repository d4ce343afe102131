/* From what a stack file says to what this host will do: spec -> plan, with every default of the
 * house, every name looked up, and every limit honoured or refused. */
#ifndef BULKHEAD_CLI_PLAN_PLANNER_H
#define BULKHEAD_CLI_PLAN_PLANNER_H

#include "core/fault.h"
#include "core/plan.h"
#include "core/spec.h"
#include "cli/host/host.h"
#include "cli/plan/selection.h"

/* Everything is borrowed for the call. */
struct planner_request {
    const struct spec *spec;
    const struct selection *selection; // NULL: all services, one instance each
    const struct host *host;
    char *const *environment; // of bulkhead
    const char *runtime_dir;
    const char *state_dir;
    bool may_raise; // has CAP_SYS_RESOURCE: hard limits may grow, oom_score_adj may sink
    int own_oom_score_adj;
};

/* Members come in an order in which dependencies stand before what needs them, the instances of a
 * service together; a need for a service is one for each of its instances. 0 with *ret, to be
 * released with plan_finish(), and maybe warnings; 1: faults has errors; -ENOMEM. */
int planner_make(const struct planner_request *request, struct plan *ret, struct faults *faults);

/* The services' indices in that order: dependencies first, else as written. 0; 1: a cycle;
 * `order` has services_count entries. */
int planner_order(const struct spec *spec, size_t *order);

#endif
