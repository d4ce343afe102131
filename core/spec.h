/* What a stack file says, frozen: the output of the stackfile room and the input of the planner.
 *
 * Nothing here is resolved against a host: no user id, no program path, no cgroup. Every value
 * keeps the place where it was written, so that a finding of the planner can name file, line and
 * column. All memory belongs to `spec.arena`. Units are in the names; "set" tells a written value
 * from a default, and the defaults themselves are the planner's. */
#ifndef BULKHEAD_CORE_SPEC_H
#define BULKHEAD_CORE_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/exits.h"
#include "core/fault.h"
#include "core/logging.h"
#include "core/nsec.h"

#define SPEC_UNLIMITED INT64_C(-1)

struct spec_int {
    bool set;
    int64_t value;
    struct mark at;
};

struct spec_text {
    const char *value; // NULL: not set
    struct mark at;
};

/* An argument vector. `item` is NULL-terminated. An empty list that was written (`command: []`) is
 * set with count 0. */
struct spec_words {
    bool set;
    size_t count;
    const char *const *item;
    struct mark at;
};

struct spec_env {
    const char *name;
    const char *value; // NULL: passed through from the environment of bulkhead
    struct mark at;
};

enum spec_restart {
    SPEC_RESTART_ON_FAILURE, // the default here; Compose's is "no"
    SPEC_RESTART_NO,
    SPEC_RESTART_ALWAYS,
    SPEC_RESTART_UNLESS_STOPPED,
};

enum spec_condition {
    SPEC_SERVICE_STARTED,
    SPEC_SERVICE_HEALTHY,
    SPEC_SERVICE_COMPLETED,
};

struct spec_dependency {
    const char *service;
    enum spec_condition condition;
    bool optional; // required: false
    bool restart;  // restart: true: when the other is restarted or changed on request
    struct mark at;
};

struct spec_rlimit {
    const char *name; // Compose's: "nofile", "core", …; known to be one of spec_rlimit_names
    int64_t soft;     // SPEC_UNLIMITED: no limit
    int64_t hard;
    struct mark at;
};

/* A size that may be written as a share of mem_limit. */
struct spec_size {
    bool set;
    bool percent; // value is in 1/1000 of a percent of mem_limit, else bytes
    int64_t value;
    struct mark at;
};

struct spec_backoff {
    bool set;
    struct spec_int initial_ns;
    struct spec_int factor_milli; // 2 is 2000
    struct spec_int max_ns;
    struct spec_int jitter_milli; // ±10 % is 100
    struct spec_int reset_after_ns;
};

struct spec_exits {
    bool set;
    struct exits exits;
    struct mark at;
};

#define SPEC_CAUSES 4 // by enum cause

struct spec_budget {
    bool set;
    struct spec_int max_restarts;
    struct spec_int window_ns;
    struct spec_int then; // enum budget_then
    struct mark at;
};

struct spec_intensity {
    bool set;
    struct spec_budget budget[SPEC_CAUSES];
    struct mark at;
};

/* x-bulkhead.oom: what is to come of it when the kernel kills for memory. */
struct spec_oom {
    bool set;
    struct spec_int policy;  // enum oom_policy
    struct spec_int victims; // with OOM_CONTINUE alone
    struct spec_int within_ns;
    struct mark at;
};

/* A healthcheck as written. What it asks of the program is in `test`, ready to be executed: the
 * shell forms have become ["/bin/sh", "-c", text]. */
struct spec_healthcheck {
    bool set;
    bool disabled; // disable: true, or test: [NONE]
    struct spec_words test;
    struct spec_int interval_ns;
    struct spec_int timeout_ns;
    struct spec_int retries;
    struct spec_int start_period_ns;
    struct spec_int start_interval_ns;
    struct mark at;
};

enum spec_on_unhealthy {
    SPEC_UNHEALTHY_RESTART,
    SPEC_UNHEALTHY_NONE,
};

enum spec_hook_kind {
    SPEC_PRE_START,  // each ends with success before the program starts
    SPEC_POST_START, // once it runs; what depends on the service waits for them
    SPEC_PRE_STOP,   // before the stop signal, within the grace period
    SPEC_HOOK_KINDS,
};

#define SPEC_HOOKS_MAX 16 // of one service, all kinds together

/* A command at a turn of a service's life. What is not set is the service's own. */
struct spec_hook {
    struct spec_words command;
    struct spec_text user;
    struct spec_text working_dir;
    const struct spec_env *environment; // over the service's; sorted by name
    size_t environment_count;
    struct mark at;
};

struct spec_hooks {
    const struct spec_hook *item; // in the order of the file
    size_t count;
};

enum spec_report_kind {
    SPEC_ON_OOM,  // of a kill for memory
    SPEC_ON_HOLD, // that the service is held
    SPEC_REPORT_KINDS,
};

/* A command that is told of it. What is not set is the service's own, or the planner's default. */
struct spec_report_hook {
    bool set;
    struct spec_words command;
    struct spec_text user;
    struct spec_int timeout_ns;
    struct spec_int mem_limit_bytes;
    bool shared;    // it is the stack's
    struct mark at; // line 0: not written
};

/* deploy.restart_policy. Where it is set it goes before `restart`, as in Compose: `restart` and
 * `restart_max` of the service say what it comes to. */
struct spec_restart_policy {
    bool set;
    bool condition_set;
    enum spec_restart condition; // any, the default: always; on-failure; none: no
    struct spec_int delay_ns;
    struct spec_int max_attempts;
    struct spec_int window_ns;
    struct mark at;
};

struct spec_label {
    const char *name;
    const char *value;
    struct mark at;
};

struct spec_logging {
    bool set;
    enum logging_driver driver;
    struct mark at; // of the driver
    bool blocking;  // options: mode
    struct spec_int max_size_bytes;
    struct spec_int max_file;
    struct spec_int max_buffer_bytes;
};

struct spec_service {
    const char *name;
    struct mark at;

    struct spec_words entrypoint;
    struct spec_words command;
    const struct spec_env *environment; // sorted by name, names unique
    size_t environment_count;
    struct spec_text working_dir; // absolute, or relative to the project folder
    struct spec_text user;        // "name", "uid", "name:group", "uid:gid"

    enum spec_restart restart;
    bool restart_set;
    int64_t restart_max; // on-failure:N, deploy.restart_policy.max_attempts; 0: no bound
    struct mark restart_at;
    const struct spec_dependency *depends_on;
    size_t depends_on_count;

    struct spec_int mem_limit_bytes;     // mem_limit or deploy.resources.limits.memory
    struct spec_int memswap_limit_bytes; // memory plus swap; SPEC_UNLIMITED
    struct spec_int mem_reservation_bytes;
    struct spec_int pids_limit; // SPEC_UNLIMITED
    struct spec_int cpus_milli; // 1.5 is 1500
    struct spec_int cpu_shares; // as written: 2 … 262144
    struct spec_size memory_high;
    struct spec_size memory_min;
    struct spec_text cgroup_parent; // a group of the spec; NULL: the stack

    struct spec_int stop_signal; // signal number
    struct spec_int stop_grace_period_ns;
    struct spec_int oom_score_adj; // -1000 … 1000
    const struct spec_rlimit *ulimits;
    size_t ulimits_count;

    struct spec_backoff backoff;
    struct spec_oom oom;
    struct spec_int start_timeout_ns;
    struct spec_intensity intensity; // its own, or else that of the stack
    struct spec_exits success_exit_codes;
    struct spec_exits restart_prevent_exit_codes;
    struct spec_restart_policy restart_policy;

    struct spec_logging logging;
    struct spec_healthcheck healthcheck;
    enum spec_on_unhealthy on_unhealthy;
    bool on_unhealthy_set;
    bool tty;        // stdin, stdout and stderr are a terminal
    bool stdin_open; // stdin stays open
    struct mark on_unhealthy_at;
    struct spec_hooks hooks[SPEC_HOOK_KINDS];
    struct spec_report_hook report_hooks[SPEC_REPORT_KINDS]; // its own, or else that of the stack

    struct spec_int scale;           // instances: scale or deploy.replicas; 0 is allowed
    const struct spec_label *labels; // sorted by name, names unique
    size_t labels_count;
    const char *const *profiles; // as written; none: always enabled
    size_t profiles_count;
};

/* A group of services with a memory limit that they share. */
struct spec_group {
    const char *name;
    struct mark at;
    struct spec_int mem_limit_bytes; // always set
    struct spec_text parent;         // the group that it is in; NULL: the stack
};

/* At most BUDGETS_MAX - 1, at most ENCLOSING_MAX - 1 deep, none in itself; as written. */
struct spec_groups {
    const struct spec_group *item;
    size_t count;
};

struct spec_history {
    struct spec_int max_age_ns;
    struct spec_int max_size_bytes;
};

struct spec {
    struct arena arena;
    const char *name;                // a valid project name, never NULL
    bool name_written;               // in the file, not derived from the folder
    const char *project_dir;         // absolute; relative paths start here
    const char *file;                // the stack file, for messages
    struct spec_int mem_limit_bytes; // of the whole stack
    struct spec_groups groups;
    struct spec_int restart_strategy; // enum strategy
    struct spec_history history;
    const struct spec_service *services;
    size_t services_count;
};

void spec_finish(struct spec *spec); // frees everything; may be zeroed

/* Index of the service, or -1. */
ptrdiff_t spec_find(const struct spec *spec, const char *service);

/* Name of a resource limit as Compose writes it ("nofile") to its RLIMIT_ number, or -1. */
int spec_rlimit_resource(const char *name);

/* The names spec_rlimit_resource knows, for a did-you-mean. */
extern const char *const spec_rlimit_names[];
extern const size_t spec_rlimit_names_count;

const char *spec_restart_name(enum spec_restart restart);
const char *spec_condition_name(enum spec_condition condition);
const char *spec_hook_name(enum spec_hook_kind kind);     // "pre_start", …
const char *spec_report_name(enum spec_report_kind kind); // "on_oom", "on_hold"

#endif
