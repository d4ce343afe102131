/* The plan: a spec made concrete for this host. What `up` hands to the supervisor.
 *
 * Made by the command line's planner, encoded by planfile.h. All memory belongs to `arena`. */
#ifndef BULKHEAD_CORE_PLAN_H
#define BULKHEAD_CORE_PLAN_H

#include <sys/types.h>

#include "core/arena.h"
#include "core/roster.h"

/* A cgroup file and what is to be written into it, in this order, before the child is born.
 * memory.max is read back. */
struct control {
    const char *file;
    const char *value;
    bool optional; // absent on some kernels and harmless then (memory.swap.max without swap)
};

struct rlimit_value {
    int32_t resource; // RLIMIT_…
    uint64_t soft;    // UINT64_MAX: RLIM_INFINITY
    uint64_t hard;
};

/* Everything that a child needs to become the program. */
struct launch {
    const char *program; // the path given to execve: absolute, or relative to `directory`
    char *const *argv;   // NULL-terminated
    char *const *envp;   // NULL-terminated
    const char *directory;
    uid_t uid;
    gid_t gid;
    const gid_t *groups;
    size_t groups_count;
    bool keep_identity; // no `user:`: uid, gid and groups stay the supervisor's
    int32_t oom_score_adj;
    const struct rlimit_value *rlimits;
    size_t rlimits_count;
    const struct control *controls;
    size_t controls_count;
    bool tty;            // stdin, stdout and stderr are one terminal
    bool stdin_open;     // stdin stays open, else it is /dev/null
    char *const *labels; // "name=value", NULL-terminated
};

struct plan_aide {
    enum aide_kind kind;
    int64_t timeout_ns; // see struct aide
    struct launch launch;
};

struct plan_member {
    const char *service;
    uint32_t number;
    uint32_t group; // plan::groups
    struct policy policy;
    const struct need *needs;
    size_t needs_count;
    struct launch launch;
    const struct plan_aide *aides; // as many as the policy says; hooks of a kind in their order
    size_t aides_count;
    uint64_t hash;        // see struct member
    uint64_t limits_hash; //
    struct logging logging;
};

struct plan {
    struct arena arena;
    const char *stack;
    const char *cgroup_dir; // absolute: <delegated root>/<stack>
    const char *runtime_dir;
    const char *state_dir;
    const struct stack_group *groups; // the first is the stack itself
    uint32_t groups_count;
    struct retention history;
    struct plan_member *members;
    size_t members_count;
};

void plan_finish(struct plan *plan);

#endif
