/* What is there below a cgroup, and in it, for who did not make it. Source:
 * Documentation/admin-guide/cgroup-v2.rst. Names and numbers are the kernel's; whatever may have
 * been written by others is hostile. */
#ifndef BULKHEAD_SUPERVISOR_SYS_CGROUP_FIND_H
#define BULKHEAD_SUPERVISOR_SYS_CGROUP_FIND_H

#include <stddef.h>
#include <sys/types.h>

/* Calls `visit` with the name of each cgroup directly below `cgroup`; while one is being told none
 * is to be made or removed. What `visit` returns first but 0, else 0, or negative errno. */
int cgroup_each(int cgroup, int (*visit)(void *context, const char *name), void *context);

/* The same with each process directly in it; 0 is one that cannot be seen from here. */
int cgroup_each_process(int cgroup, int (*visit)(void *context, pid_t pid), void *context);

/* Lets go on whoever is frozen in it. 1: somebody was; 0; or negative errno. */
int cgroup_thaw(int cgroup);

/* Extended attributes of its directory, "user.bulkhead." in front of the name. */
int cgroup_set_mark(int cgroup, const char *name, const char *text); // 0 or negative errno
/* The text with a NUL: its length, or negative errno: -ENODATA when there is none. */
ssize_t cgroup_get_mark(int cgroup, const char *name, char *text, size_t size);

#endif
