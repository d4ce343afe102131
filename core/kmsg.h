/* Records of the kernel log about kills for memory. Hostile input: anybody may have written there.
 * Pure. Source: Documentation/ABI/testing/dev-kmsg; mm/oom_kill.c:
 *
 *   6,1234,98765432,-;oom-kill:constraint=CONSTRAINT_MEMCG,…,oom_memcg=/shop/svc/s-web.1.7,
 *       task_memcg=/shop/svc/s-web.1.7,task=worker,pid=812,uid=0
 *   3,1235,98765440,-;Memory cgroup out of memory: Killed process 812 (worker) total-vm:…
 *   6,1236,98765450,-;Tasks in /shop/svc/s-web.1.7 are going to be killed due to memory.oom.group
 * set
 */
#ifndef BULKHEAD_CORE_KMSG_H
#define BULKHEAD_CORE_KMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KMSG_TEXT_MAX 512 // bytes of a record's first line that are kept, with a NUL

struct kmsg_record {
    int64_t at_ns; // since boot
    char text[KMSG_TEXT_MAX];
};

/* One read(2) of /dev/kmsg. False: not such a record. What is not printing ASCII is a "?". */
bool kmsg_read(const char *bytes, size_t size, struct kmsg_record *ret);

/* The cgroup whose process was chosen, or whose processes all go, is compartment `name`
 * ("s-web.1.7") of the stack. *ret_pid: who was chosen; 0: not said. */
bool kmsg_names(const char *text, const char *stack, const char *name, int64_t *ret_pid);

/* Tells the end of that process for memory. */
bool kmsg_killed(const char *text, int64_t pid);

#endif
