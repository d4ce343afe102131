/* Probes and hooks of a member, step by step; and who depends on them. */
// links: tests/unit/stack.o core
#include "tests/unit/stack.h"

#include <errno.h>

static struct stack stack;

static struct policy *policy_of(uint32_t member)
{
    return &stack.members[member].policy;
}

static void give_probe(uint32_t member)
{
    struct policy *policy = policy_of(member);

    policy->health = 1;
    policy->health_interval_ns = 10 * NSEC_PER_SEC;
    policy->health_timeout_ns = 2 * NSEC_PER_SEC;
    policy->health_retries = 2;
}

/* a has a probe every 10 s, 2 s long at most, two failures are unhealthy. */
static int probed(void **state)
{
    *state = &stack;
    stack_init(&stack, 1);
    give_probe(0);
    stack_start(&stack);
    stack_run(&stack, 0);
    return 0;
}

/* a has two hooks of each kind. */
static int hooked(void **state)
{
    *state = &stack;
    stack_init(&stack, 1);
    policy_of(0)->pre_start = policy_of(0)->post_start = policy_of(0)->pre_stop = 2;
    stack_start(&stack);
    return 0;
}

/* b needs a to be healthy and is restarted with it; a has a hook after its start, too. */
static int pair(void **state)
{
    *state = &stack;
    stack_init(&stack, 2);
    give_probe(0);
    policy_of(0)->post_start = 1;
    stack_need(&stack, 1, 0, NEED_HEALTHY, false);
    stack.needs[0].restart = 1;
    stack_start(&stack);
    return 0;
}

static int done(void **state)
{
    (void)state;
    stack_finish(&stack);
    return 0;
}

static enum health health(void)
{
    return (enum health)stack.fleet.members[0].health;
}

static const struct verdict *last(void)
{
    return &stack.fleet.members[0].last;
}

/* --- probes ------------------------------------------------------------------------------- */

static void a_probe_an_interval_after_the_start(void **state)
{
    (void)state;
    assert_int_equal(health(), HEALTH_STARTING);
    assert_int_equal(stack_deadline_ms(&stack), 10000);
    STEP(&stack, 9999, "", TICK);
    STEP(&stack, 1, "probe a", TICK);
    assert_int_equal(stack_deadline_ms(&stack), 2000);
    STEP(&stack, 500, "health a healthy", ENDED(PROBED, 0, 0));
    assert_int_equal(stack_deadline_ms(&stack), 10000); // after the end of the last
}

static void failures_in_a_row_restart_it(void **state)
{
    (void)state;
    STEP(&stack, 10000, "probe a", TICK);
    STEP(&stack, 100, "", ENDED(PROBED, 0, 1));
    STEP(&stack, 10000, "probe a", TICK);
    STEP(&stack, 100, "health a unhealthy, signal a 15, shift a STOPPING", FACT(PROBED, 0),
         .error = ENOENT);
    assert_int_equal(stack_deadline_ms(&stack), 10000); // the grace period
    STEP(&stack, 10000, "kill a, shift a KILLING", TICK);
    STEP(&stack, 1, "verdict a unhealthy", FACT(DEAD, 0), .known = 1, .signal = SIGKILL,
         READING(.populated = 1));
    STEP(&stack, 1, "mark a, shift a BACKOFF, bury a", FACT(EMPTY, 0), READING(.max = 0));
    assert_int_equal(last()->next, NEXT_RESTART);
    STEP(&stack, 99, "shift a STARTING, spawn a", TICK);
    assert_int_equal(health(), HEALTH_NONE);
}

static void a_success_in_between_forgives(void **state)
{
    (void)state;
    STEP(&stack, 10000, "probe a", TICK);
    STEP(&stack, 100, "", ENDED(PROBED, 0, 1));
    STEP(&stack, 10000, "probe a", TICK);
    STEP(&stack, 100, "health a healthy", ENDED(PROBED, 0, 0));
    STEP(&stack, 10000, "probe a", TICK);
    STEP(&stack, 100, "", ENDED(PROBED, 0, 1));
    assert_int_equal(health(), HEALTH_HEALTHY);
}

static void one_that_hangs_has_failed(void **state)
{
    (void)state;
    STEP(&stack, 10000, "probe a", TICK);
    STEP(&stack, 2000, "end-aide a", TICK);
    assert_int_equal(stack_deadline_ms(&stack), 10000);
    STEP(&stack, 50, "", FACT(PROBED, 0), .known = 1, .signal = SIGKILL);
    assert_int_equal(stack_deadline_ms(&stack), 9950); // it was accounted already
    STEP(&stack, 9950, "probe a", TICK);
    STEP(&stack, 2000, "end-aide a, health a unhealthy, signal a 15, shift a STOPPING", TICK);
}

static void one_that_cannot_be_ended_stands_for_the_next(void **state)
{
    (void)state;
    STEP(&stack, 10000, "probe a", TICK);
    STEP(&stack, 2000, "end-aide a", TICK);
    STEP(&stack, 10000, "health a unhealthy, signal a 15, shift a STOPPING", TICK);
}

static void a_late_answer_changes_nothing(void **state)
{
    (void)state;
    STEP(&stack, 10000, "probe a", TICK);
    STEP(&stack, 1, "end-aide a, verdict a crashed, mark a, shift a BACKOFF, bury a", FACT(DEAD, 0),
         .known = 1, .signal = SIGSEGV, READING(.max = 0));
    STEP(&stack, 1, "", ENDED(PROBED, 0, 0), .serial = 1);
    STEP(&stack, 100, "shift a STARTING, spawn a", TICK);
    STEP(&stack, 1, "", FACT(SPAWNED, 0), .pid = 9);
    STEP(&stack, 1, "shift a RUNNING, health a starting", FACT(EXECED, 0));
    STEP(&stack, 10000, "probe a", TICK);
    STEP(&stack, 1, "", ENDED(PROBED, 0, 0), .generation = 1, .serial = 1);
    STEP(&stack, 1, "", ENDED(PROBED, 0, 0), .serial = 2);
    STEP(&stack, 1, "", ENDED(HOOKED, 0, 0), .serial = 1);
    assert_int_equal(health(), HEALTH_STARTING);
}

static void unhealthy_is_only_told(void **state)
{
    (void)state;
    policy_of(0)->on_unhealthy = UNHEALTHY_NONE;
    policy_of(0)->health_retries = 1;
    STEP(&stack, 10000, "probe a", TICK);
    STEP(&stack, 100, "health a unhealthy", ENDED(PROBED, 0, 1));
    STEP(&stack, 10000, "probe a", TICK);
    STEP(&stack, 100, "health a healthy", ENDED(PROBED, 0, 0));
}

static void a_stop_ends_the_probe(void **state)
{
    (void)state;
    STEP(&stack, 10000, "probe a", TICK);
    STEP(&stack, 1, "signal a 15, end-aide a, shift a STOPPING", ASK(STOP, 0));
    STEP(&stack, 1, "", FACT(PROBED, 0), .serial = 1, .known = 1, .signal = SIGKILL);
    assert_int_equal(stack_deadline_ms(&stack), 9999);
}

/* --- hooks -------------------------------------------------------------------------------- */

static void be_born(void)
{
    stack_tell(&stack, (struct event){FACT(SPAWNED, 0), .pid = 9, READING(.max = 0)});
    stack_tell(&stack, (struct event){FACT(EXECED, 0)});
}

static void get_ready(void)
{
    stack_tell(&stack, (struct event){ASK(START, 0)});
    stack_tell(&stack, (struct event){ENDED(HOOKED, 0, 0)});
    stack_tell(&stack, (struct event){ENDED(HOOKED, 0, 0)});
    be_born();
    stack_tell(&stack, (struct event){ENDED(HOOKED, 0, 0)});
    stack_tell(&stack, (struct event){ENDED(HOOKED, 0, 0)});
}

static void hooks_around_a_life(void **state)
{
    int64_t seen;

    (void)state;
    STEP(&stack, 1, "shift a WAITING, shift a PREPARING, hook a pre_start 0", ASK(START, 0));
    STEP(&stack, 1, "hook a pre_start 1", ENDED(HOOKED, 0, 0));
    STEP(&stack, 1, "shift a STARTING, spawn a", ENDED(HOOKED, 0, 0));
    STEP(&stack, 1, "", FACT(SPAWNED, 0), .pid = 9);
    STEP(&stack, 1, "shift a RUNNING, hook a post_start 0", FACT(EXECED, 0));
    STEP(&stack, 1, "hook a post_start 1", ENDED(HOOKED, 0, 0));
    assert_int_equal(stack.fleet.members[0].ready, 0);
    seen = stack.fleet.sequence;
    STEP(&stack, 1, "", ENDED(HOOKED, 0, 0));
    assert_int_equal(stack.fleet.members[0].ready, 1);
    assert_true(stack.fleet.members[0].changed > seen); // who watches hears of it
    assert_int_equal(stack_deadline_ms(&stack), -1);
    STEP(&stack, 1, "shift a LEAVING, hook a pre_stop 0", ASK(STOP, 0));
    assert_int_equal(stack_deadline_ms(&stack), 10000);
    STEP(&stack, 2000, "hook a pre_stop 1", ENDED(HOOKED, 0, 1)); // to stop is not to fail
    STEP(&stack, 1000, "signal a 15, shift a STOPPING", ENDED(HOOKED, 0, 0));
    assert_int_equal(stack_deadline_ms(&stack), 7000); // what is left of the grace
    STEP(&stack, 1, "verdict a stopped, mark a, shift a EXITED, bury a", EXITED(0, 0));
}

static void a_failing_hook_before_the_start(void **state)
{
    char sentence[200];

    (void)state;
    STEP(&stack, 1, "shift a WAITING, shift a PREPARING, hook a pre_start 0", ASK(START, 0));
    STEP(&stack, 1, "hook a pre_start 1", ENDED(HOOKED, 0, 0));
    STEP(&stack, 30000, "verdict a failed, mark a, shift a BACKOFF, bury a", ENDED(HOOKED, 0, 3));
    assert_int_equal(last()->hook, AIDE_PRE_START);
    verdict_sentence(last(), sentence, sizeof(sentence));
    assert_string_equal(sentence, "its pre_start hook 2 exited with code 3 after 30.0 s");
    assert_int_equal(stack_deadline_ms(&stack), 100);
    STEP(&stack, 100, "shift a PREPARING, hook a pre_start 0", TICK);
    STEP(&stack, 30000, "verdict a failed, mark a, shift a BACKOFF, bury a", FACT(HOOKED, 0),
         .error = EACCES);
    verdict_sentence(last(), sentence, sizeof(sentence));
    assert_string_equal(
        sentence, "its pre_start hook 1 could not be started: Permission denied after 30.0 s");
    assert_int_equal(stack_deadline_ms(&stack), 200); // a hook's time is no time up
}

static void a_hook_that_hangs(void **state)
{
    (void)state;
    STEP(&stack, 1, "shift a WAITING, shift a PREPARING, hook a pre_start 0", ASK(START, 0));
    assert_int_equal(stack_deadline_ms(&stack), 600000);
    STEP(&stack, 600000, "end-aide a", TICK);
    STEP(&stack, 20, "verdict a failed, mark a, shift a BACKOFF, bury a", FACT(HOOKED, 0),
         .known = 1, .signal = SIGKILL);
    assert_int_equal(last()->error, ETIMEDOUT);
    assert_int_equal(last()->signal, 0); // ours
    STEP(&stack, 100, "shift a PREPARING, hook a pre_start 0", TICK);
    STEP(&stack, 600000, "end-aide a", TICK);
    STEP(&stack, 10000, "verdict a failed, mark a, shift a BACKOFF, bury a", TICK);
}

static void a_stop_while_it_prepares(void **state)
{
    (void)state;
    STEP(&stack, 1, "shift a WAITING, shift a PREPARING, hook a pre_start 0", ASK(START, 0));
    STEP(&stack, 1, "end-aide a", ASK(STOP, 0));
    STEP(&stack, 1, "", ASK(STOP, 0));
    STEP(&stack, 1, "verdict a stopped, mark a, shift a EXITED, bury a", FACT(HOOKED, 0),
         .known = 1, .signal = SIGKILL);
    STEP(&stack, 1, "shift a WAITING, shift a PREPARING, hook a pre_start 0", ASK(START, 0));
    STEP(&stack, 1, "end-aide a", ASK(RESTART, 0));
    STEP(&stack, 1,
         "verdict a stopped, mark a, shift a WAITING, bury a, shift a PREPARING, hook a pre_start "
         "0",
         ENDED(HOOKED, 0, 0));
}

static void a_failing_hook_after_the_start(void **state)
{
    (void)state;
    policy_of(0)->pre_start = 0;
    policy_of(0)->pre_stop = 0;
    stack_run(&stack, 0);
    STEP(&stack, 1, "hook a post_start 1", ENDED(HOOKED, 0, 0));
    STEP(&stack, 1, "signal a 15, shift a STOPPING", FACT(HOOKED, 0), .known = 1,
         .signal = SIGSEGV);
    STEP(&stack, 1, "verdict a failed, mark a, shift a BACKOFF, bury a", EXITED(0, 0));
    assert_int_equal(last()->hook, AIDE_POST_START);
    assert_int_equal(last()->hook_index, 1);
    assert_int_equal(last()->signal, SIGSEGV);
}

static void hooks_that_do_not_let_it_stop(void **state)
{
    (void)state;
    get_ready();
    STEP(&stack, 1, "shift a LEAVING, hook a pre_stop 0", ASK(STOP, 0));
    STEP(&stack, 10000, "kill a, end-aide a, shift a KILLING", TICK);
    STEP(&stack, 1, "verdict a stopped, mark a, shift a EXITED, bury a", FACT(DEAD, 0), .known = 1,
         .signal = SIGKILL, READING(.max = 0));
}

static void impatience_skips_the_hooks(void **state)
{
    (void)state;
    get_ready();
    STEP(&stack, 1, "shift a LEAVING, hook a pre_stop 0", ASK(STOP, 0));
    STEP(&stack, 1, "signal a 15, end-aide a, shift a STOPPING", ASK(KILL, 0), .signal = SIGTERM);
    assert_int_equal(stack_deadline_ms(&stack), 9999);
}

static void it_ends_while_its_hook_runs(void **state)
{
    (void)state;
    get_ready();
    STEP(&stack, 1, "shift a LEAVING, hook a pre_stop 0", ASK(RESTART, 0));
    STEP(&stack, 1,
         "end-aide a, verdict a stopped, mark a, shift a WAITING, bury a, shift a PREPARING, "
         "hook a pre_start 0",
         EXITED(0, 0));
}

/* --- together ----------------------------------------------------------------------------- */

static void b_waits_until_a_is_well(void **state)
{
    (void)state;
    STEP(&stack, 1, "shift b WAITING, shift a WAITING, shift a STARTING, spawn a", ASK(START, 1));
    STEP(&stack, 1, "", FACT(SPAWNED, 0), .pid = 9);
    STEP(&stack, 1, "shift a RUNNING, health a starting, hook a post_start 0", FACT(EXECED, 0));
    STEP(&stack, 12000, "", ENDED(HOOKED, 0, 0));
    assert_int_equal(stack_deadline_ms(&stack), 0); // the hook took longer than the interval
    assert_int_equal(fleet_waits_for(&stack.fleet, 1), 0);
    STEP(&stack, 0, "probe a", TICK);
    STEP(&stack, 1, "health a healthy, shift b STARTING, spawn b", ENDED(PROBED, 0, 0));
}

static void alone_waits_for_nobody(void **state)
{
    (void)state;
    STEP(&stack, 1, "shift b WAITING, shift b STARTING, spawn b", ASK(START, 1), .alone = 1);
    assert_int_equal(stack_state(&stack, 0), STATE_CREATED);
}

static void run_both(void)
{
    stack_run(&stack, 0);
    stack_tell(&stack, (struct event){ENDED(HOOKED, 0, 0)});
    stack_tell(&stack, (struct event){ASK(START, 1), .alone = 1});
    stack_tell(&stack, (struct event){FACT(SPAWNED, 1), .pid = 10, READING(.max = 0)});
    stack_tell(&stack, (struct event){FACT(EXECED, 1)});
}

static void restarted_together(void **state)
{
    (void)state;
    run_both();
    STEP(&stack, 1, "signal b 15, shift b STOPPING", ASK(RESTART, 0));
    STEP(&stack, 1,
         "verdict b stopped, mark b, shift b WAITING, bury b, signal a 15, shift a STOPPING",
         EXITED(1, 0));
}

static void a_crash_is_its_own(void **state)
{
    (void)state;
    run_both();
    STEP(&stack, 1, "verdict a failed, mark a, shift a BACKOFF, bury a", EXITED(0, 1));
    assert_int_equal(stack_state(&stack, 1), STATE_RUNNING);
}

static void restarted_alone(void **state)
{
    (void)state;
    run_both();
    STEP(&stack, 1, "signal a 15, shift a STOPPING", ASK(RESTART, 0), .alone = 1);
    assert_int_equal(stack_state(&stack, 1), STATE_RUNNING);
}

/* b holds a back that is to leave: a hook that fails then stops nobody, nor is it why a crashes. */
static void a_hook_fails_while_it_waits_to_leave(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    stack_tell(&stack, (struct event){ASK(START, 1), .alone = 1});
    STEP(&stack, 1, "", ASK(STOP, 0), .more = 1);
    STEP(&stack, 1, "signal b 15, shift b STOPPING", ASK(STOP, 1));
    STEP(&stack, 1, "", ENDED(HOOKED, 0, 1));
    assert_int_equal(stack.fleet.members[0].ready, 0);
    STEP(&stack, 1, "verdict a crashed, mark a, shift a EXITED, bury a", FACT(DEAD, 0), .known = 1,
         .signal = SIGSEGV, READING(.max = 0));
}

/* But when a start calls the stop off, the hook's failure has its way. */
static void a_hook_fails_and_a_start_calls_the_stop_off(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    stack_tell(&stack, (struct event){ASK(START, 1), .alone = 1});
    STEP(&stack, 1, "", ASK(STOP, 0), .more = 1);
    STEP(&stack, 1, "signal b 15, shift b STOPPING", ASK(STOP, 1));
    STEP(&stack, 1, "", ENDED(HOOKED, 0, 1));
    STEP(&stack, 1, "signal a 15, shift a STOPPING", ASK(START, 0));
    STEP(&stack, 1, "verdict a failed, mark a, shift a BACKOFF, bury a", EXITED(0, 0));
    assert_int_equal(last()->hook, AIDE_POST_START);
}

static void forgotten(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 1, "", ASK(FORGET, 0)); // it runs
    STEP(&stack, 1, "end-aide a, verdict a failed, mark a, shift a BACKOFF, bury a", EXITED(0, 1));
    STEP(&stack, 1, "", ASK(FORGET, 0));
    STEP(&stack, 1, "shift a EXITED", ASK(STOP, 0));
    STEP(&stack, 1, "shift a CREATED", ASK(FORGET, 0));
    assert_int_equal(last()->kind, VERDICT_NONE);
    STEP(&stack, 1, "shift a WAITING, shift a STARTING, spawn a", ASK(START, 0));
    assert_int_equal(stack.fleet.members[0].generation, 2);
}

/* --- reload ------------------------------------------------------------------------------- */

/* From a and b to b and a new one, which needs b: what runs, runs on. */
static void reloaded(void **state)
{
    static const int32_t old_index[] = {1, -1};
    struct need need = {.member = 0, .condition = NEED_STARTED};
    struct member members[2] = {stack.members[1], stack.members[1]};
    struct roster roster = {
        .stack = "test", .members = members, .members_count = 2, .needs = &need, .needs_count = 1};
    struct event tick = {TICK}, start = {ASK(START, 1)};
    struct fleet next;

    (void)state;
    run_both();
    stack_tell(&stack, (struct event){.kind = EVENT_STOP, .member = 0});
    members[0].needs_count = 0;
    members[1].first_need = 0;
    members[1].needs_count = 1;
    assert_int_equal(fleet_init(&next, &roster), 0);
    fleet_reload(&next, &stack.fleet, old_index);
    assert_memory_equal(&next.members[0], &stack.fleet.members[1], sizeof(struct incarnation));
    assert_int_equal(next.members[1].state, STATE_CREATED);
    assert_int_equal(next.sequence, stack.fleet.sequence);
    assert_int_equal(fleet_deadline(&next).ns, stack.fleet.now.ns); // wants to look at its gates
    tick.at = start.at = stack.fleet.now;
    fleet_step(&next, &tick);
    assert_int_equal(next.effects.count, 0);
    assert_int_equal(fleet_deadline(&next).ns, INSTANT_NEVER.ns);
    fleet_step(&next, &start);
    assert_int_equal(next.members[1].state, STATE_STARTING);
    fleet_finish(&next);
}

#define TEST(name, setup) cmocka_unit_test_setup_teardown(name, setup, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_probe_an_interval_after_the_start, probed),
        TEST(failures_in_a_row_restart_it, probed),
        TEST(a_success_in_between_forgives, probed),
        TEST(one_that_hangs_has_failed, probed),
        TEST(one_that_cannot_be_ended_stands_for_the_next, probed),
        TEST(a_late_answer_changes_nothing, probed),
        TEST(unhealthy_is_only_told, probed),
        TEST(a_stop_ends_the_probe, probed),
        TEST(hooks_around_a_life, hooked),
        TEST(a_failing_hook_before_the_start, hooked),
        TEST(a_hook_that_hangs, hooked),
        TEST(a_stop_while_it_prepares, hooked),
        TEST(a_failing_hook_after_the_start, hooked),
        TEST(hooks_that_do_not_let_it_stop, hooked),
        TEST(impatience_skips_the_hooks, hooked),
        TEST(it_ends_while_its_hook_runs, hooked),
        TEST(b_waits_until_a_is_well, pair),
        TEST(alone_waits_for_nobody, pair),
        TEST(restarted_together, pair),
        TEST(a_crash_is_its_own, pair),
        TEST(restarted_alone, pair),
        TEST(a_hook_fails_while_it_waits_to_leave, pair),
        TEST(a_hook_fails_and_a_start_calls_the_stop_off, pair),
        TEST(forgotten, pair),
        TEST(reloaded, pair),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
