/* A member as it stands: all that the machine (lifecycle.h) remembers of it. */
#ifndef BULKHEAD_CORE_INCARNATION_H
#define BULKHEAD_CORE_INCARNATION_H

#include "core/verdict.h"

/* X(id, name): name is what people see. */
#define STATES(X)                                                                                 \
    X(CREATED, "created")    /* never asked for */                                                \
    X(WAITING, "waiting")    /* asked for; a dependency is not there yet */                       \
    X(PREPARING, "starting") /* its pre_start hooks run */                                        \
    X(STARTING, "starting")  /* born, not yet the program */                                      \
    X(RUNNING, "running")                                                                         \
    X(LEAVING, "stopping")        /* its pre_stop hooks run; killed at the deadline */            \
    X(STOPPING, "stopping")       /* asked to leave; killed at the deadline */                    \
    X(KILLING, "stopping")        /* dead or to die: the compartment is not empty yet */          \
    X(BACKOFF, "backoff")         /* dead, starts again at the deadline */                        \
    X(HELD, "held")               /* dead, its restarts are used up */                            \
    X(EXITED, "exited")           /* at rest: done, stopped, or the policy asks for no restart */ \
    X(QUARANTINED, "quarantined") /* will not empty, and it holds what the next one needs */

enum state {
#define X(id, name) STATE_##id,
    STATES(X)
#undef X
        STATES_COUNT
};

/* A running member. Integers only, so that a journal can carry it (record.h). X(field) */
#define MEMBER_FIELDS(X)                                                                         \
    X(state)        /* enum state */                                                             \
    X(want)         /* 1: is to run; 0: is to rest */                                            \
    X(again)        /* 1: at rest, start again (restart request) */                              \
    X(generation)   /* of the current or last incarnation; 0: never started */                   \
    X(pid)          /* 0: no main process */                                                     \
    X(alive)        /* the main process has not been reported dead */                            \
    X(populated)    /* the compartment is not known to be empty */                               \
    X(entered_ns)   /* when the state was entered */                                             \
    X(deadline_ns)  /* INT64_MAX: none */                                                        \
    X(started_ns)   /* birth of the current incarnation */                                       \
    X(started_wall) /* the same for people */                                                    \
    X(ended_ns)     /* death of the last incarnation */                                          \
    X(grace_ns)     /* of the stop under way; EVENT_GRACE_POLICY */                              \
    X(sent_signal)  /* last signal that we sent to this incarnation */                           \
    X(stop_asked)   /* this incarnation was asked to stop or killed on request */                \
    X(oom_seen)     /* an OOM kill was noticed while the main process lived */                   \
    X(victims)      /* so many of its processes, killed for memory, made it a death; 0: no */    \
    X(step)         /* spawn failure: enum spawn_step */                                         \
    X(step_error)                                                                                \
    X(told_ns)         /* an OOM among its processes was told then, 0: none or settled */        \
    X(judged)          /* the verdict of this incarnation is given */                            \
    X(paid_ns)         /* when `paid` last changed, 0: nothing to account */                     \
    X(failures)        /* in a row, for the back-off */                                          \
    X(restarts)        /* by policy since the last start request, or window */                   \
    X(restarts_all)    /* restarts by policy since ever */                                       \
    X(changed)         /* fleet's sequence number of the last change that people see */          \
    X(alone)           /* asked to start whatever its needs are */                               \
    X(together)        /* starts when all that are restarted with it have stopped */             \
    X(ready)           /* runs, and its post_start hooks are done */                             \
    X(health)          /* enum health: of the program that runs or ran last */                   \
    X(health_failures) /* of its probes, in a row */                                             \
    X(aide)            /* serial of the aide that runs or is not known to have ended, 0: none */ \
    X(aide_serial)     /* of the last aide of this incarnation */                                \
    X(aide_kind)       /* enum aide_kind of that one */                                          \
    X(aide_index)      /* which of its kind */                                                   \
    X(aide_since_ns)   /* when it was started */                                                 \
    X(aide_ended)      /* it was told to end, and how it ends means nothing any more */          \
    X(aide_ns)         /* INT64_MAX: none; else it is late then, or the next probe is due */     \
    X(blame)           /* enum blame: why we stop it on our own account */                       \
    X(blame_hook)      /* the hook that failed: its enum aide_kind, */                           \
    X(blame_index)     /* which of its kind, */                                                  \
    X(blame_code)      /* exit code, -1: it did not exit, */                                     \
    X(blame_signal)    /* signal, */                                                             \
    X(blame_error)     /* errno of its start; ETIMEDOUT: it took too long */                     \
    X(counted_ns)      /* governor.h: struct governed */                                         \
    X(queued_ns)                                                                                 \
    X(place_ns)                                                                                  \
    X(holds) /* QUARANTINED: it holds something, or nobody knows */                              \
    X(left0) /* generations that were left behind in compartments which do not */                \
    X(left1) /* empty, in no order; 0: none (quarantine.h) */                                    \
    X(left2)                                                                                     \
    X(left3)

enum blame { BLAME_NONE, BLAME_HEALTH, BLAME_HOOK, BLAME_START, BLAMES_COUNT };

struct incarnation {
#define X(field) int64_t field;
    MEMBER_FIELDS(X)
#undef X
    struct reading base; // last accounted counters
    struct reading seen; // last read; what is left when a death comes without counters
    struct reading paid; // enclosing_oom: what was told as other members' deaths
    struct verdict last; // of the last death or of an OOM survived; kind NONE: never
};

void incarnation_init(struct incarnation *incarnation);

/* The limit of a group around it was met so often by now, and that was told as another member's
 * death. It may still have killed this one as well; a while later it has not. */
void incarnation_pay(struct incarnation *incarnation, int32_t level, int64_t oom, instant now);
void incarnation_settle(struct incarnation *incarnation, instant now);

/* At rest: no process, nothing pending. */
bool lifecycle_at_rest(const struct incarnation *incarnation);

const char *state_name(enum state state); // what people see
const char *state_id(enum state state);   // unique: "KILLING"

#endif
