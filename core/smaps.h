/* What kind of memory a process has: lines of /proc/PID/smaps, one after the other, to totals.
 * Source: proc(5), Documentation/filesystems/proc.rst.
 *
 * The kernel names the main heap and the main stack only. The stacks of threads are known by the
 * guard that stands before each; further heaps of the C library by their place, a multiple of
 * 64 MiB; both also by the names that newer C libraries and other allocators give to them
 * (PR_SET_VMA_ANON_NAME). Every line is hostile. Pure. */
#ifndef BULKHEAD_CORE_SMAPS_H
#define BULKHEAD_CORE_SMAPS_H

#include <stdbool.h>
#include <stdint.h>

enum smaps_kind { SMAPS_OTHER, SMAPS_HEAP, SMAPS_STACK, SMAPS_KINDS };

/* To be zeroed. */
struct smaps {
    int64_t bytes[SMAPS_KINDS]; // resident
    enum smaps_kind kind;       // of the mapping that the lines are about
    uint64_t guard_end;         // where the mapping before ended, if it was a guard
};

/* One line without its newline, NUL-terminated. */
void smaps_line(struct smaps *smaps, const char *line);

#endif
