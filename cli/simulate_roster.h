/* A stack file's services as the simulated fleet knows them: policies, groups and needs as the
 * planner makes them, for a host on which every limit holds. No program, user or cgroup is looked
 * for, so a stack can be tried on a machine where it cannot run. */
#ifndef BULKHEAD_CLI_SIMULATE_ROSTER_H
#define BULKHEAD_CLI_SIMULATE_ROSTER_H

#include "cli/plan/selection.h"
#include "core/roster.h"
#include "core/spec.h"

/* 0 with *ret, to be released with roster_finish(); 1: faults has errors; -ENOMEM. */
int simulate_roster(const struct spec *spec, const struct selection *selection, struct roster *ret,
                    struct faults *faults);

#endif
