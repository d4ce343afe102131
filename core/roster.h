/* The members of a stack as the long-lived processes know them: names, policies, dependencies.
 *
 * Decoded from a plan file (planfile.h) or from the head of a journal (record.h); frozen then. The
 * means to start a member (argv, environment, limits) stay in the plan file until they are needed.
 */
#ifndef BULKHEAD_CORE_ROSTER_H
#define BULKHEAD_CORE_ROSTER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/group.h"
#include "core/limits.h"
#include "core/logging.h"
#include "core/policy.h"
#include "core/retention.h"

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

/* A probe or a hook (policy.h), where the plan file has it. */
struct aide {
    uint32_t kind; // enum aide_kind
    uint32_t launch_bytes;
    uint64_t launch_offset; // in the plan file
    int64_t timeout_ns;     // on_oom, on_hold: the longest that it may run; else 0
};

struct member {
    char name[INSTANCE_NAME_MAX]; // "web-1"
    uint32_t service_length;      // the service's name is the first service_length bytes of `name`
    uint32_t number;              // 1, 2, …
    uint32_t group;               // roster::groups
    uint32_t first_aide;          // roster::aides; hooks of a kind in their order
    struct policy policy;
    uint32_t first_need; // roster::needs
    uint32_t needs_count;
    uint64_t launch_offset; // in the plan file; 0 in a journal's roster
    uint32_t launch_bytes;
    uint32_t aides_count; // 0 in a journal's roster, and so is what follows
    uint64_t hash;        // of what makes the running thing what it is, without its
    uint64_t limits_hash; // limits, which can be changed while it runs
    struct logging logging;
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
    struct stack_group *groups; // the first is the stack itself
    uint32_t groups_count;
    struct retention history; // zeroed in a journal's roster
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

#endif
