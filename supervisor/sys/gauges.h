/* What a compartment holds and has used, read in a few system calls: nothing of it blocks, and no
 * file stays open. Source: Documentation/admin-guide/cgroup-v2.rst. */
#ifndef BULKHEAD_SUPERVISOR_SYS_GAUGES_H
#define BULKHEAD_SUPERVISOR_SYS_GAUGES_H

#include <stdint.h>

#include "core/sample.h"

/* What its processes have used of the processors since it was made. `parent` as in cgroup.h. 0 or
 * negative errno. */
int gauges_cpu(int parent, const char *name, int64_t *ret_usec);

/* What memory.stat says. False: there is no memory controller. */
bool gauges_memory(int parent, const char *name, struct sample *sample);

/* That and the other numbers of a sample, but for its limit; what is not to be had is SAMPLE_NONE.
 */
void gauges_read(int parent, const char *name, struct sample *sample);

#endif
