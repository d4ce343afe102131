/* What the kernel log says about kills for memory: where we may read it, and as long as it is
 * there. */
#ifndef BULKHEAD_CLI_HISTORY_KERNEL_LOG_H
#define BULKHEAD_CLI_HISTORY_KERNEL_LOG_H

#include <stddef.h>

#include "core/kmsg.h"

#define KERNEL_LINES_MAX 4

struct kernel_log {
    struct kmsg_record *item; // owned: those about kills, oldest first
    size_t count;
    size_t capacity;
    int64_t boot_wall_ns; // what is to be added to their times, about
};

/* Without harm where it cannot be read: then there is nothing in it. */
void kernel_log_read(struct kernel_log *log);
void kernel_log_finish(struct kernel_log *log); // may be zeroed

/* The lines about a compartment of the stack ("s-web.1.7") within a minute of that time. How many.
 */
size_t kernel_log_select(const struct kernel_log *log, const char *stack, const char *compartment,
                         int64_t wall_ns, const char *ret[KERNEL_LINES_MAX]);

#endif
