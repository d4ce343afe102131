/* See reconcile.h. */
#include "cli/stack/reconcile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- finding by name, in tables that may be long -----------------------------------------------
 */

struct index {
    const struct wire_row **sorted; // by name
    size_t count;
};

static int compare_rows(const void *a, const void *b)
{
    return strcmp((*(const struct wire_row *const *)a)->name,
                  (*(const struct wire_row *const *)b)->name);
}

static int index_init(struct index *index, const struct reconcile_request *request,
                      struct arena *arena)
{
    index->count = request->rows_count;
    index->sorted = arena_array(arena, index->count + 1, sizeof(struct wire_row *));
    if (!index->sorted)
        return -ENOMEM;
    for (size_t i = 0; i < index->count; i++)
        index->sorted[i] = &request->rows[i];
    qsort(index->sorted, index->count, sizeof(struct wire_row *), compare_rows);
    return 0;
}

static const struct wire_row *find_row(const struct index *index, const char *name)
{
    size_t low = 0, high = index->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, index->sorted[middle]->name);
        if (order == 0)
            return index->sorted[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* --- a member of the plan ----------------------------------------------------------------------
 */

/* Nothing of it runs and nothing will by itself. */
static bool is_at_rest(const struct wire_row *row)
{
    return row->state == STATE_CREATED || row->state == STATE_EXITED || row->state == STATE_HELD ||
           !row->want;
}

static void decide(struct reconcile_step *step, enum reconcile_action action,
                   enum reconcile_reason reason)
{
    step->action = action;
    step->reason = reason;
}

static void decide_running(const struct reconcile_request *request, size_t service,
                           const struct plan_member *member, const struct wire_row *row,
                           struct reconcile_step *step)
{
    const struct reconcile_options *options = &request->options;
    bool forced = request->named[service] ? options->force : options->force_needed;
    bool keep = options->keep || options->no_start;

    if (forced && !options->no_start)
        decide(step, RECONCILE_RESTART, REASON_FORCED);
    else if (row->hash != member->hash)
        decide(step, keep ? RECONCILE_KEEP : RECONCILE_RESTART, REASON_CHANGED);
    else if (row->limits_hash != member->limits_hash)
        decide(step, keep ? RECONCILE_KEEP : RECONCILE_LIMITS, REASON_LIMITS);
    else
        decide(step, RECONCILE_NONE, REASON_NONE);
}

static void decide_member(const struct reconcile_request *request, const struct plan_member *member,
                          const struct wire_row *row, struct reconcile_step *step)
{
    size_t service = (size_t)spec_find(request->spec, member->service);

    if (!request->asked[service])
        decide(step, row ? RECONCILE_KEEP : RECONCILE_LEAVE, REASON_NOT_ASKED);
    else if (!row || is_at_rest(row))
        decide(step, request->options.no_start ? RECONCILE_LEAVE : RECONCILE_START,
               row && row->state != STATE_CREATED ? REASON_AT_REST : REASON_NEW);
    else
        decide_running(request, service, member, row, step);
}

/* --- a row that is in the plan no more ----------------------------------------------------------
 */

static void decide_left(const struct reconcile_request *request, const struct wire_row *row,
                        struct reconcile_step *step)
{
    char service[INSTANCE_NAME_MAX];
    ptrdiff_t index;

    snprintf(service, sizeof(service), "%.*s", (int)row->service_length, row->name);
    index = spec_find(request->spec, service);
    if (index < 0)
        decide(step, request->options.remove_orphans ? RECONCILE_STOP : RECONCILE_ORPHAN,
               REASON_ORPHAN);
    else if (!request->selection->enabled[index])
        decide(step, RECONCILE_KEEP, REASON_PROFILE);
    else if (!request->asked[index])
        decide(step, RECONCILE_KEEP, REASON_NOT_ASKED);
    else
        decide(step, RECONCILE_STOP, REASON_SCALED);
}

static int add_members(const struct reconcile_request *request, struct arena *arena,
                       struct reconcile_step *steps, bool *seen)
{
    struct index index;

    if (index_init(&index, request, arena) != 0)
        return -ENOMEM;
    for (size_t i = 0; i < request->plan->members_count; i++) {
        const struct plan_member *member = &request->plan->members[i];
        char name[INSTANCE_NAME_MAX];
        const struct wire_row *row;

        snprintf(name, sizeof(name), "%s-%u", member->service, member->number);
        row = find_row(&index, name);
        steps[i] = (struct reconcile_step){
            .member = (ptrdiff_t)i,
            .row = row ? row - request->rows : -1,
            .name = row ? row->name : arena_string(arena, name),
        };
        if (row)
            seen[row - request->rows] = true;
        decide_member(request, member, row, &steps[i]);
    }
    return arena_failed(arena) ? -ENOMEM : 0;
}

int reconcile_decide(const struct reconcile_request *request, struct arena *arena,
                     struct reconcile_step **ret_steps, size_t *ret_count)
{
    size_t count = request->plan->members_count;
    struct reconcile_step *steps =
        arena_array(arena, count + request->rows_count + 1, sizeof(*steps));
    bool *seen = arena_array(arena, request->rows_count + 1, sizeof(*seen));

    if (!steps || !seen || add_members(request, arena, steps, seen) != 0)
        return -ENOMEM;
    for (size_t i = 0; i < request->rows_count; i++) {
        if (seen[i])
            continue;
        steps[count] = (struct reconcile_step){
            .member = -1, .row = (ptrdiff_t)i, .name = request->rows[i].name};
        decide_left(request, &request->rows[i], &steps[count++]);
    }
    *ret_steps = steps;
    *ret_count = count;
    return 0;
}

/* --- words -------------------------------------------------------------------------------------
 */

const char *reconcile_action_name(enum reconcile_action action)
{
    static const char *const names[] = {
#define X(id, name) name,
        RECONCILE_ACTIONS(X)
#undef X
    };

    return action < RECONCILE_ACTIONS_COUNT ? names[action] : "?";
}

const char *reconcile_words(const struct reconcile_step *step)
{
    switch (step->reason) {
    case REASON_NEW:
        return step->action == RECONCILE_START ? "new" : "new, not started";
    case REASON_AT_REST:
        return step->action == RECONCILE_START ? "started again" : "";
    case REASON_CHANGED:
        return step->action == RECONCILE_KEEP ? "changed, left as it is" : "changed: restarted";
    case REASON_LIMITS:
        return step->action == RECONCILE_KEEP ? "limits changed, left as they are"
                                              : "limits changed: applied live";
    case REASON_FORCED:
        return "restarted as asked";
    case REASON_SCALED:
        return "one instance too many: stopped";
    case REASON_ORPHAN:
        return step->action == RECONCILE_STOP
                   ? "not in the stack file any more: removed"
                   : "orphan: not in the stack file (--remove-orphans removes it)";
    case REASON_NONE:
        return "unchanged";
    case REASON_NOT_ASKED:
    case REASON_PROFILE:
        break;
    }
    return "";
}
