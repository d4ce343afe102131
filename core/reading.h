/* What the kernel counted for one compartment at one moment.
 *
 * Absolute values, as read: deltas are the decider's business (verdict.h). `memory.events` counts a
 * cgroup and all below it, `memory.events.local` the cgroup alone; `oom` counts allocations that
 * hit that cgroup's own limit, `oom_kill` processes of that cgroup killed for whichever limit.
 * Source: Documentation/admin-guide/cgroup-v2.rst, "memory.events"; for the marks, which are
 * extended attributes of its folder, systemd-oomd and Meta's oomd, which set the first before they
 * kill. */
#ifndef BULKHEAD_CORE_READING_H
#define BULKHEAD_CORE_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/limits.h"

struct reading {
    int64_t known; // 0: no memory controller or not readable; the counters are then 0
    int64_t max;   // local: allocations that met the limit
    int64_t high;  // local: times over memory.high
    int64_t oom;   // local: limit met and nothing could be reclaimed
    int64_t oom_kill;
    int64_t oom_group_kill;
    int64_t tree_oom_kill; // hierarchical: includes cgroups that the service made itself
    int64_t enclosing_oom[ENCLOSING_MAX]; // local `oom` of each enclosing group, innermost first
    int64_t oomd_ooms;  // user.oomd_ooms: how often a userspace OOM killer set out to kill it
    int64_t oomd_kills; // user.oomd_kill: processes that it has killed in it
    int64_t peak_bytes; // memory.peak; 0: the kernel has none (before 5.19)
    int64_t populated;  // cgroup.events: a live process is inside
};

#endif
