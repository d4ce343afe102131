/* Auxiliary processes, born beside a member: for a client (exec, run), as its probe, as its hook,
 * to be told of a death. For whom they live, and end: aide_bonds.h.
 *
 * Each has a compartment of its own in svc/, made, limited and removed like a service's and never
 * used again. It is killed as a whole, also when its main process has ended and something is left
 * in it. How it ended is told once, when the compartment is empty; should the kernel not let go of
 * a process, it is told without, and the place stays taken until it does. */
#ifndef BULKHEAD_SUPERVISOR_AIDE_H
#define BULKHEAD_SUPERVISOR_AIDE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/paths.h"
#include "core/plan.h"
#include "core/verdict.h"
#include "supervisor/hearing.h"

struct effect;
struct exit_record;
struct supervisor;

#define AIDE_CLIENTS_MAX 96         // processes of clients at once
#define AIDE_NO_MEMBER   UINT32_MAX // the plan has it no more

enum aide_role {
    AIDE_ROLE_NONE, // the place is free
    AIDE_ROLE_EXEC, // for a client, as long as the member's incarnation lives
    AIDE_ROLE_RUN,  // for a client, whatever the member does
    AIDE_ROLE_PROBE,
    AIDE_ROLE_HOOK,
    AIDE_ROLE_REPORT, // on_oom, on_hold: whatever the member does, and nobody waits for it
};

struct aide_process {
    enum aide_role role;
    uint32_t member;     // index
    uint32_t generation; // of the member when it was born
    uint32_t serial;     // PROBE, HOOK: the fleet's, see core/effect.h
    enum aide_kind kind;
    uint32_t index;
    int32_t client;         // whom to tell, or -1
    pid_t pid;              // 0: its exit record was there
    int pidfd;              // files are -1 when there is none
    int report;             // pipe of the newborn
    int populated;          // cgroup.events, once it is to end
    struct hearing hearing; // PROBE: what it says
    bool own;               // our child, not the keeper's
    bool silent;            // its pipe closed without a word: dead, or the program
    bool killed;
    bool again; // that could not be done, or its end not be watched: at the deadline
    bool empty; // nothing lives in the compartment any more
    bool told;
    bool known; // how it ended: code, signal
    int code;
    int signal;
    bool oom;             // the kernel killed in it for memory
    enum spawn_step step; // that failed on the way to the program, with the errno
    int error;
    instant deadline; // INSTANT_NEVER: none
    instant until;    // REPORT: that of the program; else INSTANT_NEVER
    char name[COMPARTMENT_NAME_MAX];
};

/* Places do not move. Free ones behind `end` were never touched. */
struct aides {
    struct aide_process *item;
    uint32_t capacity;
    uint32_t end;
    uint32_t count;   // taken
    uint32_t clients; // of them, for clients
    uint32_t serial;  // of the last compartment
};

struct aide_order {
    enum aide_role role;
    uint32_t member;
    uint32_t generation;
    uint32_t serial; // PROBE, HOOK
    enum aide_kind kind;
    uint32_t index;
    int32_t client; // or -1
    const struct launch *launch;
    const int *stdio;            // EXEC, RUN: three files
    const int *input;            // REPORT: stdin
    span longest;                // REPORT
    const char *output, *errors; // HOOK, REPORT: names in the folder of the FIFOs
};

/* Room for what that many members can need, and for clients. 0 or -ENOMEM. */
int aides_reserve(struct aides *aides, uint32_t members);
/* 0; or negative errno with the step that failed: then there is nothing left to be told. */
int aide_start(struct supervisor *supervisor, const struct aide_order *order,
               enum spawn_step *ret_step);

/* Everything in its compartment, once. */
void aide_kill(struct supervisor *supervisor, struct aide_process *aide);
/* Its place is ready. */
void aide_report(struct supervisor *supervisor, uint32_t place);
void aide_empty(struct supervisor *supervisor, uint32_t place);
void aide_pidfd(struct supervisor *supervisor, uint32_t place);
void aide_output(struct supervisor *supervisor, uint32_t place);

/* False: the record is not about one of these. */
bool aide_record(struct supervisor *supervisor, const struct exit_record *record);

void aides_turn(struct supervisor *supervisor); // those whose time is up
instant aides_deadline(const struct aides *aides);

#endif
