/* Probes and hooks of members, started and ended as the fleet wants it. Their lives are aide.h's.
 *
 * A probe's output goes to /dev/null, a hook's into the FIFOs of its member. */
#ifndef BULKHEAD_SUPERVISOR_ATTEND_H
#define BULKHEAD_SUPERVISOR_ATTEND_H

#include <stdint.h>

struct effect;
struct supervisor;

/* PROBE, HOOK: now if this turn has room for a birth, else in a later one. */
void attend(struct supervisor *supervisor, const struct effect *effect);
void attend_awaited(struct supervisor *supervisor, uint32_t member);

/* END_AIDE */
void attend_no_more(struct supervisor *supervisor, const struct effect *effect);

#endif
