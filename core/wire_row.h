/* What the supervisor tells in its replies (wire.h): of itself, of a member, of a process. */
#ifndef BULKHEAD_CORE_WIRE_ROW_H
#define BULKHEAD_CORE_WIRE_ROW_H

#include <stdint.h>

#include "core/lifecycle.h"
#include "core/limits.h"
#include "core/paths.h"
#include "core/quarantine_note.h"

struct wire_info {
    int32_t supervisor_pid;
    int32_t keeper_pid;
    uint32_t members;
    uint32_t ending; // the stack is going down
    int64_t started_wall_ns;
    int64_t journal_lost; // journal lines that could not be kept
    char stack[NAME_BYTES_MAX + 1];
};

struct wire_row {
    uint32_t member;
    uint32_t service_length; // the service's name is the first service_length bytes of `name`
    uint32_t number;
    uint32_t state; // enum state
    uint32_t want;
    uint32_t generation;
    int32_t pid;
    int32_t exit_code; // of the last death; -1: by a signal or unknown
    int32_t signal;
    uint32_t verdict; // enum verdict_kind of the last death
    int32_t step;     // SPAWN_FAILED
    int32_t error;
    uint32_t hook;       // FAILED: this hook did (enum aide_kind), exit_code, signal, error are its
    uint32_t hook_index; // of its kind, from 0
    int64_t restarts;    // by policy, since ever
    int64_t started_wall_ns; // 0: never
    int64_t uptime_ns;       // running: of this one; else: of the last
    int64_t deadline_in_ns;  // BACKOFF, STOPPING: from now; -1: none
    int64_t peak_bytes;      // of the last death
    int64_t limit_bytes;     // memory.max of the policy, 0: none
    int64_t enclosing;       // OOM_GROUP: the level whose limit it was, innermost 0; else -1
    int64_t waits_for;       // WAITING: member index, else -1
    int64_t sequence;        // of its last change
    uint64_t hash; // of the running incarnation, as it was launched; else of the plan's member
    uint64_t limits_hash; // the same, of what can be changed live
    char name[INSTANCE_NAME_MAX];
    char group[NAME_BYTES_MAX + 1]; // OOM_GROUP: that level's name; "": the stack itself
    uint32_t health;                // enum health
    uint32_t budget; // HELD: one more than the enum cause whose budget is used up; else 0
};

/* What the kernel does not let end of a member, of this plan or of an earlier one. */
struct wire_left {
    uint32_t service_length;
    uint32_t number;
    uint32_t generation;
    int64_t since_wall_ns; // when that was found
    char name[INSTANCE_NAME_MAX];
    char who[QUARANTINE_TEXT_MAX];
    char where[QUARANTINE_TEXT_MAX];
    char held[QUARANTINE_TEXT_MAX];
    char compartment[COMPARTMENT_NAME_MAX]; // below svc/
};

struct wire_exec {
    int32_t pid;    // STARTED
    int32_t code;   // EXITED: exit code; -1: by a signal or unknown
    int32_t signal; // EXITED: that ended it, else 0
    uint32_t oom;   // EXITED: 1: the kernel killed it, or a process of it, for memory
};

#endif
