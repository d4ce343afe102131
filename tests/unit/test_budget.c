/* Budgets of restarts, against Erlang's. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/budget.h"

static struct intensity intensity[CAUSES_COUNT];
static struct spent spent;

static int begin(void **state)
{
    (void)state;
    for (int cause = 0; cause < CAUSES_COUNT; cause++)
        intensity[cause] = (struct intensity){0};
    spent = (struct spent){0};
    return 0;
}

static enum cause at(int64_t sec, enum verdict_kind kind)
{
    return budget_spend(intensity, kind, (instant){sec * NSEC_PER_SEC}, &spent);
}

static struct intensity of(int64_t max_restarts, int64_t sec)
{
    return (struct intensity){max_restarts, sec * NSEC_PER_SEC, THEN_HOLD};
}

static void without_one_it_never_gives_up(void **state)
{
    (void)state;
    for (int64_t sec = 1; sec < 1000; sec++)
        assert_int_equal(at(sec, VERDICT_FAILED), CAUSES_COUNT);
    assert_int_equal(spent.at_ns[CAUSE_ANY][0], 0); // nothing to carry
}

/* Two in five seconds: the third restart within five seconds is one too many. */
static void the_one_too_many(void **state)
{
    (void)state;
    intensity[CAUSE_ANY] = of(2, 5);
    assert_int_equal(at(1, VERDICT_FAILED), CAUSES_COUNT);
    assert_int_equal(at(3, VERDICT_DONE), CAUSES_COUNT);
    assert_int_equal(at(6, VERDICT_OOM), CAUSE_ANY); // 1, 3, 6: both ends belong to the window
}

static void the_window_moves_on(void **state)
{
    (void)state;
    intensity[CAUSE_ANY] = of(2, 5);
    for (int64_t sec = 1; sec < 100; sec += 3)
        assert_int_equal(at(sec, VERDICT_FAILED), CAUSES_COUNT); // 1, 4, 7: 6 s
    assert_int_equal(at(101, VERDICT_FAILED), CAUSES_COUNT);
    assert_int_equal(at(102, VERDICT_FAILED), CAUSE_ANY);
}

static void none_at_all(void **state)
{
    (void)state;
    intensity[CAUSE_ANY] = of(0, 1);
    assert_int_equal(at(1, VERDICT_FAILED), CAUSE_ANY);
    assert_int_equal(at(1000, VERDICT_FAILED), CAUSE_ANY);
}

static void the_most_that_can_be_counted(void **state)
{
    (void)state;
    intensity[CAUSE_CRASH] = of(BUDGET_RESTARTS_MAX, 100);
    for (int i = 0; i < BUDGET_RESTARTS_MAX; i++)
        assert_int_equal(at(1 + i, VERDICT_CRASHED), CAUSES_COUNT);
    assert_int_equal(at(101, VERDICT_KILLED), CAUSE_CRASH);
    assert_int_equal(at(102, VERDICT_SPAWN_FAILED), CAUSE_CRASH);
    assert_int_equal(at(204, VERDICT_SPAWN_FAILED), CAUSES_COUNT);
}

static void each_cause_has_its_own(void **state)
{
    (void)state;
    intensity[CAUSE_OOM] = of(0, 60);
    intensity[CAUSE_UNHEALTHY] = of(1, 60);
    assert_int_equal(at(1, VERDICT_CRASHED), CAUSES_COUNT);
    assert_int_equal(at(1, VERDICT_OOM_GROUP), CAUSES_COUNT);
    assert_int_equal(at(2, VERDICT_UNHEALTHY), CAUSES_COUNT);
    assert_int_equal(at(3, VERDICT_UNHEALTHY), CAUSE_UNHEALTHY);
    assert_int_equal(at(4, VERDICT_OOM), CAUSE_OOM);
    intensity[CAUSE_ANY] = of(0, 60);
    assert_int_equal(at(5, VERDICT_OOM_GROUP), CAUSE_ANY);
    assert_int_equal(at(5, VERDICT_OOM_OUTSIDE), CAUSES_COUNT); // a bystander
    assert_int_equal(at(6, VERDICT_OOM), CAUSE_OOM);            // the narrower one
    intensity[CAUSE_ANY].then = THEN_STOP_STACK;
    assert_int_equal(at(7, VERDICT_OOM), CAUSE_ANY); // the one that does more
}

static void victims(void **state)
{
    span minute = span_sec(60);

    (void)state;
    spent = (struct spent){0};
    assert_false(spent_victims(&spent, 100, 0, minute, (instant){1}));
    assert_false(spent_victims(&spent, 1, 2, minute, (instant){1}));
    assert_true(spent_victims(&spent, 1, 2, minute, (instant){1 + minute.ns}));
    spent_forget_victims(&spent);
    assert_false(spent_victims(&spent, 1, 2, minute, (instant){2}));
    assert_false(spent_victims(&spent, 1, 2, minute, (instant){3 + minute.ns}));
    assert_true(spent_victims(&spent, INT64_MAX, VICTIMS_MAX, minute, (instant){4 + minute.ns}));
    assert_false(spent_victims(&spent, 1, VICTIMS_MAX + 1, minute, (instant){4 + minute.ns}));
}

static void names_and_bounds(void **state)
{
    struct intensity bad = of(BUDGET_RESTARTS_MAX + 1, 1);

    (void)state;
    assert_string_equal(cause_name(CAUSE_UNHEALTHY), "unhealthy");
    assert_string_equal(cause_name(CAUSES_COUNT), "?");
    assert_string_equal(budget_key(CAUSE_ANY), "x-bulkhead.intensity");
    assert_string_equal(budget_key(CAUSE_CRASH), "x-bulkhead.intensity.crash");
    assert_string_equal(budget_key(CAUSES_COUNT), "?");
    assert_false(intensity_is_valid(&bad));
    bad.max_restarts--;
    assert_true(intensity_is_valid(&bad));
    bad.then = THENS_COUNT;
    assert_false(intensity_is_valid(&bad));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_one_it_never_gives_up, begin),
        cmocka_unit_test_setup(the_one_too_many, begin),
        cmocka_unit_test_setup(the_window_moves_on, begin),
        cmocka_unit_test_setup(none_at_all, begin),
        cmocka_unit_test_setup(the_most_that_can_be_counted, begin),
        cmocka_unit_test_setup(each_cause_has_its_own, begin),
        cmocka_unit_test(victims),
        cmocka_unit_test(names_and_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
