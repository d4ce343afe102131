/* What a simulation has come to, for people and for programs. */
#ifndef BULKHEAD_CLI_SIMULATE_REPORT_H
#define BULKHEAD_CLI_SIMULATE_REPORT_H

#include <stdio.h>

#include "cli/simulate_sweep.h"
#include "core/spec.h"
#include "simulation/simulate.h"

struct simulate_report {
    const struct spec *spec;
    const struct simulation *simulation; // its roster is that of every variant but for policies
    const struct sweeps *sweeps;
    const struct simulation_result *results; // one a variant
    bool has_requests;                       // somebody has
    bool colour;
    bool utf8;
};

/* A table and bars: of the services, or, where something is swept, of the variants. False: memory
 * ran out, or `to` failed. */
bool simulate_report_text(const struct simulate_report *report, FILE *to);
/* One object a variant, a line each. */
bool simulate_report_json(const struct simulate_report *report, FILE *to);

#endif
