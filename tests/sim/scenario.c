/* The stack and the people: members, policies, dependencies and requests, drawn from the seed. */
#include "tests/sim/sim.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t draw_size(struct sim *sim)
{
    if (chance(sim, 75))
        return 1 + (uint32_t)draw(sim, 6);
    return 1 + (uint32_t)draw(sim, chance(sim, 80) ? 12 : MEMBERS_MAX);
}

void scenario_health(struct sim *sim, struct policy *policy)
{
    policy->health = chance(sim, 50);
    policy->health_interval_ns = draw_span(sim, 200000, 6000000).ns;
    policy->health_timeout_ns = draw_span(sim, 50000, 3000000).ns;
    policy->health_retries = 1 + (int64_t)draw(sim, 4);
    policy->health_start_period_ns = chance(sim, 50) ? draw_span(sim, 0, 12000000).ns : 0;
    policy->health_start_interval_ns = draw_span(sim, 100000, 2000000).ns;
    policy->on_unhealthy = chance(sim, 70) ? UNHEALTHY_RESTART : UNHEALTHY_NONE;
}

static void draw_hooks(struct sim *sim, struct policy *policy)
{
    policy->pre_start = chance(sim, 20) ? (int64_t)draw(sim, 3) : 0;
    policy->post_start = chance(sim, 20) ? (int64_t)draw(sim, 3) : 0;
    policy->pre_stop = chance(sim, 20) ? (int64_t)draw(sim, 3) : 0;
    policy->on_oom = chance(sim, 40);
    policy->on_hold = chance(sim, 40);
    if (policy->pre_stop && chance(sim, 30)) // longer than a hook may take
        policy->stop_grace_ns = span_sec(900).ns;
}

/* Half of all exit codes or signals, or none. */
static void draw_exits(struct sim *sim, struct exits *exits)
{
    for (int word = 0; word < EXIT_WORDS && chance(sim, 25); word++)
        exits->codes[word] = (int64_t)draw(sim, UINT64_MAX);
    if (chance(sim, 25))
        exits->signals = (int64_t)draw(sim, UINT64_MAX);
}

static void draw_intensities(struct sim *sim, struct policy *policy)
{
    for (int cause = 0; cause < CAUSES_COUNT; cause++)
        if (chance(sim, 20))
            policy->intensity[cause] = (struct intensity){
                .max_restarts = (int64_t)draw(sim, chance(sim, 90) ? 5 : BUDGET_RESTARTS_MAX + 1),
                .window_ns = draw_span(sim, 100000, 60000000).ns,
                .then = chance(sim, 20) ? THEN_STOP_STACK : THEN_HOLD,
            };
}

static void draw_oom(struct sim *sim, struct policy *policy)
{
    policy->oom_policy = chance(sim, 60) ? OOM_KILL : chance(sim, 75) ? OOM_CONTINUE : OOM_STOP;
    policy->oom_group = policy->oom_policy != OOM_CONTINUE && chance(sim, 95);
    policy->oom_victims = chance(sim, 70) ? 1 + (int64_t)draw(sim, 3) : 0;
    policy->oom_within_ns = draw_span(sim, 100000, 10000000).ns;
    policy->start_timeout_ns = chance(sim, 25) ? draw_span(sim, 30000, 40000000).ns : 0;
}

struct policy scenario_policy(struct sim *sim)
{
    static const int64_t initials_ms[] = {0, 10, 100, 100, 1000};
    static const int64_t factors[] = {1000, 1500, 2000, 2000, 7000};
    static const int64_t jitters[] = {0, 0, 100, 100, 1000};
    static const int64_t graces_ms[] = {0, 300, 2000, 10000};
    static const int64_t signals[] = {SIGTERM, SIGTERM, SIGTERM, SIGINT, SIGQUIT, SIGKILL};
    struct policy policy = policy_default();

    policy.restart = (int64_t)draw(sim, RESTARTS_COUNT);
    if (policy.restart == RESTART_NO && chance(sim, 50))
        policy.restart = RESTART_ALWAYS;
    policy.restart_max = chance(sim, 50) ? (int64_t)draw(sim, 5) : 0;
    policy.backoff_initial_ns = initials_ms[draw(sim, 5)] * NSEC_PER_MSEC;
    policy.backoff_factor_milli = factors[draw(sim, 5)];
    policy.backoff_max_ns = (int64_t)(1 + draw(sim, 20)) * NSEC_PER_SEC;
    policy.backoff_jitter_milli = jitters[draw(sim, 5)];
    policy.backoff_reset_after_ns = (int64_t)(1 + draw(sim, 10)) * NSEC_PER_SEC;
    policy.stop_signal = signals[draw(sim, 6)];
    policy.stop_grace_ns = graces_ms[draw(sim, 4)] * NSEC_PER_MSEC;
    policy.mem_limit_bytes = (int64_t)draw(sim, 3) << 20;
    draw_oom(sim, &policy);
    policy.restart_window_ns = chance(sim, 30) ? draw_span(sim, 0, 8000000).ns : 0;
    draw_exits(sim, &policy.success);
    draw_exits(sim, &policy.prevent);
    policy.strategy = sim->strategy;
    draw_intensities(sim, &policy);
    scenario_health(sim, &policy);
    draw_hooks(sim, &policy);
    return policy;
}

static enum need_condition draw_condition(struct sim *sim, const struct policy *on)
{
    if (on->health && chance(sim, 50))
        return NEED_HEALTHY;
    return chance(sim, 25) ? NEED_COMPLETED : NEED_STARTED;
}

/* Needs lead to members with a smaller number in a hidden order: no cycles. */
void scenario_needs(struct sim *sim, struct roster *roster, const uint32_t *rank)
{
    unsigned density = (unsigned)draw(sim, 4) * 12;

    for (uint32_t i = 0; i < roster->members_count; i++) {
        struct member *member = &roster->members[i];
        member->first_need = roster->needs_count;
        for (uint32_t j = 0; j < roster->members_count && member->needs_count < 4; j++) {
            if (rank[j] >= rank[i] || !chance(sim, density))
                continue;
            roster->needs[roster->needs_count++] = (struct need){
                .member = j,
                .condition = (uint16_t)draw_condition(sim, &roster->members[j].policy),
                .optional = chance(sim, 20),
                .restart = chance(sim, 30),
            };
            member->needs_count++;
        }
    }
}

static void draw_roster(struct sim *sim)
{
    struct roster *roster = &sim->roster;
    uint32_t count = draw_size(sim), rank[MEMBERS_MAX];

    strcpy(roster->stack, "sim");
    budget_groups(roster);
    roster->members_count = count;
    roster->members = calloc(count, sizeof(*roster->members));
    roster->needs = calloc((size_t)count * 4, sizeof(*roster->needs));
    if (!roster->members || !roster->needs)
        abort();
    sim->names = count;
    for (uint32_t i = 0; i < count; i++) {
        struct member *member = &roster->members[i];
        uint32_t other = (uint32_t)draw(sim, i + 1);
        snprintf(member->name, sizeof(member->name), "m%u-1", i);
        member->service_length = (uint32_t)strlen(member->name) - 2;
        member->number = 1;
        member->group = (uint32_t)draw(sim, SIM_GROUPS);
        member->policy = scenario_policy(sim);
        rank[i] = rank[other]; // an inside-out shuffle
        rank[other] = i;
    }
    scenario_needs(sim, roster, rank);
}

/* --- people ------------------------------------------------------------------------------- */

static struct event draw_request(struct sim *sim)
{
    static const enum event_kind kinds[] = {EVENT_START,   EVENT_START, EVENT_STOP, EVENT_STOP,
                                            EVENT_RESTART, EVENT_KILL,  EVENT_KILL, EVENT_FORGET};
    struct event event = {.kind = kinds[draw(sim, 8)], .member = 0};

    if (event.kind == EVENT_START || event.kind == EVENT_RESTART)
        event.alone = chance(sim, 25);

    if (event.kind == EVENT_STOP || event.kind == EVENT_RESTART)
        event.grace_ns = chance(sim, 60)   ? EVENT_GRACE_POLICY
                         : chance(sim, 40) ? 0
                                           : draw_span(sim, 1, 5000000).ns;
    return event;
}

static int64_t draw_signal(struct sim *sim, uint32_t member)
{
    static const int64_t signals[] = {SIGKILL, SIGHUP, SIGTERM, SIGUSR1};

    return chance(sim, 40) ? sim->roster.members[member].policy.stop_signal : signals[draw(sim, 4)];
}

/* One command: a request to one member, to some, or to all. */
static void ask(struct sim *sim, instant at)
{
    struct event request = draw_request(sim);
    uint32_t count = sim->roster.members_count, first = (uint32_t)draw(sim, count), many = 1;

    if (chance(sim, 25))
        many = chance(sim, 40) ? count : 1 + (uint32_t)draw(sim, count);
    for (uint32_t i = 0; i < many; i++) {
        request.member = (first + i) % count;
        request.more = i + 1 < many;
        if (request.kind == EVENT_KILL)
            request.signal = draw_signal(sim, request.member);
        agenda_event(sim, at, &request);
    }
}

/* Somebody impatient sends everybody his stop signal. */
static void ask_again(struct sim *sim, instant at)
{
    uint32_t count = sim->roster.members_count;

    for (uint32_t i = 0; i < count; i++) {
        struct event kill = {.kind = EVENT_KILL, .member = i, .more = i + 1 < count};
        kill.signal = sim->roster.members[i].policy.stop_signal;
        agenda_event(sim, at, &kill);
    }
}

static void ask_down(struct sim *sim, instant at)
{
    struct event down = {.kind = EVENT_DOWN, .grace_ns = EVENT_GRACE_POLICY};

    if (chance(sim, 20))
        down.grace_ns = chance(sim, 50) ? 0 : draw_span(sim, 1, 3000000).ns;
    agenda_event(sim, at, &down);
    if (chance(sim, 20))
        ask_again(sim, instant_add(at, draw_span(sim, 0, 1000000)));
    if (chance(sim, 30)) {
        down.grace_ns = 0;
        agenda_event(sim, instant_add(at, draw_span(sim, 0, 8000000)), &down);
    }
}

static void start_all(struct sim *sim)
{
    uint32_t count = sim->roster.members_count;
    bool only_some = chance(sim, 20);

    for (uint32_t i = 0; i < count; i++) {
        struct event start = {.kind = EVENT_START, .member = i, .more = i + 1 < count};
        if (!only_some || !start.more || chance(sim, 50))
            agenda_event(sim, sim->now, &start);
    }
}

static instant draw_instant(struct sim *sim)
{
    return instant_add(sim->now,
                       span_ns((int64_t)draw(sim, (uint64_t)(sim->horizon.ns - sim->now.ns))));
}

void scenario_draw(struct sim *sim)
{
    struct event begin = {.kind = EVENT_BEGIN, .seed = (int64_t)(sim->seed * 77 + 5)};
    uint64_t requests = chance(sim, 20) ? 0 : draw(sim, 24);

    sim->now = (instant){(int64_t)(1 + draw(sim, 1000)) * NSEC_PER_SEC};
    sim->horizon =
        instant_add(sim->now, draw_span(sim, 500000, chance(sim, 40) ? 8000000 : 80000000));
    if (chance(sim, 2)) // long enough for a hook that takes too long
        sim->horizon = instant_add(sim->now, span_sec(1500));
    sim->is_calm = chance(sim, 25);
    sim->is_frosty = !sim->is_calm && chance(sim, 5);
    sim->strategy = chance(sim, 50) ? STRATEGY_ONE_FOR_ONE : (int64_t)draw(sim, STRATEGIES_COUNT);
    draw_roster(sim);
    agenda_event(sim, sim->now, &begin);
    start_all(sim);
    for (uint64_t i = 0; i < requests; i++)
        ask(sim, draw_instant(sim));
    if (chance(sim, 85))
        ask_down(sim, sim->horizon);
    for (uint64_t i = sim->is_calm ? 0 : draw(sim, 12); i > 0; i--)
        agenda_add(sim, draw_instant(sim), HAPPENS_ECHO,
                   (uint32_t)draw(sim, sim->roster.members_count));
    for (uint64_t i = chance(sim, 30) ? 1 + draw(sim, 4) : 0; i > 0; i--) // and what comes too late
        ask(sim, instant_add(sim->horizon, draw_span(sim, 0, 4000000)));
}
