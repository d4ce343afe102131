/* The tasks of a compartment and of the cgroups in it, as the kernel tells. Source: cgroups(7),
 * proc(5).
 *
 * Reads nothing that waits for the memory or the files of a task; but /proc can hang all the same:
 * for a helper only. */
#ifndef BULKHEAD_SUPERVISOR_SYS_TASKS_H
#define BULKHEAD_SUPERVISOR_SYS_TASKS_H

#include "core/stuck.h"

/* Those that there are, at most `max`; what goes meanwhile is left out. How many, or negative
 * errno. */
int tasks_read(int parent, const char *name, struct stuck_task *tasks, size_t max);

/* "812 (worker)": printing ASCII. */
void tasks_name(const struct stuck_task *task, char *text, size_t size);

/* Where in the kernel it sleeps ("rwsem_down_read_slowpath"); "": not told. */
void tasks_wchan(const struct stuck_task *task, char *text, size_t size);

#endif
