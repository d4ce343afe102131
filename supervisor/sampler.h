/* Samples of the members' memory, processors and pressure, as often as core/sampling says, into the
 * ring of core/sample.h. The groups with a limit are looked at like members: their members are
 * sampled as often as they. Nothing of this decides anything about the fleet. */
#ifndef BULKHEAD_SUPERVISOR_SAMPLER_H
#define BULKHEAD_SUPERVISOR_SAMPLER_H

#include "core/sampling.h"
#include "supervisor/sample_ring.h"
#include "supervisor/snapshot.h"

struct roster;

/* Looks a turn: an event of another member waits for so many at most. */
#define SAMPLES_PER_TURN 16

struct sampler {
    struct sample_ring ring;
    instant due;             // the earliest of all
    bool in_round;           // this turn goes on with what the last one began
    int64_t used_usec;       // by all members together, at the beginning of the last round
    instant moved;           // the last round that found it changed
    struct sampling *groups; // as the roster has them; owned
    uint32_t groups_count;
    bool failing; // the last ones could not be written, which has been said
    struct snapshot snapshot;
};

/* Makes the ring, or goes on with one that is there. What fails is said: the stack runs without. */
void sampler_open(struct supervisor *supervisor, bool goes_on);

void sampler_born(struct supervisor *supervisor, uint32_t member); // its program is about to run
void sampler_reloaded(struct supervisor *supervisor);              // groups of another roster

void sampler_turn(struct supervisor *supervisor);
instant sampler_deadline(const struct sampler *sampler);

/* How fast the member grows, up to now; bytes a second. Reads one file. */
int64_t sampler_growth(const struct supervisor *supervisor, uint32_t member);

#endif
