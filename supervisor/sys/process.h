/* What /proc says of a process that is not our child. Source: proc(5), cgroups(7).
 *
 * A pid may be another's by the time that it is looked at: who holds a pidfd of it and finds it
 * alive afterwards has looked at the same one. */
#ifndef BULKHEAD_SUPERVISOR_SYS_PROCESS_H
#define BULKHEAD_SUPERVISOR_SYS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
    pid_t parent;
    uint64_t start;  // clock ticks since the machine was started
    bool is_program; // it has called exec since its birth
};

/* 0, or negative errno: -ESRCH when there is none. */
int process_look(pid_t pid, struct process *ret);

/* A file that stands for the process: descriptor, or negative errno: -ESRCH. */
int process_open(pid_t pid);

/* The path of its cgroup in the v2 hierarchy, as we see it; pid 0: our own. 0 or negative errno. */
int process_cgroup(pid_t pid, char *path, size_t size);

/* When it was started, before now. */
int64_t process_age_ns(uint64_t start);

#endif
