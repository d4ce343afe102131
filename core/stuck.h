/* Does the kernel let a compartment's tasks end? Judged from two looks at them. Pure. */
#ifndef BULKHEAD_CORE_STUCK_H
#define BULKHEAD_CORE_STUCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STUCK_TASKS_MAX 4096 // more are not looked at

/* A task (thread) of a process that was killed a while ago. */
struct stuck_task {
    int32_t pid; // of its process
    int32_t tid;
    char state;       // as in proc(5)
    int64_t switches; // how often it was switched to and fro; -1: not known
};

/* True when there is one, and each that is left was in state D both times and has not run in
 * between. What runs is being taken down, which for a big process takes its time; what has run in
 * between is waiting for a disk that answers; what is new is no news of what is stuck. *ret_first:
 * the first that was in D, an index of `after`; unchanged when there is none. */
bool stuck_judge(const struct stuck_task *before, size_t before_count,
                 const struct stuck_task *after, size_t after_count, size_t *ret_first);

#endif
