/* What the supervisor has to be told until it says that it is accounted for: who ended, and that
 * somebody asked the stack to stop. A table of fixed size; when it is full, who ends stays a
 * zombie, whose record the kernel keeps. */
#ifndef BULKHEAD_SUPERVISOR_KEEPER_RECORDS_H
#define BULKHEAD_SUPERVISOR_KEEPER_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/handover.h"

struct keeper_record {
    int32_t pid; // 0: a signal came
    int32_t code;
    int32_t status;
};

struct keeper_records { // zeroed: empty
    uint32_t oldest;    // number of the oldest record that is not acknowledged …
    uint32_t told;      // … of the first that could not be sent yet …
    uint32_t next;      // … and of the next one; all of them counted from the first one
    struct keeper_record ring[KEEPER_RECORDS_MAX]; // by number, modulo
};

bool keeper_records_are_full(const struct keeper_records *records);
void keeper_records_add(struct keeper_records *records, const struct keeper_record *record);

/* Tells of those that were not told yet. False: the channel did not take all. */
bool keeper_records_tell(struct keeper_records *records, int channel);

void keeper_records_acknowledge(struct keeper_records *records, uint32_t count);
void keeper_records_tell_again(struct keeper_records *records); // there is a new supervisor

#endif
