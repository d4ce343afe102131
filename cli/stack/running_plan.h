/* The plan of a running stack, whole: what its members were made of, out of the plan file in its
 * runtime folder. */
#ifndef BULKHEAD_CLI_STACK_RUNNING_PLAN_H
#define BULKHEAD_CLI_STACK_RUNNING_PLAN_H

#include "core/fault.h"
#include "core/planfile.h"

/* Everything in `plan` leads into the rest. */
struct running_plan {
    struct plan plan;
    struct roster roster;
    unsigned char *bytes; // of the file
    size_t size;
    struct launch_record *records;
    size_t records_count;
};

/* 0; 1: *ret_fault says why it cannot be read. */
int running_plan_load(const char *runtime_dir, struct running_plan *ret, struct fault *ret_fault);
void running_plan_finish(struct running_plan *running); // may be zeroed

#endif
