/* Samples of memory over time: growth, forecast, processors, sparkline. */
// links: cli/show/series.o core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/show/series.h"

#define MIB INT64_C(1048576)

static struct series series;

/* `count` samples a second apart, from `first` bytes on, `step` more each. */
static void feed(uint32_t generation, int64_t first, int64_t step, int count)
{
    for (int i = 0; i < count; i++) {
        const struct series_sample sample = {
            .at_ns = (1000 + i) * NSEC_PER_SEC,
            .bytes = first + i * step,
            .processor_ns = i * NSEC_PER_SEC / 4,
        };
        series_add(&series, generation, &sample);
    }
}

static int clear(void **state)
{
    (void)state;
    memset(&series, 0, sizeof(series));
    return 0;
}

static void test_growth(void **state)
{
    int64_t growth = -1;

    (void)state;
    assert_false(series_growth(&series, &growth));
    feed(1, 10 * MIB, MIB, 4);
    assert_false(series_growth(&series, &growth)); // three seconds: too little
    clear(NULL);
    feed(1, 10 * MIB, MIB, 5);
    assert_true(series_growth(&series, &growth));
    assert_int_equal(growth, 60 * MIB);
    clear(NULL);
    feed(1, 100 * MIB, -MIB / 4, 30);
    assert_true(series_growth(&series, &growth));
    assert_int_equal(growth, -15 * MIB);
}

static void test_growth_forgets_what_is_older_than_its_window(void **state)
{
    int64_t growth;

    (void)state;
    feed(1, 0, 3 * MIB, 100);
    for (int i = 0; i < 61; i++)
        series_add(&series, 1,
                   &(struct series_sample){.at_ns = (1100 + i) * NSEC_PER_SEC, .bytes = 400 * MIB});
    assert_true(series_growth(&series, &growth));
    assert_int_equal(growth, 0);
}

static void test_new_generation_starts_anew(void **state)
{
    int64_t value;

    (void)state;
    feed(1, 10 * MIB, MIB, 50);
    feed(2, 10 * MIB, MIB, 1);
    assert_int_equal(series.count, 1);
    assert_false(series_growth(&series, &value));
    assert_false(series_processors(&series, &value));
}

static void test_processors(void **state)
{
    int64_t milli;

    (void)state;
    feed(1, 0, 0, 1);
    assert_false(series_processors(&series, &milli));
    feed(1, 0, 0, 3);
    assert_true(series_processors(&series, &milli));
    assert_int_equal(milli, 250);
    series_add(&series, 1,
               &(struct series_sample){.at_ns = 2000 * NSEC_PER_SEC, .processor_ns = -1});
    assert_false(series_processors(&series, &milli));
}

static void test_full_in(void **state)
{
    int64_t left_ns;

    (void)state;
    feed(1, 10 * MIB, MIB, 11);
    assert_true(series_full_in(&series, 30 * MIB, &left_ns));
    assert_int_equal(left_ns, 10 * NSEC_PER_SEC);
    assert_true(series_full_in(&series, 15 * MIB, &left_ns)); // it is there
    assert_int_equal(left_ns, 0);
    assert_false(series_full_in(&series, 0, &left_ns));
    assert_false(series_full_in(&series, INT64_MAX, &left_ns));
    clear(NULL);
    feed(1, 10 * MIB, -1, 11);
    assert_false(series_full_in(&series, 30 * MIB, &left_ns));
}

static void test_spark(void **state)
{
    char text[3 * 16 + 1];

    (void)state;
    series_spark(&series, 8, 4, false, text);
    assert_string_equal(text, "    ");
    feed(1, 0, 1, 9);
    series_spark(&series, 8, 12, false, text);
    assert_string_equal(text, "   _.:-=+*##");
    series_spark(&series, 8, 3, false, text); // the last ones
    assert_string_equal(text, "*##");
    series_spark(&series, 0, 2, true, text); // no limit: the highest is full
    assert_string_equal(text, "█"
                              "█");
    series_spark(&series, 80, 2, false, text);
    assert_string_equal(text, "__");
}

static void test_ring_goes_round(void **state)
{
    int64_t growth;

    (void)state;
    feed(1, 0, MIB, 3 * SERIES_SAMPLES + 7);
    assert_int_equal(series.count, SERIES_SAMPLES);
    assert_true(series_growth(&series, &growth));
    assert_int_equal(growth, 60 * MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_growth, clear),
        cmocka_unit_test_setup(test_growth_forgets_what_is_older_than_its_window, clear),
        cmocka_unit_test_setup(test_new_generation_starts_anew, clear),
        cmocka_unit_test_setup(test_processors, clear),
        cmocka_unit_test_setup(test_full_in, clear),
        cmocka_unit_test_setup(test_spark, clear),
        cmocka_unit_test_setup(test_ring_goes_round, clear),
    };

    return cmocka_run_group_tests_name("series", tests, NULL, NULL);
}
