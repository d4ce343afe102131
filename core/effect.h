/* What the decision core wants done and wants told: its only way out. */
#ifndef BULKHEAD_CORE_EFFECT_H
#define BULKHEAD_CORE_EFFECT_H

#include "core/nsec.h"
#include "core/verdict.h"

/* X(id, name). The edge runs them in the order given. */
#define EFFECTS(X)                                                                                \
    X(SPAWN, "spawn")   /* make the compartment, bear the child in it -> SPAWNED, SPAWN_FAILED */ \
    X(SIGNAL, "signal") /* send `signal` to the main process */                                   \
    X(KILL, "kill")     /* end everything in the compartment -> EMPTY */                          \
    X(MARK, "mark")     /* write the cause of death (the last verdict) into the member's log */   \
    X(BURY, "bury")     /* the compartment of `generation` is empty: remove it */                 \
    X(FINISH, "finish") /* everything is at rest and is to stay so: the supervisor may end */     \
    X(VERDICT, "verdict") /* told: a death is explained, in incarnation::last */                  \
    X(SHIFT, "shift")     /* told: the member's state changed; from, to, deadline */              \
    X(PROBE, "probe")     /* start the probe -> PROBED; serial */                                 \
    X(HOOK, "hook")       /* start a hook -> HOOKED; hook, index, serial */                       \
    X(END_AIDE,                                                                                   \
      "end-aide")         /* kill the probe or hook `serial`; its PROBED or HOOKED still comes */ \
    X(HEALTH, "health")   /* told: what its probes say changed; from, to: enum health */          \
    X(REPORT, "report")   /* tell a hook of the last verdict; nobody waits for it; hook */        \
    X(EXAMINE, "examine") /* why does the compartment not empty? -> EXAMINED */                   \
    X(QUARANTINE, "quarantine") /* it will not empty: squeeze and watch it -> RELEASED */

enum effect_kind {
#define X(id, name) EFFECT_##id,
    EFFECTS(X)
#undef X
        EFFECTS_COUNT
};

struct effect {
    enum effect_kind kind;
    uint32_t member;
    uint32_t generation;
    int32_t signal;   // SIGNAL
    uint32_t serial;  // PROBE, HOOK, END_AIDE: with the generation it names one run of an aide
    uint16_t hook;    // HOOK, REPORT: enum aide_kind
    uint16_t index;   // HOOK: which of its kind, from 0
    uint16_t from;    // SHIFT: enum state; HEALTH: enum health
    uint16_t to;      //
    instant deadline; // SHIFT: when the new state ends by itself, else INSTANT_NEVER
};

/* A list of bounded size, allocated once: a turn cannot produce more than fits (fleet.h). Should it
 * try, `overflowed` says so for good. */
struct effects {
    struct effect *item; // one more than `capacity`
    uint32_t count;
    uint32_t capacity;
    bool overflowed; // an effect was lost
};

/* A new effect at the end of the list, with no deadline; never NULL. */
struct effect *effects_add(struct effects *effects, enum effect_kind kind, uint32_t member);

const char *effect_name(enum effect_kind kind);

#endif
