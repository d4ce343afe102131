/* Invariants about probes and hooks, by a book-keeping of their own: health is worked out anew from
 * the list of results each time it is asked for. */
#include "tests/sim/sim.h"

static const struct policy *policy_of(const struct sim *sim, uint32_t member)
{
    return &sim->roster.members[member].policy;
}

static bool succeeded(const struct event *event)
{
    return event->error == 0 && event->known && event->signal == 0 && event->code == 0;
}

/* --- health ------------------------------------------------------------------------------- */

enum health expected_health(const struct sim *sim, uint32_t member)
{
    const struct policy *policy = policy_of(sim, member);
    const struct care_book *book = &sim->shadows[member].book;
    int64_t streak = 0;

    if (!book->is_watched)
        return HEALTH_NONE;
    for (uint32_t i = book->results; i > 0 && book->results - i < RESULTS_KEPT; i--) {
        const struct result *result = &book->result[(i - 1) % RESULTS_KEPT];
        if (result->is_good)
            break;
        streak += book->ever_good || result->up_ns >= policy->health_start_period_ns;
    }
    if (streak >= policy->health_retries)
        return HEALTH_UNHEALTHY;
    return book->ever_good ? HEALTH_HEALTHY : HEALTH_STARTING;
}

/* `ago_ns`: how long before now the last probe, or the program, ended or began. */
static void expect_probe(struct sim *sim, uint32_t member, instant since)
{
    const struct policy *policy = policy_of(sim, member);
    struct care_book *book = &sim->shadows[member].book;
    bool is_early = expected_health(sim, member) == HEALTH_STARTING &&
                    since.ns - book->began.ns < policy->health_start_period_ns;
    int64_t wait = is_early ? policy->health_start_interval_ns : policy->health_interval_ns;

    book->due = book->is_watched ? instant_add(since, span_ns(wait)) : INSTANT_NEVER;
}

static void note_result(struct sim *sim, uint32_t member, bool is_good, instant probe_began)
{
    struct shadow *shadow = &sim->shadows[member];
    struct care_book *book = &shadow->book;
    struct result *result = &book->result[book->results++ % RESULTS_KEPT];

    *result = (struct result){is_good, probe_began.ns - book->began.ns};
    book->ever_good |= is_good;
    expect_probe(sim, member, sim->now);
    if (shadow->is_vague)
        shadow->is_unhealthy = sim->fleet.members[member].blame == BLAME_HEALTH;
    else if (expected_health(sim, member) == HEALTH_UNHEALTHY && sim->earlier[member].want &&
             policy_of(sim, member)->on_unhealthy == UNHEALTHY_RESTART)
        shadow->is_unhealthy = true;
}

static void note_ready(struct sim *sim, uint32_t member)
{
    struct care_book *book = &sim->shadows[member].book;

    book->is_ready = true;
    if (book->due.ns < sim->now.ns)
        book->due = sim->now;
}

void note_program(struct sim *sim, uint32_t member)
{
    struct shadow *shadow = &sim->shadows[member];

    shadow->is_vague = false;
    shadow->book = (struct care_book){
        .began = sim->now,
        .is_watched = policy_of(sim, member)->health != 0,
    };
    expect_probe(sim, member, sim->now);
    if (policy_of(sim, member)->post_start == 0)
        note_ready(sim, member);
}

/* --- what is told ------------------------------------------------------------------------- */

bool is_heard(const struct sim *sim, const struct event *event)
{
    const struct aide_book *aide = &sim->shadows[event->member].aide;

    return aide->serial != 0 && aide->serial == event->serial && !aide->is_dropped &&
           (aide->kind == AIDE_PROBE) == (event->kind == EVENT_PROBED);
}

static void note_hook(struct sim *sim, const struct event *event, const struct aide_book *aide)
{
    struct shadow *shadow = &sim->shadows[event->member];
    bool is_good = succeeded(event);

    if (aide->is_ended || aide->kind == AIDE_PRE_STOP)
        return;
    if (!is_good) {
        shadow->failed_hook = aide->kind;
        shadow->failed_index = aide->index;
        shadow->failed_code = event->error || !event->known || event->signal ? -1 : event->code;
    } else if (aide->kind == AIDE_POST_START &&
               aide->index + 1 >= policy_of(sim, event->member)->post_start) {
        note_ready(sim, event->member);
    }
}

static void note_late(struct sim *sim, uint32_t member)
{
    struct shadow *shadow = &sim->shadows[member];
    const struct aide_book *aide = &shadow->aide;
    const struct earlier *earlier = &sim->earlier[member];

    if (earlier->state == STATE_RUNNING && earlier->own_ns <= sim->now.ns)
        return; // it is killed, whatever its probes say
    if (earlier->state == STATE_RUNNING && aide->serial && aide->kind == AIDE_PROBE) {
        if (!aide->is_ended && instant_reached(aide->late, sim->now))
            note_result(sim, member, false, aide->began);
        else if (aide->is_ended && instant_reached(shadow->book.due, sim->now))
            note_result(sim, member, false, sim->now); // it stands for the next
    } else if (aide->serial && !aide->is_ended && aide->kind != AIDE_PROBE &&
               aide->kind != AIDE_PRE_STOP && instant_reached(aide->late, sim->now)) {
        shadow->failed_hook = aide->kind;
        shadow->failed_index = aide->index;
        shadow->failed_code = -1;
    }
}

/* After the step and before its effects are looked at: what the event should have meant. */
void note_aides(struct sim *sim, const struct event *event)
{
    if (event->kind == EVENT_TICK)
        for (uint32_t i = 0; i < sim->roster.members_count; i++)
            note_late(sim, i);
    if ((event->kind == EVENT_PROBED || event->kind == EVENT_HOOKED) && !sim->is_stale) {
        struct shadow *shadow = &sim->shadows[event->member];
        struct aide_book aide = shadow->aide;
        shadow->aide.serial = 0;
        if (aide.kind != AIDE_PROBE)
            note_hook(sim, event, &aide);
        else if (!aide.is_ended)
            note_result(sim, event->member, succeeded(event), aide.began);
    }
}

/* --- effects ------------------------------------------------------------------------------ */

static void check_probe(struct sim *sim, const struct event *event, const struct effect *effect)
{
    const struct box *box = &sim->boxes[effect->member];
    const struct care_book *book = &sim->shadows[effect->member].book;

    if (sim->shadows[effect->member].state != STATE_RUNNING || !box->is_program ||
        box->generation != effect->generation)
        break_rule(sim, "probe-only-what-runs", "m%u is probed and does not run", effect->member);
    if (!sim->shadows[effect->member].is_vague &&
        (!book->is_ready || event->kind != EVENT_TICK || !instant_reached(book->due, sim->now)))
        break_rule(sim, "health-as-docker", "m%u is probed %lld ms too early", effect->member,
                   (long long)span_to_ms(instant_since(book->due, sim->now)));
}

static void check_hook(struct sim *sim, const struct effect *effect)
{
    static const enum state states[AIDE_KINDS] = {STATE_RUNNING, STATE_PREPARING, STATE_RUNNING,
                                                  STATE_LEAVING};
    const struct shadow *shadow = &sim->shadows[effect->member];
    uint32_t before = shadow->hooks_begun[effect->hook];

    if (shadow->state != states[effect->hook])
        break_rule(sim, "hooks-in-order", "m%u: a %s hook while it is %s", effect->member,
                   aide_name((enum aide_kind)effect->hook), state_id(shadow->state));
    if (effect->index != before)
        break_rule(sim, "hooks-in-order", "m%u: hook %u after %u", effect->member, effect->index,
                   before);
}

void check_aide(struct sim *sim, const struct event *event, const struct effect *effect)
{
    struct shadow *shadow = &sim->shadows[effect->member];
    const struct aide_book *before = &shadow->aide;
    bool is_probe = effect->kind == EFFECT_PROBE;
    span longest =
        is_probe ? span_ns(policy_of(sim, effect->member)->health_timeout_ns) : HOOK_DEADLINE;

    if (before->serial && !before->is_dropped &&
        (!before->is_ended || before->generation == effect->generation))
        break_rule(sim, "one-aide-at-a-time", "m%u: serial %u while %u runs", effect->member,
                   effect->serial, before->serial);
    if (is_probe)
        check_probe(sim, event, effect);
    else
        check_hook(sim, effect);
    shadow->aide = (struct aide_book){
        .generation = effect->generation,
        .serial = effect->serial,
        .kind = is_probe ? AIDE_PROBE : effect->hook,
        .index = is_probe ? 0 : effect->index,
        .began = sim->now,
        .late = instant_add(sim->now, longest),
    };
    if (!is_probe)
        shadow->hooks_begun[effect->hook] = effect->index + 1u;
}

void check_end_aide(struct sim *sim, const struct effect *effect)
{
    struct shadow *shadow = &sim->shadows[effect->member];
    struct aide_book *aide = &shadow->aide;

    if (!aide->serial || aide->is_ended || aide->serial != effect->serial ||
        aide->generation != effect->generation)
        break_rule(sim, "one-aide-at-a-time", "m%u: serial %u is to end, and %u runs",
                   effect->member, effect->serial, aide->serial);
    aide->is_ended = true;
    /* A start is called off by a request; else its hook was too late. */
    shadow->asked |= aide->kind == AIDE_PRE_START && !instant_reached(aide->late, sim->now);
}

void check_health(struct sim *sim, const struct effect *effect)
{
    struct shadow *shadow = &sim->shadows[effect->member];

    if (effect->from != shadow->told_health || effect->from == effect->to)
        break_rule(sim, "health-as-docker", "m%u: told from %s to %s, it was %s", effect->member,
                   health_id((enum health)effect->from), health_id((enum health)effect->to),
                   health_id((enum health)shadow->told_health));
    shadow->told_health = effect->to;
}

/* The aide of a state goes with it. */
void check_aide_left(struct sim *sim, const struct effect *effect)
{
    struct shadow *shadow = &sim->shadows[effect->member];

    if (shadow->aide.serial && !shadow->aide.is_ended)
        break_rule(sim, "one-aide-at-a-time", "m%u: %s is left, and its %s runs on", effect->member,
                   state_id((enum state)effect->from),
                   aide_name((enum aide_kind)shadow->aide.kind));
    shadow->aide.is_dropped = true;
}

/* Signalled to stop, or killed, before its hooks had their say? `effect` is a SHIFT. */
void check_stop_hooks(struct sim *sim, const struct event *event, const struct effect *effect)
{
    const struct earlier *earlier = &sim->earlier[effect->member];
    const struct shadow *shadow = &sim->shadows[effect->member];
    bool is_asked = event->kind == EVENT_KILL && event->member == effect->member;
    bool is_over = event->kind == EVENT_TICK && earlier->own_ns <= sim->now.ns;
    bool is_none = sim->fleet.members[effect->member].grace_ns == 0 || shadow->toll.victims;

    if (effect->from == STATE_RUNNING && effect->to == STATE_STOPPING && !is_asked &&
        policy_of(sim, effect->member)->pre_stop > 0)
        break_rule(sim, "hooks-before-stop", "m%u is signalled before its hooks", effect->member);
    if (effect->from == STATE_LEAVING && effect->to == STATE_STOPPING && !is_asked &&
        sim->boxes[effect->member].care.ended[AIDE_PRE_STOP] <
            policy_of(sim, effect->member)->pre_stop &&
        !instant_reached(shadow->aide.late, sim->now))
        break_rule(sim, "hooks-before-stop", "m%u is signalled, and a hook runs", effect->member);
    if (effect->from == STATE_LEAVING && effect->to == STATE_KILLING && !is_asked && !is_over &&
        !is_none && event->kind != EVENT_DEAD && event->kind != EVENT_EMPTY &&
        event->kind != EVENT_STOP && event->kind != EVENT_DOWN)
        break_rule(sim, "hooks-before-stop", "m%u is killed within the grace", effect->member);
}

void check_start_hooks(struct sim *sim, uint32_t member)
{
    if (sim->boxes[member].care.passed[AIDE_PRE_START] < policy_of(sim, member)->pre_start)
        break_rule(sim, "hooks-before-start", "m%u starts after %u of %lld hooks", member,
                   sim->boxes[member].care.passed[AIDE_PRE_START],
                   (long long)policy_of(sim, member)->pre_start);
}

/* --- after a step ------------------------------------------------------------------------- */

static void check_times(struct sim *sim, uint32_t member)
{
    const struct incarnation *it = &sim->fleet.members[member];
    const struct shadow *shadow = &sim->shadows[member];
    const struct aide_book *aide = &shadow->aide;
    bool is_running = aide->serial && !aide->is_ended && !aide->is_dropped;
    int64_t expected = is_running ? aide->late.ns : shadow->book.due.ns;

    if (!shadow->book.is_ready && !is_running)
        return; // its hooks failed, and it waits for its turn to leave
    if (it->aide_ns != expected)
        break_rule(sim, "health-as-docker", "m%u: next at %lld, not %lld", member,
                   (long long)it->aide_ns, (long long)expected);
}

void check_aides_of(struct sim *sim, uint32_t member)
{
    const struct incarnation *it = &sim->fleet.members[member];
    const struct shadow *shadow = &sim->shadows[member];

    if (it->state == STATE_PREPARING && it->aide_ns == INT64_MAX)
        break_rule(sim, "nobody-forgotten", "m%u prepares without a deadline", member);
    if (it->state != STATE_RUNNING)
        return;
    if (it->health == HEALTH_HEALTHY && sim->boxes[member].care.passed[AIDE_PROBE] == 0)
        break_rule(sim, "healthy-means-success", "m%u is healthy, and no probe succeeded", member);
    if (shadow->is_unhealthy)
        break_rule(sim, "unhealthy-is-acted-on", "m%u is unhealthy and runs on", member);
    if (shadow->is_vague)
        return;
    if (it->health != (int64_t)expected_health(sim, member))
        break_rule(sim, "health-as-docker", "m%u is said to be %s, and it is %s", member,
                   health_id((enum health)it->health), health_id(expected_health(sim, member)));
    check_times(sim, member);
}

bool is_stale(const struct sim *sim, const struct event *event)
{
    if (!event_is_fact(event->kind))
        return false;
    if (event->kind == EVENT_RELEASED &&
        quarantine_has(&sim->fleet.members[event->member], event->generation))
        return false;
    if (event->generation != (uint32_t)sim->fleet.members[event->member].generation)
        return true;
    return (event->kind == EVENT_PROBED || event->kind == EVENT_HOOKED) && !is_heard(sim, event);
}
