/* The supervisor: one stack, one thread. It carries events to the fleet and the fleet's effects to
 * the kernel, and decides nothing itself.
 *
 *   facts.c, control.c  what happens  -> events
 *   core/fleet          events        -> effects
 *   act.c               effects       -> system calls, whose results are events again */
#ifndef BULKHEAD_SUPERVISOR_SUPERVISOR_H
#define BULKHEAD_SUPERVISOR_SUPERVISOR_H

#include <sys/resource.h>

#include "core/fleet.h"
#include "supervisor/adopt.h"
#include "supervisor/aide.h"
#include "supervisor/control.h"
#include "supervisor/examine.h"
#include "supervisor/folder.h"
#include "supervisor/graves.h"
#include "supervisor/journal.h"
#include "supervisor/levels.h"
#include "supervisor/limits.h"
#include "supervisor/quarantine.h"
#include "supervisor/queue.h"
#include "supervisor/recording.h"
#include "supervisor/reload.h"
#include "supervisor/sampler.h"
#include "supervisor/slot.h"
#include "supervisor/source.h"
#include "supervisor/sys/loop.h"
#include "supervisor/sys/reap.h"

/* File numbers that are never given to members or clients, so that evidence can always be read. */
#define FILES_FOR_COUNTERS 8

/* Facts that one turn can bring: a death is three (what the newborn's pipe held, the death, and
 * that nobody is left), and each member's memory is looked at once, and once at birth;
 * its probe and its hook may end; what does not end of it may be looked at, and be gone. */
#define FACTS_MAX(members) (5 * (members) + 8 * LOOP_BATCH)

#define BIRTHS_PER_TURN 16 // a big stack's start must not keep clients and deaths waiting

struct supervisor {
    struct roster roster;
    struct fleet fleet;
    struct loop loop;
    struct queue results; // of effects: first
    struct queue events;  // everything else
    struct journal journal;
    struct control_socket control;
    struct reaper reaper;
    struct recording recording;
    struct graves graves;
    struct examinations examinations;
    struct quarantine quarantine;
    struct aides aides;
    struct adoption adoption;
    struct reload reload;
    struct limits_change limits;
    struct sampler sampler;
    struct folder folder; // the runtime folder
    struct slot *slots;   // one a member
    int runtime;          // directories
    int fifos;
    int services;            // svc/
    struct levels levels;    // of the roster's groups
    int signals;             // signalfd
    int files_max;           // file numbers from here on are not for members
    int files_end;           // the limit
    struct rlimit files;     // RLIMIT_NOFILE as we found it: children get it back
    uint32_t births_left;    // that this turn may still bring
    uint32_t births_waiting; // awaited by the slots
    uint32_t births_next;    // slot to look at first
    instant now;
    int64_t wall_ns;
    instant look_at;          // the earliest of the slots
    instant leisure_at;       // for what is not urgent; INSTANT_NEVER: there is nothing
    instant finish_by;        // INSTANT_NEVER: not finishing
    uint32_t effects_touched; // places of the fleet's list that hold memory
    uint64_t markers_lost;    // cause-of-death lines that a full FIFO did not take
    const char *libexec_dir;
    bool reap_again;    // the last look at exit records did not see their end
    bool counted;       // compartments have memory counters
    bool no_huge_pages; // children are to have what we gave up
    bool files_raised;  // the limit of files, over `files`
    bool overflow_told; // effects.overflowed was told
    bool upgrading;     // another build goes on: this turn is the last …
    int upgrade;        // … and where there is no keeper, the folder of its programs
};

/* Opens everything for the plan behind HANDOVER_PLAN; with `adopts` a stack that another supervisor
 * left is taken over. 0, or 1 with the reason in `why`. */
int supervisor_prepare(struct supervisor *supervisor, const char *libexec_dir, bool adopts,
                       char *why, size_t why_size);

/* How many events a stack of that many members can bring before they are taken. */
uint32_t supervisor_results_max(uint32_t members);
uint32_t supervisor_events_max(uint32_t members);

/* Which counters the kernel keeps for compartments by now: a new plan may have asked for more. 0 or
 * negative errno. */
int supervisor_look_at_cgroups(struct supervisor *supervisor);

/* Runs the stack until it has come to rest for good: 0; or until another build goes on with it: 1;
 * or negative errno. */
int supervisor_run(struct supervisor *supervisor);

/* The stack is at rest and is to stay so: the recorder drains what is left, then the run ends. */
void supervisor_finish(struct supervisor *supervisor);

/* Somebody wants the stack to stop; once more hurries. */
void supervisor_asked_to_end(struct supervisor *supervisor);

/* There is something that is not urgent: causes of death to tell, records to acknowledge. */
void supervisor_at_leisure(struct supervisor *supervisor);

/* One line for the people who read the stack's own log, and a note in the journal. */
void supervisor_say(struct supervisor *supervisor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
