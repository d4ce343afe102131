/* Probes and hooks of members, started and ended as the fleet wants it. Their lives are aide.h's.
 *
 * A hook's output goes into the FIFOs of its member. Of a probe's the first 4 KiB are kept until
 * the next one begins, and go into the journal when it has made the member unhealthy. */
#ifndef BULKHEAD_SUPERVISOR_ATTEND_H
#define BULKHEAD_SUPERVISOR_ATTEND_H

#include <stdint.h>

struct aide_process;
struct effect;
struct supervisor;

/* PROBE, HOOK: now if this turn has room for a birth, else in a later one. */
void attend(struct supervisor *supervisor, const struct effect *effect);
void attend_awaited(struct supervisor *supervisor, uint32_t member);

/* It is over, and the fleet will be told: what it said waits for what the fleet makes of it. */
void attend_heard(struct supervisor *supervisor, struct aide_process *aide);

/* HEALTH */
void attend_health(struct supervisor *supervisor, const struct effect *effect);

/* END_AIDE */
void attend_no_more(struct supervisor *supervisor, const struct effect *effect);

#endif
