/* Taking over a stack that runs: what a supervisor that was killed left behind, found and told to
 * the fleet as ordinary events. Nobody is started twice, and nobody who is well is touched.
 *
 *   adopt_fleet.c    what was decided      the journal -> the fleet
 *   adopt_find.c     what is there         svc/ -> compartments
 *   adopt.c          both, member by member -> facts, and what was decided and not done
 *   adopt_aide.c     the same with probes, hooks and commands
 *
 * Where a step may have been half done it is done again if that is harmless; where it is not, what
 * is there tells (docs/decisions/0016-adoption.md). */
#ifndef BULKHEAD_SUPERVISOR_ADOPT_H
#define BULKHEAD_SUPERVISOR_ADOPT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/nsec.h"
#include "core/paths.h"
#include "supervisor/marks.h"

struct supervisor;

struct adoption {
    bool is_done;       // the stack was taken over: it does not begin
    bool with_history;  // and its journal told where it stood
    instant records_by; // exit records of those who are gone come until then; INSTANT_NEVER
    instant look_at;    // at newborns that are not the program yet; INSTANT_NEVER
};

/* A compartment below svc/. */
struct compartment {
    char name[COMPARTMENT_NAME_MAX];
    bool is_service;     // "s-…", else of something that runs beside
    int32_t member;      // -1: of nobody in the plan
    uint32_t generation; // of a service; else its number
};

struct compartments {
    struct compartment *item; // owned
    uint32_t count;
    uint32_t capacity;
};

/* Everything in svc/ that can be ours. 0 or negative errno. */
int compartments_find(const struct supervisor *supervisor, struct compartments *ret);
void compartments_finish(struct compartments *found); // may be zeroed

/* Who is in a compartment. */
struct inhabitant {
    enum {
        INHABITANT_NONE,  // nobody ever was in it
        INHABITANT_GONE,  // the main process has ended and was reaped; pid 0: it is not known
        INHABITANT_THERE, // and pidfd stands for it, dead or alive
    } state;
    pid_t pid;
    int pidfd; // the caller's
    bool is_program;
    bool foreign;    // no child of our keeper's
    uint64_t start;  // of one that is there
    bool was_frozen; // and is let go
};

/* `pid` is that of the main process, 0: not known. -ENOENT: there is no such compartment. */
int inhabitant_find(const struct supervisor *supervisor, const char *name, pid_t pid,
                    struct inhabitant *ret);

/* The fleet as the journal leaves it, and the journal opened. 0; 1: there is none to go on with,
 * and `why` says why. */
int adopt_fleet(struct supervisor *supervisor, char *why, size_t why_size);
/* The fleet as the compartments let it look, and a new journal. 0 or negative errno. */
int adopt_without(struct supervisor *supervisor, const struct compartments *found);

void adopt_aides(struct supervisor *supervisor, const struct compartments *found);

/* Everything else is open. 0, or negative errno: nothing was touched. */
int adopt(struct supervisor *supervisor);

/* When the stack came up, for people: as long ago as its keeper did. */
int64_t adopt_started_wall_ns(const struct supervisor *supervisor);

void adopt_turn(struct supervisor *supervisor); // what is still to be heard of
instant adopt_deadline(const struct adoption *adoption);

#endif
