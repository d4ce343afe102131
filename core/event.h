/* What can happen: the only way into the decision core. */
#ifndef BULKHEAD_CORE_EVENT_H
#define BULKHEAD_CORE_EVENT_H

#include "core/reading.h"
#include "core/nsec.h"
#include "core/verdict.h"

/* X(id, name). Requests come from people, facts from the kernel. A fact names the generation it is
 * about and is dropped when that incarnation is history; all but RELEASED, which is about one. */
#define EVENTS(X)                                                                                \
    X(BEGIN, "begin")               /* stack: the first event of a supervisor; seed */           \
    X(DOWN, "down")                 /* stack: stop everything, then finish; grace */             \
    X(TICK, "tick")                 /* stack: a deadline has come; available_bytes */            \
    X(ADOPT, "adopt")               /* stack: another supervisor goes on; its pid */             \
    X(START, "start")               /* request; alone, more */                                   \
    X(STOP, "stop")                 /* request; grace, more */                                   \
    X(RESTART, "restart")           /* request; grace, alone, more */                            \
    X(KILL, "kill")                 /* request; signal, more */                                  \
    X(FORGET, "forget")             /* request: at rest, as if never started; more */            \
    X(SPAWNED, "spawned")           /* fact: the child is born; pid, reading */                  \
    X(SPAWN_FAILED, "spawn-failed") /* fact: step, error, born, reading */                       \
    X(EXECED, "execed")             /* fact: the child is the program */                         \
    X(DEAD, "dead")                 /* fact: the main process ended; status, reading */          \
    X(MEMORY, "memory")             /* fact: memory.events changed; reading, dying */            \
    X(EMPTY, "empty")               /* fact: no live process is left; reading */                 \
    X(PROBED, "probed")             /* fact: the probe ended; serial, status, error */           \
    X(HOOKED, "hooked")             /* fact: a hook ended; serial, hook, index, status, error */ \
    X(EXAMINED, "examined")         /* fact: why it does not empty; stuck, held, reading */      \
    X(RELEASED, "released")         /* fact: nobody lives any more in one that was left behind */

enum event_kind {
#define X(id, name) EVENT_##id,
    EVENTS(X)
#undef X
        EVENTS_COUNT
};

#define EVENT_GRACE_POLICY INT64_C(-1) // the grace period of the member's own policy

/* Fields that a kind does not list above are 0. */
struct event {
    enum event_kind kind;
    uint32_t member;     // index in the roster; 0 for stack events
    uint32_t generation; // facts only
    instant at;          // CLOCK_MONOTONIC; never decreases from event to event
    int64_t wall_ns;     // CLOCK_REALTIME, for people; decides nothing

    int64_t seed;     // BEGIN
    int64_t grace_ns; // EVENT_GRACE_POLICY, 0: kill at once
    int64_t signal;   // KILL request: number; DEAD, PROBED, HOOKED: what ended it, 0: it exited
    int64_t more;   // another request of the same command follows: gates are judged after the last
    int64_t pid;    // SPAWNED, ADOPT
    int64_t step;   // SPAWN_FAILED: enum spawn_step
    int64_t error;  // SPAWN_FAILED: errno; PROBED, HOOKED: it could not be started
    int64_t born;   // SPAWN_FAILED: a process exists, DEAD and EMPTY will follow
    int64_t known;  // DEAD, PROBED, HOOKED: exit code or signal is known; EXAMINED: the rest is
    int64_t code;   // DEAD, PROBED, HOOKED: exit code
    int64_t core;   // DEAD: core dumped
    int64_t alone;  // START: its needs are neither started nor waited for; RESTART: nor are those
                    // restarted that depend on it
    int64_t serial; // PROBED, HOOKED: of the effect that asked for it
    int64_t hook;   // HOOKED: enum aide_kind
    int64_t index;  // HOOKED: which of its kind, from 0
    int64_t available_bytes; // TICK: what the host has to give; 0: not known, or not of use
    int64_t dying; // MEMORY: the main process has a SIGKILL coming, or is a zombie with threads
    int64_t stuck; // EXAMINED, where known: the kernel lets nothing of what is left there end
    int64_t held;  // EXAMINED, where known: and it holds what the next one may need
    struct reading reading;
};

const char *event_name(enum event_kind kind);
bool event_is_request(enum event_kind kind);
bool event_is_fact(enum event_kind kind);

#endif
