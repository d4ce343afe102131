/* What `up` does with a stack that runs already: pure judgement on its table and a new plan. */
#ifndef BULKHEAD_CLI_STACK_RECONCILE_H
#define BULKHEAD_CLI_STACK_RECONCILE_H

#include "core/plan.h"
#include "core/spec.h"
#include "core/wire.h"
#include "cli/plan/selection.h"

/* X(id, name): name is what `plan` shows. */
#define RECONCILE_ACTIONS(X)                                                                  \
    X(NONE, "unchanged")    /* runs as planned, or is about to */                             \
    X(START, "start")       /* new, or at rest */                                             \
    X(RESTART, "restart")   /* made of something else than planned, or forced */              \
    X(LIMITS, "limits")     /* only its limits differ: applied while it runs */               \
    X(KEEP, "left alone")   /* stays as it is, and so does its place in the plan */           \
    X(STOP, "stop")         /* one instance too many, or an orphan to be removed: goes */     \
    X(ORPHAN, "orphan")     /* not in the stack file any more; stays as it is, and is told */ \
    X(LEAVE, "not started") /* in the plan, but at rest and not to be started */

enum reconcile_action {
#define X(id, name) RECONCILE_##id,
    RECONCILE_ACTIONS(X)
#undef X
        RECONCILE_ACTIONS_COUNT
};

enum reconcile_reason {
    REASON_NONE,
    REASON_NEW,       // START: not in the running stack yet, or never started
    REASON_AT_REST,   // START: ended, stopped or held
    REASON_CHANGED,   // RESTART, KEEP: its hash differs
    REASON_LIMITS,    // LIMITS, KEEP: its limits_hash differs
    REASON_FORCED,    // RESTART: --force-recreate
    REASON_NOT_ASKED, // KEEP: other services were named on the command line
    REASON_PROFILE,   // KEEP: in none of the active profiles
    REASON_SCALED,    // STOP: more instances than wanted
    REASON_ORPHAN,    // STOP, ORPHAN: its service is not in the file
};

struct reconcile_options {
    bool force;          // --force-recreate
    bool force_needed;   // --always-recreate-deps
    bool keep;           // --no-recreate
    bool remove_orphans; // --remove-orphans
    bool no_start;       // --no-start
};

struct reconcile_request {
    const struct spec *spec;
    const struct selection *selection;
    const bool *named; // by service index: on the command line, or all of them
    const bool *asked; // by service index: named, or needed by one that is
    const struct plan *plan;
    const struct wire_row *rows; // of the running stack; none: it does not run
    size_t rows_count;
    struct reconcile_options options;
};

struct reconcile_step {
    enum reconcile_action action;
    enum reconcile_reason reason;
    ptrdiff_t member; // index in the plan, -1: not in it
    ptrdiff_t row;    // index in the table, -1: not running
    const char *name; // "web-1"; borrowed from the row, or in the arena
};

/* One step for every member of the plan, in its order, then one for every row that is in it no
 * more. *ret_steps is in `arena`. 0 or -ENOMEM. */
int reconcile_decide(const struct reconcile_request *request, struct arena *arena,
                     struct reconcile_step **ret_steps, size_t *ret_count);

const char *reconcile_action_name(enum reconcile_action action);

/* "changed: restarted", for people; "" when there is nothing to tell. */
const char *reconcile_words(const struct reconcile_step *step);

#endif
