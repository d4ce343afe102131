/* What is known around a death beside its verdict: how memory went, in which process and kind, what
 * the others felt, what the kernel log says. */
#ifndef BULKHEAD_CLI_HISTORY_AROUND_H
#define BULKHEAD_CLI_HISTORY_AROUND_H

#include <stdio.h>

#include "cli/history/chronicle.h"
#include "cli/history/growth.h"
#include "cli/history/kernel_log.h"
#include "cli/history/siblings.h"

struct json;

struct around {
    struct growth growth;
    struct process_memory processes[SNAPSHOT_PROCESSES_MAX];
    size_t processes_count;
    struct siblings siblings;
    const char *kernel[KERNEL_LINES_MAX]; // in the kernel_log
    size_t kernel_count;
    int64_t down_ns; // from the death until the next one ran; -1: it did not
    bool spark;      // for a terminal: a line of it
    bool utf8;       // in blocks
};

struct around_of {
    size_t index;
    const char *stack;
    int64_t now_wall_ns;
};

/* Of deaths.item[index]. What cannot be had is not there. 0 or -ENOMEM. */
int around_collect(struct chronicle *chronicle, const struct around_of *of,
                   const struct kernel_log *log, struct around *ret);
void around_finish(struct around *around); // may be zeroed

/* Fields of the report: of memory, of the others. */
void around_print_memory(const struct around *around, const struct death *death, bool colour,
                         FILE *to);
void around_print_siblings(const struct around *around, bool colour, FILE *to);
void around_print_kernel(const struct around *around, bool colour, FILE *to);
void around_add(struct json *object, const struct around *around);

#endif
