/* Compartments: cgroup v2 directories below an open one. Source:
 * Documentation/admin-guide/cgroup-v2.rst, cgroups(7).
 *
 * Every function returns 0 or a negative errno. */
#ifndef BULKHEAD_SUPERVISOR_SYS_CGROUP_H
#define BULKHEAD_SUPERVISOR_SYS_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/plan.h"
#include "core/reading.h"

/* Opens a directory below `parent` (one that exists). */
int cgroup_open(int parent, const char *name, int *ret_fd);

/* Makes a new one (-EEXIST when it is there already) and opens it. */
int cgroup_create(int parent, const char *name, int *ret_fd);

/* Do the cgroups below have this controller? */
bool cgroup_hands_down(int cgroup, const char *controller);

/* Writes the controls in order; memory.max is read back and must be what was asked for, rounded to
 * pages, else -EUCLEAN. */
int cgroup_limit(int cgroup, const struct control *controls, size_t count);

/* Opens a file of it for reading. It is ready (EPOLLPRI) until it is read, and after changes. */
int cgroup_watch(int parent, const char *name, const char *file, int *ret_fd);

/* The OOM kills of a memory.events file so far, all kinds added up: a number to compare. */
int cgroup_oom_kills(int events, int64_t *ret);

/* What an open cgroup.events says: is a live process inside? */
int cgroup_populated(int events, int64_t *ret);

/* The reading of a compartment that nobody was in yet: only the groups around it have a past. */
void cgroup_read_new(const int *enclosing, size_t enclosing_count, bool known, struct reading *ret);

/* Reads the counters of one compartment. `events` is its memory.events, or -1; `enclosing` are the
 * memory.events.local of the groups around it, innermost first. What cannot be read is 0. */
void cgroup_read(int parent, const char *name, int events, const int *enclosing,
                 size_t enclosing_count, struct reading *ret);

/* What it holds, and held at most (0: the kernel does not say). */
int cgroup_memory(int parent, const char *name, int64_t *ret_current_bytes,
                  int64_t *ret_peak_bytes);

/* Ends everything in it, whatever it forks. */
int cgroup_kill(int parent, const char *name);

/* Removes it with the cgroups that were made in it. Nothing there is success; -EBUSY: a process is
 * left, or there is more than can be removed at once. */
int cgroup_remove(int parent, const char *name);

#endif
