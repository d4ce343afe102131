/* The readers of single keys, to be named in tables (keys.h), and what they fill. */
#ifndef BULKHEAD_STACKFILE_READERS_H
#define BULKHEAD_STACKFILE_READERS_H

#include "stackfile/keys.h"

/* A service while it is read: what has two spellings in Compose is kept apart until both are
 * known. */
struct service_draft {
    struct spec_service service;
    const struct variables *env_file;   // NULL: none
    const struct variables *label_file; // NULL: none
    struct spec_int deploy_memory, deploy_reservation, deploy_pids, deploy_cpus, deploy_replicas;
};

/* `into` is a spec_int … */
key_read read_bytes;        // number or string; 0: not set
key_read read_bytes_string; // the same, only as a string
key_read read_memswap;      // -1: unlimited
key_read read_pids;         // -1 and 0: unlimited
key_read read_cpus;         // in thousandths; 0: not set
key_read read_cpu_shares;   // 0: not set
key_read read_oom_score_adj;
key_read read_signal;
key_read read_duration; // string; not negative
key_read read_factor;   // in thousandths, 1 … 100
key_read read_scale;    // 0 … INSTANCES_MAX
key_read read_attempts; // 0 … 2^31 - 1
key_read read_jitter;   // percent in tenths: ±10 % is 100

/* … or something else. */
key_read read_size;           // spec_size: bytes or percent
key_read read_bool;           // bool
key_read read_words;          // spec_words
key_read read_path;           // spec_text
key_read read_user;           // spec_text
key_read read_environment;    // spec_service
key_read read_env_file;       // service_draft
key_read read_loaded;         // nothing: loading has done it
key_read read_restart;        // spec_service
key_read read_depends_on;     // spec_service
key_read read_ulimits;        // spec_service
key_read read_on_unhealthy;   // spec_service
key_read read_label_file;     // service_draft
key_read read_labels;         // spec_service
key_read read_profiles;       // spec_service
key_read read_intensity;      // spec_intensity
key_read read_oom;            // spec_oom
key_read read_exit_codes;     // spec_exits
key_read read_healthcheck;    // spec_healthcheck
key_read read_hooks;          // spec_hooks, whose kind is the key's
key_read read_on_oom;         // spec_report_hook
key_read read_on_hold;        // spec_report_hook
key_read read_history;        // spec_history
key_read read_restart_policy; // spec_restart_policy
key_read read_logging;        // spec_logging
key_read read_groups;         // spec_groups
key_read read_cgroup_parent;  // spec_text
key_read read_deploy;         // service_draft
key_read read_bulkhead;       // service_draft

extern const char *const on_unhealthy_choices[]; // by enum spec_on_unhealthy
extern const char *const then_choices[];         // by enum budget_then

/* A whole number, or false after a fault. */
bool take_integer(struct reader *reader, const char *key, const struct node *value,
                  int64_t *ret_number);

/* The text that Compose makes of a scalar, with a warning where it is not what is written; NULL for
 * a null. `name` is the key that it stands at. False after a fault. */
bool take_scalar_text(struct reader *reader, const char *name, const struct node *value,
                      const char **ret_text);

/* A mapping of names to values, or a list of NAME=value, sorted by name. False after a fault that
 * leaves nothing. */
bool take_environment(struct reader *reader, const char *key, const struct node *value,
                      const struct spec_env **ret_env, size_t *ret_count);

/* Control characters, which no name of a variable or a label may have. */
bool has_control(const char *name);

/* What `restart` and deploy.restart_policy come to. */
void settle_restart(struct reader *reader, struct spec_service *service);

/* The variables of files: a path, or a list of paths and, where there is a table, of mappings of
 * it. NULL: out of memory. */
const struct variables *take_variables(struct reader *reader, const char *key,
                                       const struct node *value, const struct key_table *table);

/* Puts what label_file brings below labels. */
void settle_labels(struct reader *reader, struct service_draft *draft);

/* Puts what env_file brings below environment. */
void settle_environment(struct reader *reader, struct service_draft *draft);

/* False where a file could not be read that this service may have taken more from: what it lacks is
 * not its fault. */
bool service_is_whole(const struct reader *reader, const struct node *service);

/* One service, complete but for what needs its siblings; its faults are said. */
void read_service(struct reader *reader, const struct node *key, const struct node *value,
                  struct spec_service *ret_service);

#endif
