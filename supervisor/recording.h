/* The recorder as the supervisor sees it: a child that writes the logs, started again when it dies.
 * Nobody waits for it: what it does not read stays in the FIFOs. One that does not answer is
 * killed, and replaced even when it cannot die: a thread that hangs in a disk keeps it there. */
#ifndef BULKHEAD_SUPERVISOR_RECORDING_H
#define BULKHEAD_SUPERVISOR_RECORDING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/nsec.h"
#include "supervisor/watching.h"

struct keeper_news;
struct supervisor;

struct recording {
    pid_t pid; // 0: none at present
    int pidfd;
    int report;       // pipe of the newborn
    int buffer;       // memfd of what was read and not written, for it and who comes after it
    bool held;        // the keeper has it, too
    int channel;      // core/handover.h
    bool own;         // our child, not the keeper's
    bool ending;      // it is to end, and not to come back
    bool second;      // but for a second try after the first one failed to
    bool said;        // that it cannot be started, since it last could
    instant start_at; // INSTANT_NEVER: not to be started
    span delay;       // before the next start
    instant started;
    struct watching watching;
    instant killed_at;   // because it did not answer; INSTANT_NEVER: it was not
    int64_t limit_bytes; // memory.max of its compartment; it only grows
};

void recording_init(struct recording *recording);

/* Takes a file that the keeper held for the one before us: the buffer, with what no recorder has
 * written yet, or the channel of the recorder that lives on. To be said before the first turn.
 * False: it is none of these, and stays the caller's. */
bool recording_held(struct supervisor *supervisor, const struct keeper_news *news);

/* Starts it when its time has come, and looks whether it answers. */
void recording_turn(struct supervisor *supervisor);
instant recording_deadline(const struct recording *recording);

void recording_report(struct supervisor *supervisor);            // its pipe is ready
void recording_died(struct supervisor *supervisor, bool failed); // its death was reported

/* Another build's is to go on; the one that there is leaves the rest to it. */
void recording_renew(struct supervisor *supervisor);

/* There is another plan: it gets that, with the FIFOs of all members. */
void recording_reload(struct supervisor *supervisor);

void recording_finish(struct supervisor *supervisor); // it is to drain and end
void recording_kill(struct supervisor *supervisor);

#endif
