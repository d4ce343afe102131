/* What decides about one member: all of it is numbers, so that a journal can carry it. */
#ifndef BULKHEAD_CORE_POLICY_H
#define BULKHEAD_CORE_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/budget.h"
#include "core/exits.h"
#include "core/limits.h"
#include "core/nsec.h"

#define RESTARTS(X)             \
    X(NO, "no")                 \
    X(ON_FAILURE, "on-failure") \
    X(ALWAYS, "always")         \
    X(UNLESS_STOPPED, "unless-stopped")

enum restart {
#define X(id, name) RESTART_##id,
    RESTARTS(X)
#undef X
        RESTARTS_COUNT
};

/* X(id, name): what runs beside a member's program, with a launch record and a compartment of its
 * own. The hooks bear Compose's names. */
#define AIDES(X)                                                                             \
    X(PROBE, "probe")           /* is it well? */                                            \
    X(PRE_START, "pre_start")   /* each ends with success before the program starts */       \
    X(POST_START, "post_start") /* once it runs; who depends on the member waits for them */ \
    X(PRE_STOP, "pre_stop")     /* before the stop signal, within the grace period */        \
    X(ON_OOM, "on_oom")         /* told of a kill for memory; nobody waits for it */         \
    X(ON_HOLD, "on_hold")       /* told that the member is held; likewise */

enum aide_kind {
#define X(id, name) AIDE_##id,
    AIDES(X)
#undef X
        AIDE_KINDS
};

struct policy {
    int64_t restart;     // enum restart
    int64_t restart_max; // on-failure:N; 0: no bound
    int64_t backoff_initial_ns;
    int64_t backoff_factor_milli;
    int64_t backoff_max_ns;
    int64_t backoff_jitter_milli;
    int64_t backoff_reset_after_ns;
    int64_t stop_signal;
    int64_t stop_grace_ns;
    int64_t mem_limit_bytes; // 0: none
    int64_t oom_group;       // the kernel kills the compartment as a whole
    int64_t oom_policy;      // enum oom_policy
    int64_t oom_victims;     // CONTINUE: so many killed within oom_within_ns are a death; 0: none
    int64_t oom_within_ns;
    int64_t start_timeout_ns;  // from birth until it is there; 0: as long as it takes
    int64_t restart_window_ns; // a restart that lasts so long starts the count anew; 0: none does
    int64_t health;            // 1: a probe says how it is (health.h)
    int64_t health_interval_ns;
    int64_t health_timeout_ns;
    int64_t health_retries;
    int64_t health_start_period_ns;
    int64_t health_start_interval_ns;
    int64_t on_unhealthy; // enum on_unhealthy
    int64_t pre_start;    // numbers of hooks
    int64_t post_start;
    int64_t pre_stop;
    int64_t on_oom; // 0 or 1
    int64_t on_hold;
    struct exits success; // ends that are no failure, besides code 0
    struct exits prevent; // ends of its own after which it is not restarted, whatever `restart` is
    struct intensity intensity[CAUSES_COUNT];
    int64_t strategy; // enum strategy
};

/* Who is restarted when the policy restarts one, in the words of Erlang's supervisors. */
enum strategy {
    STRATEGY_ONE_FOR_ONE,
    STRATEGY_ONE_FOR_ALL,
    STRATEGY_REST_FOR_ONE, // it and those that stand after it in the plan
    STRATEGIES_COUNT
};

/* After the kernel has killed for memory. */
enum oom_policy {
    OOM_KILL,     // the whole service, and it is restarted by its policy
    OOM_CONTINUE, // the victim alone; too many of them are a death
    OOM_STOP,     // the whole service, and it is held
    OOM_POLICIES_COUNT
};

enum on_unhealthy {
    UNHEALTHY_NONE,    // tell
    UNHEALTHY_RESTART, // stop it, then as the restart policy says
};

/* The defaults that the manual promises: back-off 100 ms x 2 to 1 min, ±10 %, reset after 10 s up;
 * no probe, but the times of one that is set: Docker's 30 s, 30 s, 3, 0 s, 5 s. */
struct policy policy_default(void);

/* Every number is one that a decider can work with. What reads a policy from outside asks this. */
bool policy_is_valid(const struct policy *policy);

/* How many hooks of the kind the policy has; of a probe: 0 or 1. */
int64_t policy_aides(const struct policy *policy, enum aide_kind kind);

/* Is it told what happened, and nobody waits for it? */
bool aide_is_told(enum aide_kind kind);

const char *aide_name(enum aide_kind kind);
const char *restart_name(enum restart restart);
extern const char *const strategy_names[];   // by enum strategy, NULL-terminated
extern const char *const oom_policy_names[]; // by enum oom_policy, likewise

#endif
