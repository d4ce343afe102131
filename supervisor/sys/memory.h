/* How this process uses memory. */
#ifndef BULKHEAD_SUPERVISOR_SYS_MEMORY_H
#define BULKHEAD_SUPERVISOR_SYS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Our tables are sized for the worst case and mostly never touched: a huge page would make all of
 * them resident at the first touch. True: this process has none from here on, which children
 * inherit, through exec too (PR_SET_THP_DISABLE in prctl(2)); false: that was so already. */
bool memory_without_huge_pages(void);

/* Gives back the whole pages of what was allocated and holds nothing: it reads as 0 from here on.
 */
void memory_give_back(void *bytes, size_t size);

/* Gives back what was freed. */
void memory_trim(void);

/* Of the program's own file, what is used stays in memory from here on: when the host has no memory
 * left the kernel takes such pages first, and each would have to be read from a disk again in the
 * middle of a restart. Not what children are (mlock(2): they do not inherit it). 0 or negative
 * errno: RLIMIT_MEMLOCK may be too small for that. */
int memory_keep_code(void);

#endif
