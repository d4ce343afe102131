/* What will happen in the simulated world, and when: a heap ordered by time. */
#ifndef BULKHEAD_SIMULATION_CALENDAR_H
#define BULKHEAD_SIMULATION_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/nsec.h"

enum happening_kind {
    HAPPENS_BIRTH,  // the newborn is told of
    HAPPENS_EXEC,   // it becomes the program
    HAPPENS_SERVES, // and is ready to serve
    HAPPENS_CRASH,  // `code` or `signal`
    HAPPENS_HANG,
    HAPPENS_LEAK,        // its memory meets its own limit
    HAPPENS_LIFE,        // its recorded life ends
    HAPPENS_EXIT,        // it leaves as it was asked to: `code` or `signal`
    HAPPENS_FULL,        // the memory of a level is used up; `serial`: of this forecast
    HAPPENS_AIDE,        // the probe or hook `serial` ends: `code`, `signal`
    HAPPENS_OUTAGE,      // what it needs goes away,
    HAPPENS_OUTAGE_ENDS, // and is back
    HAPPENS_STARTED,     // somebody has seen what is down, and starts it
};

struct happening {
    instant at;
    uint64_t order; // of two at the same instant; set by calendar_add
    enum happening_kind kind;
    uint32_t member;
    uint32_t generation; // of what is about one incarnation
    uint32_t serial;
    int32_t code;
    int32_t signal;
    uint16_t hook; // AIDE: enum aide_kind
    uint16_t index;
};

struct calendar {
    struct happening *heap; // owned
    size_t count;
    size_t capacity;
    uint64_t order;
};

void calendar_finish(struct calendar *calendar); // may be zeroed
/* False: no memory. What is at INSTANT_NEVER is not kept. */
bool calendar_add(struct calendar *calendar, const struct happening *happening);
instant calendar_next(const struct calendar *calendar); // INSTANT_NEVER: it is empty
struct happening calendar_take(struct calendar *calendar);

#endif
