/* What the recorder is given to record: the index of the plan and the FIFOs, as open files
 * through its channel (core/handover.h). It has a right to none of them by name. */
#ifndef BULKHEAD_SUPERVISOR_BRIEFING_H
#define BULKHEAD_SUPERVISOR_BRIEFING_H

struct supervisor;

/* The plan that is in force, and the FIFOs of its members. 0 or negative errno: -EAGAIN when it
 * does not read. */
int briefing_plan(const struct supervisor *supervisor, int channel);

#endif
