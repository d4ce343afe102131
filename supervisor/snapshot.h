/* Which processes of a member have how much of which memory: taken by a helper, told in the journal
 * (core/snapshot_note.h). One at a time; who comes meanwhile is due again with its next sample. */
#ifndef BULKHEAD_SUPERVISOR_SNAPSHOT_H
#define BULKHEAD_SUPERVISOR_SNAPSHOT_H

#include "core/limits.h"
#include "core/nsec.h"
#include "supervisor/sys/helper.h"

struct supervisor;

struct snapshot {
    struct helper helper; // pid 0: none is taken
    char name[INSTANCE_NAME_MAX];
    uint32_t generation;
    int64_t wall_ns;
    instant deadline;
};

/* Begins one. False: another one is being taken. */
bool snapshot_begin(struct supervisor *supervisor, uint32_t member);

void snapshot_report(struct supervisor *supervisor); // SOURCE_SNAPSHOT
void snapshot_turn(struct supervisor *supervisor);   // its time may be up
instant snapshot_deadline(const struct snapshot *snapshot);

#endif
