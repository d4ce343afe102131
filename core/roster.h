/* The members of a stack as the long-lived processes know them: names, policies, dependencies.
 *
 * Decoded from a plan file (planfile.h) or from the head of a journal (record.h); frozen then. The
 * means to start a member (argv, environment, limits) stay in the plan file until they are needed.
 */
#ifndef BULKHEAD_CORE_ROSTER_H
#define BULKHEAD_CORE_ROSTER_H

#include <stdbool.h>
#include <stddef.h>

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

/* What decides about one member; all of it is numbers, so that a journal can carry it. */
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
    int64_t mem_limit_bytes;   // 0: none
    int64_t oom_group;         // the kernel kills the compartment as a whole
    int64_t restart_window_ns; // up for so long is a restart that succeeded and is not counted; 0:
                               // all are
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

enum need_condition {
    NEED_STARTED,
    NEED_COMPLETED, // ended with success
    NEED_HEALTHY,   // started, and its probe says so
    NEEDS_COUNT
};

struct need {
    uint32_t member;
    uint16_t condition; // enum need_condition
    uint16_t optional;  // does not hold back when its member is absent or failed
    uint32_t restart;   // a restart request of that member is one of this, too
};

/* X(id, name): what runs beside a member's program, with a launch record and a compartment of its
 * own. The hooks bear Compose's names. */
#define AIDES(X)                                                                             \
    X(PROBE, "probe")           /* is it well? */                                            \
    X(PRE_START, "pre_start")   /* each ends with success before the program starts */       \
    X(POST_START, "post_start") /* once it runs; who depends on the member waits for them */ \
    X(PRE_STOP, "pre_stop")     /* before the stop signal, within the grace period */

enum aide_kind {
#define X(id, name) AIDE_##id,
    AIDES(X)
#undef X
        AIDE_KINDS
};

struct aide {
    uint32_t kind; // enum aide_kind
    uint32_t launch_bytes;
    uint64_t launch_offset; // in the plan file
};

struct member {
    char name[INSTANCE_NAME_MAX]; // "web-1"
    uint32_t service_length;      // the service's name is the first service_length bytes of `name`
    uint32_t number;              // 1, 2, …
    struct policy policy;
    uint32_t first_need; // roster::needs
    uint32_t needs_count;
    uint64_t launch_offset; // in the plan file; 0 in a journal's roster
    uint32_t launch_bytes;
    uint32_t aides_count; // 0 in a journal's roster, and so is what follows
    uint32_t first_aide;  // roster::aides; hooks of a kind in their order
    uint64_t hash;        // of what makes the running thing what it is, without its
    uint64_t limits_hash; // limits, which can be changed while it runs
};

struct roster {
    char stack[NAME_BYTES_MAX + 1];
    char *cgroup_dir;  // absolute path of the stack's cgroup, NULL in a journal's roster
    char *runtime_dir; // absolute
    char *state_dir;   // absolute
    struct member *members;
    uint32_t members_count;
    struct need *needs; // grouped by member
    uint32_t needs_count;
    struct aide *aides; // grouped by member
    uint32_t aides_count;
    uint32_t enclosing; // levels of enclosing groups with counters (at present 1: svc/)
};

void roster_finish(struct roster *roster); // frees; may be zeroed

/* Index, or -1. */
ptrdiff_t roster_find(const struct roster *roster, const char *member_name);

/* Letters, digits, '.', '_' and '-', not starting with '.' or '-'; at most NAME_BYTES_MAX. */
bool roster_name_is_valid(const char *name);

bool member_is_of(const struct member *member, const char *service);

/* The aide number `index` of its kind, or NULL. */
const struct aide *roster_aide(const struct roster *roster, uint32_t member, enum aide_kind kind,
                               uint32_t index);

/* How many hooks of the kind the policy has; of a probe: 0 or 1. */
int64_t policy_aides(const struct policy *policy, enum aide_kind kind);

const char *aide_name(enum aide_kind kind);
const char *restart_name(enum restart restart);

#endif
