/* Limits of a compartment that somebody lives in. Source: Documentation/admin-guide/cgroup-v2.rst.
 *
 * These may block, and lowering memory.max may kill, inside the call: for a helper only. */
#ifndef BULKHEAD_SUPERVISOR_SYS_CGROUP_LIVE_H
#define BULKHEAD_SUPERVISOR_SYS_CGROUP_LIVE_H

#include <stdint.h>

#include "core/plan.h"

/* Could the limits among `controls` be had without killing? What memory.max would have to reclaim
 * is asked for first. 0; 1: no, with both numbers; or negative errno. */
int cgroup_live_check(int cgroup, const struct control *controls, size_t count,
                      int64_t *ret_current_bytes, int64_t *ret_limit_bytes);

/* Writes every live control: the value given, or else the kernel's default. 0, or negative errno
 * with the file that it is about. */
int cgroup_live_limit(int cgroup, const struct control *controls, size_t count,
                      const char **ret_file);

/* Takes back the memory of one that was killed and does not empty: a limit of 0 makes the kernel
 * free what a dying process has without waiting for it (its oom_reaper), and page cache is asked
 * for. 0, with what it had and what is left; or negative errno. */
int cgroup_live_squeeze(int cgroup, int64_t *ret_before_bytes, int64_t *ret_after_bytes);

#endif
