/* See record_fields.h. */
#include "core/record_fields.h"

#include <stddef.h>
#include <string.h>

#include "core/health.h"

/* clang-format off */
#define FIELD_OF(type, field) {#field, offsetof(struct type, field)},
#define COUNT(table)          (sizeof(table) / sizeof((table)[0]))

#define POLICY_FIELD(field) FIELD_OF(policy, field)
#define INTENSITY(id, name) \
    {name "_max_restarts", offsetof(struct policy, intensity[CAUSE_##id].max_restarts)}, \
    {name "_window_ns", offsetof(struct policy, intensity[CAUSE_##id].window_ns)}, \
    {name "_then", offsetof(struct policy, intensity[CAUSE_##id].then)},
static const struct field policy_fields[] = {
    POLICY_FIELD(restart)             
    POLICY_FIELD(restart_max)         
    POLICY_FIELD(backoff_initial_ns)  
    POLICY_FIELD(backoff_factor_milli)
    POLICY_FIELD(backoff_max_ns)      
    POLICY_FIELD(backoff_jitter_milli)
    POLICY_FIELD(backoff_reset_after_ns)
    POLICY_FIELD(stop_signal)    
    POLICY_FIELD(stop_grace_ns)  
    POLICY_FIELD(mem_limit_bytes)
    POLICY_FIELD(oom_group)
    POLICY_FIELD(oom_policy)
    POLICY_FIELD(oom_victims)
    POLICY_FIELD(oom_within_ns)
    POLICY_FIELD(start_timeout_ns)
    POLICY_FIELD(restart_window_ns)
    POLICY_FIELD(health)
    POLICY_FIELD(health_interval_ns)
    POLICY_FIELD(health_timeout_ns)
    POLICY_FIELD(health_retries)
    POLICY_FIELD(health_start_period_ns)
    POLICY_FIELD(health_start_interval_ns)
    POLICY_FIELD(on_unhealthy)
    POLICY_FIELD(pre_start)
    POLICY_FIELD(post_start)
    POLICY_FIELD(pre_stop)
    POLICY_FIELD(on_oom)
    POLICY_FIELD(on_hold)
    {"success_codes0", offsetof(struct policy, success.codes[0])},
    {"success_codes1", offsetof(struct policy, success.codes[1])},
    {"success_codes2", offsetof(struct policy, success.codes[2])},
    {"success_codes3", offsetof(struct policy, success.codes[3])},
    {"success_signals", offsetof(struct policy, success.signals)},
    {"prevent_codes0", offsetof(struct policy, prevent.codes[0])},
    {"prevent_codes1", offsetof(struct policy, prevent.codes[1])},
    {"prevent_codes2", offsetof(struct policy, prevent.codes[2])},
    {"prevent_codes3", offsetof(struct policy, prevent.codes[3])},
    {"prevent_signals", offsetof(struct policy, prevent.signals)},
    CAUSES(INTENSITY)
    POLICY_FIELD(strategy)
};
_Static_assert(sizeof(struct policy) == COUNT(policy_fields) * sizeof(int64_t),
               "every field of a policy is in the journal");

#define READING_FIELD(field) FIELD_OF(reading, field)
static const struct field reading_fields[] = {
    READING_FIELD(known)        
    READING_FIELD(max)          
    READING_FIELD(high)         
    READING_FIELD(oom)          
    READING_FIELD(oom_kill)     
    READING_FIELD(oom_group_kill)
    READING_FIELD(tree_oom_kill)
    READING_FIELD(oomd_ooms)
    READING_FIELD(oomd_kills)
    READING_FIELD(peak_bytes)   
    READING_FIELD(populated)    
    {"enclosing_oom0", offsetof(struct reading, enclosing_oom[0])},
    {"enclosing_oom1", offsetof(struct reading, enclosing_oom[1])},
    {"enclosing_oom2", offsetof(struct reading, enclosing_oom[2])},
    {"enclosing_oom3", offsetof(struct reading, enclosing_oom[3])},
};
_Static_assert(sizeof(struct reading) == COUNT(reading_fields) * sizeof(int64_t),
               "every field of a reading is in the journal");

#define EVENT_FIELD(field) FIELD_OF(event, field)
static const struct field event_fields[] = {
    EVENT_FIELD(seed)    
    EVENT_FIELD(grace_ns)
    EVENT_FIELD(signal)  
    EVENT_FIELD(more)    
    EVENT_FIELD(pid)     
    EVENT_FIELD(step)    
    EVENT_FIELD(error)   
    EVENT_FIELD(born)    
    EVENT_FIELD(code)    
    EVENT_FIELD(core)    
    EVENT_FIELD(alone)
    EVENT_FIELD(serial)
    EVENT_FIELD(hook)
    EVENT_FIELD(index)
    EVENT_FIELD(dying)
    EVENT_FIELD(available_bytes)
    EVENT_FIELD(stuck)
    EVENT_FIELD(held)
    {"status_known", offsetof(struct event, known)},
};

#define MEMBER_STATE_FIELD(field) FIELD_OF(incarnation, field)
#define SPENT(cause, name, n) {"spent_" name #n, offsetof(struct spent, at_ns[cause][n])},
#define EACH_RESTART(X, cause, name) \
    X(cause, name, 0) X(cause, name, 1) X(cause, name, 2) X(cause, name, 3) \
    X(cause, name, 4) X(cause, name, 5) X(cause, name, 6) X(cause, name, 7) \
    X(cause, name, 8) X(cause, name, 9) X(cause, name, 10) X(cause, name, 11) \
    X(cause, name, 12) X(cause, name, 13) X(cause, name, 14) X(cause, name, 15) \
    X(cause, name, 16) X(cause, name, 17) X(cause, name, 18) X(cause, name, 19) \
    X(cause, name, 20) X(cause, name, 21) X(cause, name, 22) X(cause, name, 23) \
    X(cause, name, 24) X(cause, name, 25) X(cause, name, 26) X(cause, name, 27) \
    X(cause, name, 28) X(cause, name, 29) X(cause, name, 30) X(cause, name, 31)
#define SPENT_FIELDS(id, name) EACH_RESTART(SPENT, CAUSE_##id, name)
static const struct field state_fields[] = {
    MEMBER_FIELDS(MEMBER_STATE_FIELD)
};
#define GOVERNOR_FIELD(field) FIELD_OF(governor, field)
static const struct field governor_fields[] = {
    GOVERNOR_FIELDS(GOVERNOR_FIELD)
};
#define VICTIM(n) {"victim" #n, offsetof(struct spent, victim_ns[n])},
static const struct field spent_fields[] = {
    CAUSES(SPENT_FIELDS)
    VICTIM(0) VICTIM(1) VICTIM(2) VICTIM(3) VICTIM(4) VICTIM(5) VICTIM(6) VICTIM(7)
    VICTIM(8) VICTIM(9) VICTIM(10) VICTIM(11) VICTIM(12) VICTIM(13) VICTIM(14) VICTIM(15)
};
_Static_assert(sizeof(struct spent) == COUNT(spent_fields) * sizeof(int64_t),
               "every restart and victim is in the journal");
_Static_assert(offsetof(struct incarnation, base) == COUNT(state_fields) * sizeof(int64_t),
               "every number of a member is in the journal");

#define KEPT_FIELD(field) FIELD_OF(kept, field)
static const struct field kept_fields[] = {
    KEPT_FIELDS(KEPT_FIELD)
};
_Static_assert(sizeof(struct kept) == COUNT(kept_fields) * sizeof(int64_t),
               "all that is kept is in the journal");

#define VERDICT_FIELD(field) FIELD_OF(verdict_numbers, field)
static const struct field verdict_fields[] = {
    VERDICT_FIELD(code)    
    VERDICT_FIELD(signal)  
    VERDICT_FIELD(core)    
    VERDICT_FIELD(step)    
    VERDICT_FIELD(error)   
    VERDICT_FIELD(oom)     
    VERDICT_FIELD(oom_kill)
    VERDICT_FIELD(oom_group_kill)
    VERDICT_FIELD(enclosing)
    VERDICT_FIELD(peak)     
    VERDICT_FIELD(limit)    
    VERDICT_FIELD(uptime)   
    VERDICT_FIELD(delay)    
    VERDICT_FIELD(hook)
    VERDICT_FIELD(index)
    VERDICT_FIELD(budget)
    VERDICT_FIELD(victims)
    VERDICT_FIELD(oomd)
};

/* clang-format on */

/* So far from the end of the numbers that counting on from here does not reach it. */
#define COUNT_MAX (INT64_MAX / 2)

static bool is_flag(int64_t value)
{
    return value == 0 || value == 1;
}

static bool is_within(int64_t value, int64_t least, int64_t most)
{
    return value >= least && value <= most;
}

struct verdict_numbers verdict_to_numbers(const struct verdict *verdict)
{
    return (struct verdict_numbers){
        .code = verdict->exit_code,
        .signal = verdict->signal,
        .core = verdict->core_dumped,
        .step = verdict->step,
        .error = verdict->error,
        .oom = verdict->oom,
        .oom_kill = verdict->oom_kill,
        .oom_group_kill = verdict->oom_group_kill,
        .enclosing = verdict->enclosing,
        .peak = verdict->peak_bytes,
        .limit = verdict->limit_bytes,
        .uptime = verdict->uptime.ns,
        .delay = verdict->delay.ns,
        .hook = verdict->hook,
        .index = verdict->hook_index,
        .budget = verdict->budget,
        .victims = verdict->victims,
        .oomd = verdict->oomd,
    };
}

int verdict_from_numbers(const struct verdict_numbers *numbers, struct verdict *verdict)
{
    if (numbers->step < 0 || numbers->step >= SPAWN_STEPS_COUNT || numbers->code < INT32_MIN ||
        numbers->code > INT32_MAX || numbers->signal < 0 || numbers->signal > SIGNAL_MAX ||
        numbers->error < 0 || numbers->error > ERRNO_MAX || numbers->enclosing < -1 ||
        numbers->enclosing >= ENCLOSING_MAX || !is_within(numbers->hook, 0, AIDE_KINDS - 1) ||
        !is_within(numbers->index, 0, HOOKS_MAX) || !is_within(numbers->budget, 0, CAUSES_COUNT) ||
        !is_within(numbers->victims, 0, VICTIMS_MAX))
        return 1;
    verdict->exit_code = (int32_t)numbers->code;
    verdict->signal = (int32_t)numbers->signal;
    verdict->core_dumped = numbers->core != 0;
    verdict->step = (enum spawn_step)numbers->step;
    verdict->error = (int32_t)numbers->error;
    verdict->oom = numbers->oom;
    verdict->oom_kill = numbers->oom_kill;
    verdict->oom_group_kill = numbers->oom_group_kill;
    verdict->enclosing = (int32_t)numbers->enclosing;
    verdict->peak_bytes = numbers->peak;
    verdict->limit_bytes = numbers->limit;
    verdict->uptime = span_ns(numbers->uptime);
    verdict->delay = span_ns(numbers->delay);
    verdict->hook = (uint32_t)numbers->hook;
    verdict->hook_index = (uint32_t)numbers->index;
    verdict->budget = (uint32_t)numbers->budget;
    verdict->victims = (uint32_t)numbers->victims;
    verdict->oomd = numbers->oomd;
    return 0;
}

const struct field_table record_policy = {policy_fields, COUNT(policy_fields)};
const struct field_table record_reading = {reading_fields, COUNT(reading_fields)};
const struct field_table record_event = {event_fields, COUNT(event_fields)};
const struct field_table record_state = {state_fields, COUNT(state_fields)};
const struct field_table record_spent = {spent_fields, COUNT(spent_fields)};
const struct field_table record_governor = {governor_fields, COUNT(governor_fields)};
const struct field_table record_kept = {kept_fields, COUNT(kept_fields)};
const struct field_table record_verdict = {verdict_fields, COUNT(verdict_fields)};

static bool reading_is_valid(const struct reading *reading)
{
    for (size_t i = 0; i < record_reading.count; i++) {
        int64_t value;
        memcpy(&value, (const char *)reading + record_reading.fields[i].offset, sizeof(value));
        if (value < 0)
            return false;
    }
    return is_flag(reading->known) && is_flag(reading->populated);
}

bool record_event_is_valid(const struct event *event)
{
    return event->at.ns >= 0 && event->grace_ns >= EVENT_GRACE_POLICY &&
           is_within(event->signal, 0, SIGNAL_MAX) && is_flag(event->more) &&
           is_within(event->pid, 0, INT32_MAX) &&
           is_within(event->step, 0, SPAWN_STEPS_COUNT - 1) &&
           is_within(event->error, 0, ERRNO_MAX) && is_flag(event->born) && is_flag(event->known) &&
           is_within(event->code, INT32_MIN, INT32_MAX) && is_flag(event->core) &&
           is_flag(event->alone) && is_within(event->serial, 0, UINT32_MAX) &&
           is_within(event->hook, 0, AIDE_KINDS - 1) && is_within(event->index, 0, HOOKS_MAX - 1) &&
           is_flag(event->dying) && event->available_bytes >= 0 && is_flag(event->stuck) &&
           is_flag(event->held) && reading_is_valid(&event->reading);
}

static bool aide_state_is_valid(const struct incarnation *self)
{
    return is_flag(self->alone) && is_flag(self->together) && is_flag(self->ready) &&
           is_within(self->health, 0, HEALTHS_COUNT - 1) &&
           is_within(self->health_failures, 0, COUNT_MAX) &&
           is_within(self->aide_serial, 0, UINT32_MAX) &&
           (self->aide == 0 || self->aide == self->aide_serial) &&
           is_within(self->aide_kind, 0, AIDE_KINDS - 1) &&
           is_within(self->aide_index, 0, HOOKS_MAX) && self->aide_since_ns >= 0 &&
           is_flag(self->aide_ended) && self->aide_ns >= 0 &&
           is_within(self->blame, 0, BLAMES_COUNT - 1) &&
           is_within(self->blame_hook, 0, AIDE_KINDS - 1) &&
           is_within(self->blame_index, 0, HOOKS_MAX) &&
           is_within(self->blame_code, INT32_MIN, INT32_MAX) &&
           is_within(self->blame_signal, 0, SIGNAL_MAX) &&
           is_within(self->blame_error, 0, ERRNO_MAX);
}

bool record_spent_is_valid(const struct spent *spent)
{
    for (int cause = 0; cause < CAUSES_COUNT; cause++)
        for (int i = 0; i < BUDGET_RESTARTS_MAX; i++)
            if (spent->at_ns[cause][i] < 0)
                return false;
    for (int i = 0; i < VICTIMS_MAX; i++)
        if (spent->victim_ns[i] < 0)
            return false;
    return true;
}

bool record_governor_is_valid(const struct governor *governor)
{
    return governor->until_ns >= 0 && governor->next_ns >= 0 && governor->started_ns >= 0 &&
           governor->moment_ns >= 0 && is_within(governor->dead, 0, COUNT_MAX);
}

bool record_kept_is_valid(const struct kept *kept)
{
    return is_within(kept->marked, 0, COUNT_MAX) && is_within(kept->breaks, 0, UINT32_MAX);
}

bool record_state_is_valid(const struct incarnation *self)
{
    return is_within(self->state, 0, STATES_COUNT - 1) && is_flag(self->want) &&
           is_flag(self->again) && is_within(self->generation, 0, COUNT_MAX) &&
           is_within(self->pid, 0, INT32_MAX) && is_flag(self->alive) && is_flag(self->populated) &&
           self->entered_ns >= 0 && self->deadline_ns >= 0 && self->started_ns >= 0 &&
           self->ended_ns >= 0 && self->grace_ns >= EVENT_GRACE_POLICY &&
           is_within(self->sent_signal, 0, SIGNAL_MAX) && is_flag(self->stop_asked) &&
           is_flag(self->oom_seen) && is_within(self->victims, 0, VICTIMS_MAX) &&
           is_within(self->step, 0, SPAWN_STEPS_COUNT - 1) &&
           is_within(self->step_error, 0, ERRNO_MAX) && self->told_ns >= 0 &&
           is_flag(self->judged) && is_within(self->failures, 0, COUNT_MAX) &&
           is_within(self->restarts, 0, COUNT_MAX) && is_within(self->restarts_all, 0, COUNT_MAX) &&
           is_within(self->changed, 0, COUNT_MAX) && aide_state_is_valid(self) &&
           is_flag(self->holds) && is_within(self->left0, 0, COUNT_MAX) &&
           is_within(self->left1, 0, COUNT_MAX) && is_within(self->left2, 0, COUNT_MAX) &&
           is_within(self->left3, 0, COUNT_MAX) && self->paid_ns >= 0 && self->counted_ns >= 0 &&
           self->queued_ns >= 0 && self->place_ns >= 0 && reading_is_valid(&self->base) &&
           reading_is_valid(&self->seen) && reading_is_valid(&self->paid);
}
