/* The gauges of a member's compartment: its cgroup files, read now. */
#ifndef BULKHEAD_CLI_STACK_GAUGE_H
#define BULKHEAD_CLI_STACK_GAUGE_H

#include "core/roster.h"
#include "core/wire.h"

#define GAUGE_PATH_MAX 4096
#define GAUGE_NONE     INT64_C(-1) // no such file, or "max"

struct gauge {
    int64_t current_bytes;
    int64_t peak_bytes;
    int64_t high_bytes;
    int64_t limit_bytes;
    int64_t processor_ns; // used since its birth
    int64_t processes;
    int64_t processes_limit;
};

/* The path of the row's compartment, "" and false when it has none. The roster may be of an
 * earlier moment than the row, and empty. */
bool gauge_cgroup(const struct roster *roster, const struct wire_row *row,
                  char path[GAUGE_PATH_MAX]);

/* The same of an incarnation that does not end. */
bool gauge_left(const struct roster *roster, const struct wire_left *left,
                char path[GAUGE_PATH_MAX]);

/* The number in one of its files; `otherwise` where there is none, or "max". */
int64_t gauge_number(const char *cgroup, const char *file, int64_t otherwise);

/* All of them. A compartment that has just gone gives GAUGE_NONE everywhere. */
void gauge_read(const char *cgroup, struct gauge *ret);

#endif
