/* Hooks that are told of a death (on_oom, on_hold), and that nobody waits for.
 *
 * The report (core/report_json.h) is written when the fleet speaks of it, and the hook is started
 * at leisure, when no birth waits: sealed memory with the report is its stdin, the FIFOs of its
 * member are its output. A member has one of each kind at a time; a second one is skipped, which
 * its log says, and so it does when one fails. */
#ifndef BULKHEAD_SUPERVISOR_REPORT_H
#define BULKHEAD_SUPERVISOR_REPORT_H

struct aide_process;
struct effect;
struct supervisor;

void report(struct supervisor *supervisor, const struct effect *effect); // REPORT

void report_turn(struct supervisor *supervisor); // some of those that wait
void report_rest(struct supervisor *supervisor); // all of them: the stack ends

/* Its end is to be told. */
void report_ended(struct supervisor *supervisor, const struct aide_process *aide);

#endif
