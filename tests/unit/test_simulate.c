/* The simulated world: what it makes of known troubles can be worked out with a pencil. */
// links: simulation core -lm
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "simulation/simulate.h"

#define HOUR_NS (INT64_C(3600) * NSEC_PER_SEC)
#define DAY_NS  (24 * HOUR_NS)
#define MIB     (INT64_C(1) << 20)
#define MEMBERS 4

static struct member members[MEMBERS];
static struct need needs[2];
static struct stack_group groups[2];
static struct trouble troubles[MEMBERS];
static struct roster roster;
static struct simulation simulation;
static struct simulation_result result;

static int begin(void **state)
{
    (void)state;
    memset(members, 0, sizeof(members));
    memset(troubles, 0, sizeof(troubles));
    for (int i = 0; i < MEMBERS; i++) {
        members[i].name[0] = (char)('a' + i);
        strcpy(members[i].name + 1, "-1");
        members[i].service_length = 1;
        members[i].number = 1;
        members[i].policy = policy_default();
        members[i].policy.backoff_jitter_milli = 0;
    }
    groups[0] = (struct stack_group){.name = ""};
    groups[1] = (struct stack_group){.name = "g", .parent = 0};
    roster = (struct roster){.stack = "s",
                             .members = members,
                             .members_count = 1,
                             .groups = groups,
                             .groups_count = 2,
                             .needs = needs};
    simulation = (struct simulation){.roster = &roster,
                                     .troubles = troubles,
                                     .length = span_ns(100 * DAY_NS),
                                     .runs = 1,
                                     .attendance = span_ns(HOUR_NS),
                                     .seed = 1};
    result = (struct simulation_result){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    simulation_result_finish(&result);
    return 0;
}

static void run(void)
{
    simulation_result_finish(&result);
    assert_int_equal(simulate(&simulation, &result), 0);
}

static void without_troubles_nothing_happens(void **state)
{
    (void)state;
    roster.members_count = 3;
    run();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(result.members[i].restarts, 0);
        assert_int_equal(result.members[i].down_ns, 0);
    }
    assert_int_equal(result.runs_held, 0);
    assert_true(result.events < 20); // BEGIN, and START, SPAWNED, EXECED for each
}

/* One a day, a hundred days, a hundred runs: 10,000 ± 3 times the square root of that. */
static void crashes_are_as_frequent_as_said(void **state)
{
    (void)state;
    simulation.runs = 100;
    troubles[0].crashes[troubles[0].crashes_count++] = (struct crash){DAY_NS, 3, 0};
    troubles[0].start.value = 5 * NSEC_PER_SEC;
    run();
    assert_in_range(result.members[0].restarts, 9700, 10300);
    assert_int_equal(result.members[0].deaths[VERDICT_FAILED], result.members[0].restarts);
    /* 5 s of start, 100 ms of back-off and 2.2 ms to be born each. */
    assert_in_range(result.members[0].down_ns / result.members[0].restarts / NSEC_PER_MSEC, 5090,
                    5130);
}

static void ends_are_mixed_as_said(void **state)
{
    (void)state;
    simulation.runs = 20;
    troubles[0].crashes[0] = (struct crash){DAY_NS, 3, 0};
    troubles[0].crashes[1] = (struct crash){DAY_NS / 3, 0, SIGSEGV};
    troubles[0].crashes_count = 2;
    run();
    assert_in_range(result.members[0].deaths[VERDICT_FAILED], 1850, 2150);
    assert_in_range(result.members[0].deaths[VERDICT_CRASHED], 5750, 6250);
}

static void the_same_seed_is_the_same_world(void **state)
{
    struct tally first;

    (void)state;
    troubles[0].crashes[troubles[0].crashes_count++] = (struct crash){HOUR_NS, 1, 0};
    run();
    first = result.members[0];
    run();
    assert_memory_equal(&first, &result.members[0], sizeof(first));
    simulation.seed = 2;
    run();
    assert_int_not_equal(first.down_ns, result.members[0].down_ns);
}

/* 10 MiB at 1 MiB an hour, 2 MiB at first: 8 hours a life, 300 in 100 days. */
static void a_leak_meets_its_limit_on_time(void **state)
{
    (void)state;
    members[0].policy.mem_limit_bytes = 10 * MIB;
    members[0].policy.oom_group = 1;
    troubles[0].leak.value = MIB;
    troubles[0].memory = 2 * MIB;
    run();
    assert_in_range(result.members[0].deaths[VERDICT_OOM], 298, 300);
}

/* Two members with 1 MiB an hour each and 20 MiB for both: every 10 hours one of them, the larger
 * one, goes. From then on one has 10 MiB more than the other. */
static void a_group_that_is_full_loses_its_largest(void **state)
{
    int64_t deaths;

    (void)state;
    roster.members_count = 3;
    groups[1].limit_bytes = 20 * MIB;
    members[0].group = members[1].group = 1;
    troubles[0].leak.value = troubles[1].leak.value = troubles[2].leak.value = MIB;
    run();
    deaths =
        result.members[0].deaths[VERDICT_OOM_GROUP] + result.members[1].deaths[VERDICT_OOM_GROUP];
    assert_in_range(deaths, 300, 480);
    assert_int_equal(result.members[2].restarts, 0);
}

static void a_host_that_is_full_is_an_outside_oom(void **state)
{
    (void)state;
    roster.members_count = 2;
    simulation.host_bytes = 20 * MIB;
    troubles[0].leak.value = troubles[1].leak.value = MIB;
    run();
    assert_true(result.outsides > 300);
    assert_int_equal(result.members[0].deaths[VERDICT_OOM_OUTSIDE] +
                         result.members[1].deaths[VERDICT_OOM_OUTSIDE],
                     result.outsides);
    assert_int_equal(result.runs_outside, 1);
}

/* 10 minutes: 0.1, 0.2 … 51.2 s and then one a minute is 10 tries in 102 s and 8 more. */
static void an_outage_is_as_many_tries_as_the_back_off_makes(void **state)
{
    int64_t outages, slow;

    (void)state;
    troubles[0].outage_ns = DAY_NS;
    troubles[0].outage_length_ns = 600 * NSEC_PER_SEC;
    run();
    outages = result.members[0].restarts / 19;
    assert_in_range(outages, 70, 130);
    assert_int_equal(result.members[0].restarts, outages * 19);
    slow = result.members[0].down_ns;
    assert_in_range(slow / outages / NSEC_PER_SEC, 600, 660);
    members[0].policy.backoff_max_ns = NSEC_PER_SEC;
    run();
    assert_in_range(result.members[0].restarts / outages, 590, 610);
    assert_true(result.members[0].down_ns < slow);
}

static void what_is_given_up_waits_for_somebody(void **state)
{
    (void)state;
    members[0].policy.intensity[CAUSE_ANY] = (struct intensity){3, 60 * NSEC_PER_SEC, THEN_HOLD};
    troubles[0].outage_ns = 10 * DAY_NS;
    troubles[0].outage_length_ns = 600 * NSEC_PER_SEC;
    troubles[0].requests_milli = 2000;
    simulation.runs = 10;
    run();
    assert_true(result.members[0].holds > 50);
    assert_in_range(result.members[0].down_ns / result.members[0].holds, HOUR_NS,
                    HOUR_NS * 11 / 10);
    assert_in_range(result.members[0].lost_milli / 2,
                    result.members[0].down_ns / NSEC_PER_MSEC - 100,
                    result.members[0].down_ns / NSEC_PER_MSEC + 100);
    assert_true(result.runs_held >= 9);
    assert_true(result.held_ns[0] <= result.held_ns[result.runs_held - 1]);
    simulation.attendance = span_ns(INT64_MAX);
    run();
    assert_int_equal(result.members[0].holds, result.runs_held); // nobody comes
}

static void a_hang_is_seen_by_a_probe_or_by_nobody(void **state)
{
    (void)state;
    troubles[0].hang_ns = DAY_NS;
    run();
    assert_int_equal(result.members[0].restarts, 0);
    assert_true(result.members[0].down_ns > 50 * DAY_NS);
    members[0].policy.health = 1;
    run();
    assert_in_range(result.members[0].restarts, 70, 130);
    assert_int_equal(result.members[0].deaths[VERDICT_UNHEALTHY], result.members[0].restarts);
    /* Three probes of 30 s, each 30 s after the last. */
    assert_in_range(result.members[0].down_ns / result.members[0].restarts / NSEC_PER_SEC, 120,
                    190);
}

static void whoever_is_restarted_together_is_down_together(void **state)
{
    (void)state;
    roster.members_count = 2;
    members[0].policy.strategy = members[1].policy.strategy = STRATEGY_ONE_FOR_ALL;
    troubles[0].crashes[troubles[0].crashes_count++] = (struct crash){DAY_NS, 1, 0};
    run();
    assert_true(result.members[0].restarts > 70);
    assert_int_equal(result.members[1].deaths[VERDICT_STOPPED], result.members[0].restarts);
    assert_true(result.members[1].down_ns > 0);
}

static void a_job_that_is_done_is_not_down(void **state)
{
    (void)state;
    troubles[0].crashes[troubles[0].crashes_count++] = (struct crash){HOUR_NS, 0, 0};
    run();
    assert_int_equal(result.members[0].deaths[VERDICT_DONE], 1);
    assert_int_equal(result.members[0].down_ns, 0);
}

static void recorded_lives_are_lived_again(void **state)
{
    const struct life lives[] = {
        {span_sec(100), VERDICT_OOM, 0, SIGKILL, 5 * MIB},
        {span_sec(50), VERDICT_FAILED, 7, 0, 0},
        {span_sec(1), VERDICT_SPAWN_FAILED, 0, 0, 0},
        {span_sec(10), VERDICT_OOM_GROUP, 0, SIGKILL, 0},
        {span_sec(10), VERDICT_OOM_OUTSIDE, 0, SIGKILL, 0},
        {span_sec(10), VERDICT_CRASHED, 0, SIGSEGV, 0},
        {span_sec(10), VERDICT_KILLED, 0, SIGKILL, 0},
    };

    (void)state;
    troubles[0].lives = lives;
    troubles[0].lives_count = sizeof(lives) / sizeof(lives[0]);
    run();
    assert_int_equal(result.members[0].restarts, troubles[0].lives_count);
    for (size_t i = 0; i < troubles[0].lives_count; i++)
        assert_int_equal(result.members[0].deaths[lives[i].kind], 1);
    members[0].policy.intensity[CAUSE_ANY] = (struct intensity){2, 3600 * NSEC_PER_SEC, THEN_HOLD};
    run();
    assert_int_equal(result.members[0].holds,
                     2); // of seven deaths two are bystanders' or come after somebody came
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_troubles_nothing_happens, begin, end),
        cmocka_unit_test_setup_teardown(crashes_are_as_frequent_as_said, begin, end),
        cmocka_unit_test_setup_teardown(ends_are_mixed_as_said, begin, end),
        cmocka_unit_test_setup_teardown(the_same_seed_is_the_same_world, begin, end),
        cmocka_unit_test_setup_teardown(a_leak_meets_its_limit_on_time, begin, end),
        cmocka_unit_test_setup_teardown(a_group_that_is_full_loses_its_largest, begin, end),
        cmocka_unit_test_setup_teardown(a_host_that_is_full_is_an_outside_oom, begin, end),
        cmocka_unit_test_setup_teardown(an_outage_is_as_many_tries_as_the_back_off_makes, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_is_given_up_waits_for_somebody, begin, end),
        cmocka_unit_test_setup_teardown(a_hang_is_seen_by_a_probe_or_by_nobody, begin, end),
        cmocka_unit_test_setup_teardown(whoever_is_restarted_together_is_down_together, begin, end),
        cmocka_unit_test_setup_teardown(a_job_that_is_done_is_not_down, begin, end),
        cmocka_unit_test_setup_teardown(recorded_lives_are_lived_again, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
