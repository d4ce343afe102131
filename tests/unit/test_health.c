/* Health: when the next probe is due, and what the end of one means. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/health.h"

static struct policy probed(void)
{
    struct policy policy = policy_default();

    policy.health = 1;
    policy.health_start_period_ns = 20 * NSEC_PER_SEC;
    return policy;
}

static enum health after(enum health health, bool success, int64_t up_sec, int64_t *failures)
{
    const struct policy policy = probed();

    return health_after(&policy, health, success, span_sec(up_sec), failures);
}

static void defaults_are_dockers(void **state)
{
    const struct policy policy = policy_default();

    (void)state;
    assert_int_equal(policy.health, 0);
    assert_int_equal(policy.health_interval_ns, 30 * NSEC_PER_SEC);
    assert_int_equal(policy.health_timeout_ns, 30 * NSEC_PER_SEC);
    assert_int_equal(policy.health_retries, 3);
    assert_int_equal(policy.health_start_period_ns, 0);
    assert_int_equal(policy.health_start_interval_ns, 5 * NSEC_PER_SEC);
}

static void intervals(void **state)
{
    struct policy policy = probed();

    (void)state;
    assert_int_equal(health_interval(&policy, HEALTH_STARTING, span_sec(0)).ns, 5 * NSEC_PER_SEC);
    assert_int_equal(health_interval(&policy, HEALTH_STARTING, span_sec(19)).ns, 5 * NSEC_PER_SEC);
    assert_int_equal(health_interval(&policy, HEALTH_STARTING, span_sec(20)).ns, 30 * NSEC_PER_SEC);
    assert_int_equal(health_interval(&policy, HEALTH_HEALTHY, span_sec(3)).ns, 30 * NSEC_PER_SEC);
    policy.health_start_period_ns = 0;
    assert_int_equal(health_interval(&policy, HEALTH_STARTING, span_sec(0)).ns, 30 * NSEC_PER_SEC);
}

static void one_success_is_healthy(void **state)
{
    int64_t failures = 2;

    (void)state;
    assert_int_equal(after(HEALTH_STARTING, true, 1, &failures), HEALTH_HEALTHY);
    assert_int_equal(failures, 0);
    failures = 7;
    assert_int_equal(after(HEALTH_UNHEALTHY, true, 100, &failures), HEALTH_HEALTHY);
    assert_int_equal(failures, 0);
}

static void failures_in_a_row(void **state)
{
    int64_t failures = 0;

    (void)state;
    assert_int_equal(after(HEALTH_HEALTHY, false, 100, &failures), HEALTH_HEALTHY);
    assert_int_equal(after(HEALTH_HEALTHY, false, 100, &failures), HEALTH_HEALTHY);
    assert_int_equal(after(HEALTH_HEALTHY, true, 100, &failures), HEALTH_HEALTHY);
    assert_int_equal(after(HEALTH_HEALTHY, false, 100, &failures), HEALTH_HEALTHY);
    assert_int_equal(after(HEALTH_HEALTHY, false, 100, &failures), HEALTH_HEALTHY);
    assert_int_equal(after(HEALTH_HEALTHY, false, 100, &failures), HEALTH_UNHEALTHY);
    assert_int_equal(after(HEALTH_UNHEALTHY, false, 100, &failures), HEALTH_UNHEALTHY);
}

static void the_start_period_excuses(void **state)
{
    int64_t failures = 0;

    (void)state;
    for (int i = 0; i < 9; i++)
        assert_int_equal(after(HEALTH_STARTING, false, 19, &failures), HEALTH_STARTING);
    assert_int_equal(failures, 0);
    assert_int_equal(after(HEALTH_STARTING, false, 20, &failures), HEALTH_STARTING);
    assert_int_equal(failures, 1);
    /* Whoever was healthy once is not excused any more. */
    assert_int_equal(after(HEALTH_HEALTHY, false, 3, &failures), HEALTH_HEALTHY);
    assert_int_equal(after(HEALTH_HEALTHY, false, 4, &failures), HEALTH_UNHEALTHY);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(health_name(HEALTH_NONE), "");
    assert_string_equal(health_id(HEALTH_NONE), "NONE");
    assert_string_equal(health_name(HEALTH_UNHEALTHY), "unhealthy");
    assert_string_equal(health_name(HEALTHS_COUNT), "?");
    assert_string_equal(health_id(HEALTHS_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_dockers),     cmocka_unit_test(intervals),
        cmocka_unit_test(one_success_is_healthy),   cmocka_unit_test(failures_in_a_row),
        cmocka_unit_test(the_start_period_excuses), cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
