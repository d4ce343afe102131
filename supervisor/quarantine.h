/* Compartments that do not empty: those that the fleet has left behind (core/quarantine.h), and
 * those that it waits for. Each is watched; a helper takes its memory back, and another one finds
 * out what it hangs on. What is known of one is a note of the journal each
 * (core/quarantine_note.h). When it is empty at last that is the event RELEASED, and BURY removes
 * it. */
#ifndef BULKHEAD_SUPERVISOR_QUARANTINE_H
#define BULKHEAD_SUPERVISOR_QUARANTINE_H

#include "core/paths.h"
#include "core/quarantine_note.h"
#include "supervisor/sys/helper.h"

struct effect;
struct finding;
struct supervisor;

/* What is done with one, in this order. */
enum quarantine_stage {
    QUARANTINE_NEW,      // only looked at so far: it may still end by itself
    QUARANTINE_SQUEEZE,  // its memory is to be taken back
    QUARANTINE_DESCRIBE, // and to be said where it hangs
    QUARANTINE_WATCH,
};

struct quarantined {
    char compartment[COMPARTMENT_NAME_MAX]; // "": the place is free
    char name[INSTANCE_NAME_MAX];
    uint32_t service_length;
    uint32_t number;
    uint32_t generation;
    int64_t since_wall_ns;
    enum quarantine_stage stage;
    struct helper helper; // of the stage
    instant deadline;     // of the helper
    int populated;        // cgroup.events; -1: not watched
    char text[QUARANTINE_ABOUTS_COUNT][QUARANTINE_TEXT_MAX];
};

/* Places do not move; free ones behind `end` were never touched. */
struct quarantine {
    struct quarantined *item; // owned
    uint32_t capacity;
    uint32_t end;
    uint32_t helpers; // that run
};

void quarantine_end(struct supervisor *supervisor); // forgets all

/* QUARANTINE, and what an examination has found of one (before it, or later, of one that is waited
 * for). */
void quarantine_begin(struct supervisor *supervisor, const struct effect *effect);
void quarantine_found(struct supervisor *supervisor, uint32_t member, uint32_t generation,
                      const struct finding *finding);

/* One that is there already, found by a supervisor that takes over: an older generation of a
 * member, or of nobody any more. 0; 1: the name is none of a service's compartment; or -ENOMEM. */
int quarantine_adopt(struct supervisor *supervisor, const char *compartment);

/* It is to be removed. True with its compartment's name: that of the time when it was born. */
bool quarantine_forget(struct supervisor *supervisor, const char *member, uint32_t generation,
                       char compartment[COMPARTMENT_NAME_MAX]);

void quarantine_empty(struct supervisor *supervisor, uint32_t place);  // SOURCE_QUARANTINE
void quarantine_report(struct supervisor *supervisor, uint32_t place); // SOURCE_SQUEEZE
void quarantine_turn(struct supervisor *supervisor);
instant quarantine_deadline(const struct quarantine *quarantine);

/* The first one from that place on, with its place; NULL: none. */
const struct quarantined *quarantine_next(const struct quarantine *quarantine, uint32_t *place);

#endif
