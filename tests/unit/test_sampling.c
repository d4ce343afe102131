/* The pace of samples. What holds over hours and for every shape is in tests/sim/cadence.c. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/sampling.h"

#define MIB INT64_C(1048576)

static instant sec(int64_t seconds)
{
    return (instant){seconds * NSEC_PER_SEC};
}

static int64_t due_s(const struct sampling *sampling)
{
    assert_int_equal(sampling->due_ns % NSEC_PER_SEC, 0);
    return sampling->due_ns / NSEC_PER_SEC;
}

/* One look at the time it is due, which it is again after the seconds returned. */
static int64_t look(struct sampling *sampling, int64_t bytes, int64_t limit)
{
    int64_t at = due_s(sampling);

    sampling_take(sampling, bytes, -1, limit, sec(at));
    return due_s(sampling) - at;
}

/* All that are flat are looked at together, once a minute. */
static void the_flat_come_to_rest_together(void **state)
{
    struct sampling one, other;

    (void)state;
    sampling_begin(&one, (instant){1007 * NSEC_PER_MSEC});
    assert_int_equal(due_s(&one), 2);
    look(&one, MIB, 64 * MIB);
    assert_int_equal(due_s(&one), 5);
    look(&one, MIB, 64 * MIB);
    assert_int_equal(due_s(&one), 20);
    look(&one, MIB, 64 * MIB);
    assert_int_equal(due_s(&one), 60);
    assert_int_equal(look(&one, MIB, 64 * MIB), 60);
    sampling_begin(&other, sec(33));
    for (int i = 0; i < 4; i++)
        look(&other, MIB, 0);
    assert_int_equal(due_s(&one), 120);
    assert_int_equal(due_s(&other), 120);
}

static void who_grows_towards_its_limit_is_looked_at_each_second(void **state)
{
    struct sampling sampling;
    int64_t bytes = 8 * MIB;

    (void)state;
    sampling_begin(&sampling, sec(59));
    while (look(&sampling, bytes, 64 * MIB) < 60)
        ;
    assert_int_equal(look(&sampling, bytes += 20 * MIB, 64 * MIB), 1);
    assert_int_equal(look(&sampling, bytes += MIB / 2, 64 * MIB), 1);
    for (int i = 0; i < 200 && sampling.pace < 3; i++) // and flat again
        look(&sampling, bytes, 64 * MIB);
    assert_int_equal(look(&sampling, bytes, 64 * MIB), 60);
    assert_int_equal(look(&sampling, 200 * MIB, 0), 60); // without a limit there is no hurry
}

static void who_is_near_is_looked_at_more_often(void **state)
{
    struct sampling sampling;

    (void)state;
    sampling_begin(&sampling, sec(0));
    for (int i = 0; i < 10; i++)
        look(&sampling, 32 * MIB, 64 * MIB);
    assert_int_equal(look(&sampling, 32 * MIB, 64 * MIB), 20);
    sampling_begin(&sampling, sec(0));
    for (int i = 0; i < 10; i++)
        look(&sampling, 60 * MIB, 64 * MIB);
    assert_int_equal(look(&sampling, 60 * MIB, 64 * MIB), 5);
}

static void what_it_starts_with_is_no_growth(void **state)
{
    struct sampling sampling;

    (void)state;
    sampling_begin(&sampling, sec(0));
    look(&sampling, 30 * MIB, 64 * MIB);
    assert_int_equal(sampling.growth, 0);
    assert_int_equal(due_s(&sampling), 5);
}

static void growth_is_told_between_looks(void **state)
{
    struct sampling sampling;

    (void)state;
    sampling_begin(&sampling, sec(0));
    look(&sampling, MIB, 0);
    assert_int_equal(sampling_growth(&sampling, MIB, sec(31)), 0);
    assert_int_equal(sampling_growth(&sampling, 31 * MIB, sec(31)), MIB * 30 / 40);
    assert_int_equal(sampling_growth(&sampling, MIB, sec(1)), 0); // no time has passed
}

static void who_used_no_processor_is_not_read(void **state)
{
    struct sampling sampling;

    (void)state;
    sampling_begin(&sampling, sec(0));
    assert_false(sampling_is_idle(&sampling, 0, sec(1))); // it was never looked at
    sampling_take(&sampling, MIB, 500, 0, sec(1));
    assert_true(sampling_is_idle(&sampling, 500, sec(5)));
    assert_false(sampling_is_idle(&sampling, 501, sec(5)));
    assert_false(sampling_is_idle(&sampling, -1, sec(5)));
    sampling_rest(&sampling, 0, sec(5));
    assert_int_equal(due_s(&sampling), 20);
    assert_false(sampling_is_idle(&sampling, 500, sec(601)));
}

static void a_member_hurries_with_its_group(void **state)
{
    struct sampling group, member, gone;

    (void)state;
    sampling_begin(&group, sec(0));
    sampling_begin(&member, sec(0));
    for (int i = 0; i < 6; i++) {
        look(&group, MIB, 100 * MIB);
        look(&member, MIB, 0);
    }
    assert_int_equal(due_s(&member), 240);
    sampling_take(&group, 90 * MIB, -1, 100 * MIB, sec(200));
    sampling_hurry(&member, &group, sec(200));
    assert_int_equal(due_s(&member), 201);
    group.pace = 3;
    sampling_hurry(&member, &group, sec(200));
    assert_int_equal(due_s(&member), 201);
    group.pace = 0;
    sampling_end(&gone);
    sampling_hurry(&gone, &group, sec(200));
    assert_true(gone.due_ns == INT64_MAX);
}

static void hostile_numbers_do_not_wrap(void **state)
{
    struct sampling sampling;

    (void)state;
    sampling_begin(&sampling, sec(0));
    sampling_take(&sampling, 0, -1, INT64_MAX, sec(1));
    sampling_take(&sampling, INT64_MAX, -1, INT64_MAX, (instant){NSEC_PER_SEC + NSEC_PER_MSEC});
    assert_true(sampling.growth > 0);
    sampling_take(&sampling, 0, -1, 1, sec(100000000));
    assert_true(sampling.growth < INT64_C(1) << 35);
    sampling_take(&sampling, INT64_MAX, -1, 1, sec(100000001));
    assert_int_equal(sampling.pace, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_flat_come_to_rest_together),
        cmocka_unit_test(who_grows_towards_its_limit_is_looked_at_each_second),
        cmocka_unit_test(who_is_near_is_looked_at_more_often),
        cmocka_unit_test(what_it_starts_with_is_no_growth),
        cmocka_unit_test(growth_is_told_between_looks),
        cmocka_unit_test(who_used_no_processor_is_not_read),
        cmocka_unit_test(a_member_hurries_with_its_group),
        cmocka_unit_test(hostile_numbers_do_not_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
