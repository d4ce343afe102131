/* What is held open for one member, as a whole. */
#ifndef BULKHEAD_SUPERVISOR_SLOT_H
#define BULKHEAD_SUPERVISOR_SLOT_H

#include <sys/types.h>

#include "core/roster.h"
#include "core/sampling.h"
#include "supervisor/hearing.h"
#include "supervisor/terminal.h"

struct supervisor;

/* A probe or hook that is to be started in a later turn. */
struct attendant {
    uint32_t serial; // 0: none
    uint32_t generation;
    enum aide_kind kind;
    uint32_t index;
};

/* What the supervisor holds open for one member. Files are -1 when there is none. */
struct slot {
    uint32_t awaited; // generation that is to be born in a later turn; 0: none
    struct attendant attendant;
    uint32_t generation; // of the incarnation that the rest is about
    uint32_t unexamined; // generation that is to be looked at when there is a place; 0: none
    uint32_t spare;      // generation whose compartment is ready (spare.h); 0: none
    pid_t pid;           // its main process, until its death is an event; 0: none
    int pidfd;
    int report;
    int memory;
    int populated;
    int output; // the FIFOs, for as long as we live
    int errors;
    struct terminal terminal;
    struct hearing heard; // from its last probe; no file
    char *reports[2];     // for on_oom and on_hold, to be started soon; owned; NULL: none
    bool skipped[2];      // one that was not; its log is still to say so
    int64_t oom_kills;    // as last seen in memory.events
    uint32_t unmarked;    // generation whose cause of death is still to be written into its log
    bool spare_asked;     // a spare is to be made at leisure
    bool silent;          // its pipe closed without a word: dead, or the program
    bool unheard;         // its pipe ended with another supervisor: dead, or to be the program
    bool own;             // our child, not the keeper's
    bool foreign;         // nor the keeper's: only its pidfd tells of its death
    bool doubted;         // a kill was seen, and the main process lives: looked at once more
    bool muted;           // it changed for no kill: not watched until look_at
    bool unkilled;        // its compartment could not be killed: tried again at look_at
    bool unwatched;       // nor its emptiness watched: the same
    span mute;            // for so long the last time; 0: a kill came since
    instant watched_at;   // watched again since
    instant look_at;      // at memory.events; INSTANT_NEVER: it is watched
    struct sampling sampling;
};

void slot_init(struct slot *slot);

/* Its FIFOs, made where they are not there. 0 or negative errno: -EMFILE. */
int slot_open_fifos(const struct supervisor *supervisor, const struct member *member,
                    struct slot *slot);
void slot_close_fifos(struct slot *slot); // may be closed
void slot_finish(struct slot *slot);      // its member is gone: FIFOs, and what was heard

/* It is at another index now: what wakes us of it is to name that one. */
void slot_moved(struct supervisor *supervisor, struct slot *slot, uint32_t index);

#endif
