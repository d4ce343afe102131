/* The biggest processes of a cgroup and the kinds of their memory. Source: proc(5).
 *
 * Reading this may block, on memory that the kernel is busy with: for a helper only. */
#ifndef BULKHEAD_SUPERVISOR_SYS_PROCMEM_H
#define BULKHEAD_SUPERVISOR_SYS_PROCMEM_H

#include "core/snapshot_note.h"

/* The biggest first; those that went meanwhile are left out. How many, or negative errno. */
int procmem_biggest(int parent, const char *name,
                    struct snapshot_process processes[SNAPSHOT_PROCESSES_MAX]);

#endif
