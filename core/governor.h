/* How fast a stack comes back after a blow: its restarts are spread, and wait for memory to be
 * there, so that a storm of them is not the second outage. Pure.
 *
 * A blow is a kill for memory that was asked for outside the stack, or the death of many members
 * within a moment. For a while after it each restart by policy takes a place in a queue, once its
 * back-off is over; places lie a gap with jitter apart, and no two restarts begin closer to each
 * other than the shortest gap, however late we are woken. At its place a member that had more
 * memory than the host has to give waits on, for as long as its patience lasts; meanwhile those
 * behind it pass. At other times, and for who is started on request, there is no governor. */
#ifndef BULKHEAD_CORE_GOVERNOR_H
#define BULKHEAD_CORE_GOVERNOR_H

#include <stdbool.h>

#include "core/nsec.h"
#include "core/verdict.h"

#define GOVERNOR_MASS     INT64_C(10)   // members that die and are to be restarted,
#define GOVERNOR_MOMENT   span_sec(1)   // within such a time, are a blow
#define GOVERNOR_REIGN    span_sec(60)  // after the last blow
#define GOVERNOR_GAP      span_ms(250)  // from place to place,
#define GOVERNOR_SHORTEST span_ms(125)  // with jitter from here
#define GOVERNOR_LONGEST  span_ms(375)  // to here
#define GOVERNOR_LOOK     span_sec(1)   // from one look at the memory to the next
#define GOVERNOR_PATIENCE span_sec(120) // to wait for it

/* Of a fleet. Integers only, so that a journal can carry it. X(field) */
#define GOVERNOR_FIELDS(X)                                               \
    X(until_ns)   /* the end of its reign, 0: there was no blow */       \
    X(next_ns)    /* the first place in the queue that nobody has */     \
    X(started_ns) /* when it let a member go last */                     \
    X(moment_ns)  /* when the first of those died that are counted in */ \
    X(dead)

struct governor {
#define X(field) int64_t field;
    GOVERNOR_FIELDS(X)
#undef X
};

/* What it knows of a member. */
struct governed {
    int64_t *counted_ns; // when it was counted among the dead last, 0: never
    int64_t *queued_ns;  // since when it waits, 0: it does not
    int64_t *place_ns;   // its place, 0: none
};

/* A member has died. */
void governor_hears(struct governor *governor, enum verdict_kind kind, instant now);
/* And is to be restarted. */
void governor_counts(struct governor *governor, const struct governed *member, instant now);

bool governor_reigns(const struct governor *governor, instant now);

/* A restart is due. True: it may begin now. False: it is to ask again at *ret_at. `need_bytes`:
 * what the member had before it died, 0: not known; `available_bytes`: what the host has to give,
 * 0: not known. `random` is the state of a generator. */
bool governor_admits(struct governor *governor, const struct governed *member, int64_t need_bytes,
                     int64_t available_bytes, instant now, uint64_t *random, instant *ret_at);

#endif
