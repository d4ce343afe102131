/* Why a process ended: from the evidence to the name of the cause. Pure. */
#ifndef BULKHEAD_CORE_VERDICT_H
#define BULKHEAD_CORE_VERDICT_H

#include <stddef.h>

#include "core/exits.h"
#include "core/nsec.h"
#include "core/reading.h"

/* X(id, name): the causes of death, in the words of the manual. */
#define VERDICTS(X)                                                                            \
    X(NONE, "none")                                                                            \
    X(OOM, "oom")                     /* the service's own limit */                            \
    X(OOM_GROUP, "oom-group")         /* the limit of an enclosing group of ours */            \
    X(OOM_OUTSIDE, "oom-outside")     /* a limit above our root, or the host */                \
    X(OOM_USERSPACE, "oom-userspace") /* by a program that watches memory: its mark says so */ \
    X(OOM_CHILD, "oom-child")         /* a process of the service died, the service lives */   \
    X(KILLED, "killed")               /* a SIGKILL neither the kernel's for memory nor ours */ \
    X(CRASHED, "crashed")             /* any other signal */                                   \
    X(FAILED, "failed")               /* an exit code that is not success; or a hook failed */ \
    X(DONE, "done")                   /* exit code 0, or an end that counts as success */      \
    X(STOPPED, "stopped")             /* because we were asked to */                           \
    X(UNHEALTHY, "unhealthy")         /* stopped by us: its probes failed */                   \
    X(START_TIMEOUT, "start-timeout") /* killed by us: it was not there in time */             \
    X(SPAWN_FAILED, "spawn-failed")                                                            \
    X(UNKILLABLE, "unkillable")

enum verdict_kind {
#define X(id, name) VERDICT_##id,
    VERDICTS(X)
#undef X
        VERDICTS_COUNT
};

/* X(id, name): what a newborn child does before it is the program, in this order. */
#define SPAWN_STEPS(X)                     \
    X(NONE, "none")                        \
    X(CGROUP, "create the cgroup")         \
    X(LIMIT, "set the limits")             \
    X(PIPE, "open a pipe")                 \
    X(CLONE, "clone")                      \
    X(SESSION, "setsid")                   \
    X(STDIO, "open stdin, stdout, stderr") \
    X(SIGNALS, "reset signals")            \
    X(OOM_SCORE, "set oom_score_adj")      \
    X(RLIMIT, "set resource limits")       \
    X(GROUPS, "set groups")                \
    X(USER, "set user")                    \
    X(CHDIR, "chdir")                      \
    X(EXEC, "exec")                        \
    X(TIMEOUT, "reach the program in time")

enum spawn_step {
#define X(id, name) SPAWN_STEP_##id,
    SPAWN_STEPS(X)
#undef X
        SPAWN_STEPS_COUNT
};

/* How sure the verdict is: the counters cannot part two causes that fell into one interval. */
enum confidence {
    CONFIDENCE_CERTAIN,
    CONFIDENCE_PROBABLE,
    CONFIDENCE_UNKNOWN, // the exit status or the counters were not to be had
};

/* What comes after: decided with the verdict, told with it. */
#define NEXTS(X)                                                                    \
    X(NONE, "none")             /* not decided yet: the compartment is not empty */ \
    X(RESTART, "restart")       /* after `delay` */                                 \
    X(REST, "rest")             /* the policy asks for no restart */                \
    X(HOLD, "hold")             /* the policy's restarts are used up */             \
    X(PREVENTED, "prevented")   /* the policy asks for none after such an end */    \
    X(STOP_STACK, "stop-stack") /* held, and all others are stopped */              \
    X(OOM_STOP, "oom-stop")     /* held: the policy asks for it after an OOM kill */

enum next {
#define X(id, name) NEXT_##id,
    NEXTS(X)
#undef X
        NEXTS_COUNT
};

/* How a hook failed. */
struct hook_failure {
    uint32_t hook;     // enum aide_kind; 0: no hook failed
    uint32_t index;    // which of its kind, from 0
    int32_t exit_code; // -1: it did not exit, or nobody knows
    int32_t signal;
    int32_t error; // errno of its start; ETIMEDOUT: it took too long
};

/* Everything known about one death. */
struct obituary {
    bool status_known;        // false: nobody could reap it
    int32_t exit_code;        // when it exited
    int32_t signal;           // when a signal ended it, else 0
    bool core_dumped;         //
    enum spawn_step step;     // not NONE: it never became the program
    int32_t error;            // errno of that step
    int32_t sent_signal;      // the last signal that we ourselves sent it, 0: none
    bool stopping;            // it was asked to stop
    bool oom_seen;            // it was killed by us because an OOM kill left something of it alive
    bool unhealthy;           // we stopped it because its probes failed
    bool start_timeout;       // we killed it because it was not there in time
    struct hook_failure hook; // because of which we did not start it, or stopped it
    bool oom_told;            // an OOM kill since the base was told as a child's, moments ago
    uint32_t victims;         // we killed it because the kernel had killed so many of its processes
    const struct exits *success; // ends that are no failure, besides code 0; NULL: none
    bool main_alive;             // an OOM notice came while the main process lives
    struct reading now;          // at death
    struct reading base;         // last accounted: at birth, or at the last verdict
    struct reading paid;         // enclosing_oom: told as the deaths of others, moments ago
};

struct verdict {
    enum verdict_kind kind;
    enum confidence confidence;
    int32_t exit_code;
    int32_t signal;
    bool core_dumped;
    enum spawn_step step;
    int32_t error;
    int64_t oom;            // deltas that spoke: local oom,
    int64_t oom_kill;       // oom_kill, local or of a cgroup that the service made below,
    int64_t oom_group_kill; //
    int64_t oomd;           // and marks of a userspace OOM killer, see struct reading
    int32_t enclosing;      // OOM_GROUP, OOM_CHILD: at which level, innermost 0; else -1
    int64_t peak_bytes;
    int64_t limit_bytes; // memory.max, of the level if there is one; 0: none
    span uptime;         // since exec was asked for
    enum next next;
    span delay; // until the restart
    uint32_t
        hook; // FAILED: this hook did (enum aide_kind), and code, signal and error are its; else 0
    uint32_t hook_index; // which of its kind, from 0
    uint32_t budget;  // HOLD, STOP_STACK: one more than the enum cause whose budget is used up; 0:
                      // it is that of on-failure:N
    uint32_t victims; // OOM and its like: so many of its processes made it a death (x-bulkhead.oom)
    char group[NAME_BYTES_MAX + 1]; // `enclosing` >= 0: the level's name; "": the stack itself
};

const char *verdict_name(enum verdict_kind kind);
enum verdict_kind verdict_from_name(const char *name); // VERDICTS_COUNT: unknown
const char *spawn_step_name(enum spawn_step step);
const char *confidence_name(enum confidence confidence);
const char *next_name(enum next next);

/* Fills kind, confidence, status, deltas, enclosing and peak; not limit, group, uptime, next,
 * delay. */
struct verdict verdict_decide(const struct obituary *obituary);

/* True for every kill by the kernel for memory, whosever limit it was. */
bool verdict_is_oom(enum verdict_kind kind);

/* True for what `restart: on-failure` restarts. */
bool verdict_is_failure(enum verdict_kind kind);

/* True when the main process ended by itself: its exit code or signal is its own word. */
bool verdict_is_own_end(const struct verdict *verdict);

/* The exit code that people expect: 128 + signal for a death by one; -1: unknown. */
int verdict_exit_code(const struct verdict *verdict);

/* True when the limit cannot hold the program: an OOM that came at once, or soon in a compartment
 * so small that nothing lives in it (a slow host may need a while to get even there). */
#define LIMIT_TOO_SMALL_UPTIME span_ms(250)
#define LIMIT_TINY_BYTES       (INT64_C(4) << 20)
#define LIMIT_TINY_UPTIME      span_sec(5)
bool verdict_limit_too_small(const struct verdict *verdict);

/* One sentence in plain words, without the service's name and without a full stop: "killed by the
 * kernel at its own memory limit (64 MiB) after 3.2 s, peak 64 MiB". Always NUL-terminated. */
void verdict_sentence(const struct verdict *verdict, char *text, size_t size);

#endif
