/* See row.h. */
#include "supervisor/row.h"

#include <string.h>

static bool has_process(const struct incarnation *incarnation)
{
    return incarnation->alive != 0 && !lifecycle_at_rest(incarnation) &&
           incarnation->state != STATE_WAITING && incarnation->state != STATE_BACKOFF;
}

/* It runs, and nobody may count on it before its post_start hooks are done. */
static bool is_coming_up(const struct incarnation *self)
{
    return self->state == STATE_RUNNING && self->want && !self->ready;
}

void row_fill(const struct fleet *fleet, uint32_t index, instant now, struct wire_row *row)
{
    const struct member *member = &fleet->roster->members[index];
    const struct incarnation *self = &fleet->members[index];
    const struct verdict *last = &self->last;
    bool by_exit = last->kind != VERDICT_NONE && last->signal == 0 &&
                   last->kind != VERDICT_UNKILLABLE && last->confidence != CONFIDENCE_UNKNOWN;

    *row = (struct wire_row){
        .member = index,
        .service_length = member->service_length,
        .number = member->number,
        .state = is_coming_up(self) ? STATE_STARTING : (uint32_t)self->state,
        .want = (uint32_t)self->want,
        .generation = (uint32_t)self->generation,
        .pid = (int32_t)self->pid,
        .exit_code = by_exit ? last->exit_code : -1,
        .signal = last->signal,
        .verdict = (uint32_t)last->kind,
        .step = (int32_t)last->step,
        .error = last->error,
        .hook = last->hook,
        .hook_index = last->hook_index,
        .restarts = self->restarts_all,
        .started_wall_ns = self->started_wall,
        .uptime_ns = has_process(self) ? now.ns - self->started_ns : last->uptime.ns,
        .deadline_in_ns = self->deadline_ns == INSTANT_NEVER.ns
                              ? -1
                              : instant_since((instant){self->deadline_ns}, now).ns,
        .peak_bytes = last->peak_bytes,
        .limit_bytes = member->policy.mem_limit_bytes,
        .enclosing = last->kind == VERDICT_OOM_GROUP ? last->enclosing : -1,
        .waits_for = self->state == STATE_WAITING ? (int64_t)fleet_waits_for(fleet, index) : -1,
        .sequence = self->changed,
        .health = (uint32_t)self->health,
        .budget = self->state == STATE_HELD ? last->budget : 0,
        .hash = member->hash,
        .limits_hash = member->limits_hash,
    };
    if (row->deadline_in_ns < -1)
        row->deadline_in_ns = 0;
    memcpy(row->name, member->name, sizeof(row->name));
    memcpy(row->group, last->group, sizeof(row->group));
}
