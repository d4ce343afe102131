/* EXAMINE: why a compartment does not empty. A helper looks at its tasks twice and at what they
 * hold; what it finds is the event EXAMINED. A few at once; others wait for a place. */
#ifndef BULKHEAD_SUPERVISOR_EXAMINE_H
#define BULKHEAD_SUPERVISOR_EXAMINE_H

#include "core/nsec.h"
#include "core/quarantine_note.h"
#include "supervisor/sys/helper.h"

struct effect;
struct supervisor;

#define EXAMINATIONS_MAX 8

/* The helper's message. */
struct finding {
    bool stuck;
    bool held;
    char who[QUARANTINE_TEXT_MAX];
    char what[QUARANTINE_TEXT_MAX]; // that it holds
};

struct examination {
    struct helper helper; // pid 0: the place is free
    char name[INSTANCE_NAME_MAX];
    uint32_t generation;
    instant deadline;
};

struct examinations {
    struct examination item[EXAMINATIONS_MAX];
    bool waiting; // slots may have some that have no place
};

void examine(struct supervisor *supervisor, const struct effect *effect);
void examine_report(struct supervisor *supervisor, uint32_t place); // SOURCE_EXAMINE
void examine_turn(struct supervisor *supervisor);                   // those whose time is up
instant examine_deadline(const struct examinations *examinations);

#endif
