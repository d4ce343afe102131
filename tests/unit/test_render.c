/* Values to text, and the times that people write. */
// links: cli/show/render.o cli/show/times.o cli/show/table.o core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/show/render.h"
#include "core/nsec.h"

static void expect_bytes(int64_t bytes, const char *expected)
{
    char text[RENDER_MAX];

    assert_string_equal(render_bytes(bytes, text), expected);
}

static void test_bytes(void **state)
{
    (void)state;
    expect_bytes(0, "0B");
    expect_bytes(1023, "1023B");
    expect_bytes(100 << 10, "100.0KiB");
    expect_bytes(64 << 20, "64.0MiB");
    expect_bytes((64 << 20) - 1, "64.0MiB");
    expect_bytes((1 << 20) - 1, "1.0MiB");
    expect_bytes(INT64_C(3) << 29, "1.5GiB");
    expect_bytes(INT64_MAX, "8.0EiB");
}

static void expect_span(int64_t ns, const char *expected)
{
    char text[RENDER_MAX];

    assert_string_equal(render_span(ns, text), expected);
}

static void test_spans(void **state)
{
    (void)state;
    expect_span(-5, "0ms");
    expect_span(0, "0ms");
    expect_span(120000, "0.1ms");
    expect_span(12 * NSEC_PER_MSEC, "12ms");
    expect_span(3204 * NSEC_PER_MSEC, "3.2s");
    expect_span(59949 * NSEC_PER_MSEC, "59.9s");
    expect_span(59950 * NSEC_PER_MSEC, "1m00s");
    expect_span(60 * NSEC_PER_SEC, "1m00s");
    expect_span(245 * NSEC_PER_SEC, "4m05s");
    expect_span(7380 * NSEC_PER_SEC, "2h03m");
    expect_span((6 * 86400 + 4 * 3600) * NSEC_PER_SEC, "6d04h");
}

static void test_times(void **state)
{
    char text[RENDER_MAX];

    (void)state;
    assert_string_equal(render_time(INT64_C(1795337460123456789), text),
                        "2026-11-22T08:51:00.123456789Z");
    assert_string_equal(render_time_ms(INT64_C(1795337460003456789), text),
                        "2026-11-22T08:51:00.003Z");
    assert_string_equal(render_time(0, text), "");
}

static void expect_time(const char *text, int64_t expected)
{
    int64_t ns = -1;

    assert_int_equal(render_parse_time(text, INT64_C(1795337460) * NSEC_PER_SEC, &ns), 0);
    assert_int_equal(ns, expected);
}

static void test_parse_time(void **state)
{
    const int64_t at = INT64_C(1795337460) * NSEC_PER_SEC;

    (void)state;
    expect_time("now", at);
    expect_time("2026-11-22T08:51:00Z", at);
    expect_time("2026-11-22T08:51:00.5Z", at + NSEC_PER_SEC / 2);
    expect_time("2026-11-22T08:51:00.1234567891Z", at + 123456789);
    expect_time("2026-11-22T09:51:00+01:00", at);
    expect_time("2026-11-22t01:21:00-0730", at);
    expect_time("2026-11-22 08:51", at);
    expect_time("2026-11-22", at - (8 * 3600 + 51 * 60) * NSEC_PER_SEC);
    expect_time("1795337460", at);
    expect_time("1795337460.25", at + NSEC_PER_SEC / 4);
    expect_time("0", 0);
    expect_time("10m", at - 600 * NSEC_PER_SEC);
    expect_time("1h30m", at - 5400 * NSEC_PER_SEC);
    expect_time("99999d", 0);
}

static void test_no_times(void **state)
{
    static const char *const wrong[] = {
        "",
        "yesterday",
        "10x",
        "m",
        "2026-13-01",
        "2026-02-31",
        "2026-11-22T25:00:00Z",
        "-10m",
        "2026-11-22T08:51:00Zx",
        "1.",
        "2026-11-22T08:51:00.Z",
        "10m ",
        "99999999999999999999",
        "9999999999999d",
        "2026-1-2",
    };
    size_t i;
    int64_t ns;

    (void)state;
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(render_parse_time(wrong[i], 0, &ns), 1);
}

static void test_signals(void **state)
{
    char text[RENDER_MAX];

    (void)state;
    assert_string_equal(render_signal(SIGKILL, text), "SIGKILL");
    assert_string_equal(render_signal(77, text), "signal 77");
    assert_int_equal(render_parse_signal("15"), 15);
    assert_int_equal(render_parse_signal("term"), SIGTERM);
    assert_int_equal(render_parse_signal("SIGHUP"), SIGHUP);
    assert_int_equal(render_parse_signal("0"), 0);
    assert_int_equal(render_parse_signal("999"), 0);
    assert_int_equal(render_parse_signal("9x"), 0);
    assert_int_equal(render_parse_signal("SIG"), 0);
    assert_int_equal(render_parse_signal(""), 0);
}

static void expect_table(const struct table *table, bool colour, const char *expected)
{
    char text[512] = "";
    FILE *to = fmemopen(text, sizeof(text), "w");

    assert_non_null(to);
    assert_true(table_print(table, colour, to));
    fclose(to);
    assert_string_equal(text, expected);
}

static void test_table(void **state)
{
    static const char *const heads[] = {"NAME", "STATE"};
    struct table *table = table_create(heads, 2);

    (void)state;
    assert_non_null(table);
    table_cell(table, "wéb-1", STYLE_OFF);
    table_cell(table, "running", STYLE_GREEN);
    table_cell(table, "a", STYLE_BOLD);
    table_cell(table, NULL, STYLE_OFF);
    expect_table(table, false, "NAME    STATE\nwéb-1   running\na       \n");
    expect_table(table, true,
                 "NAME    STATE\nwéb-1   \x1b[32mrunning\x1b[0m\n\x1b[1ma\x1b[0m       \n");
    table_destroy(table);
}

static void test_colours(void **state)
{
    (void)state;
    assert_string_equal(render_name_colour(false, 3), "");
    assert_string_equal(render_style(false, STYLE_RED), "");
    assert_string_not_equal(render_name_colour(true, 0), render_name_colour(true, 1));
    assert_string_equal(render_name_colour(true, 0), render_name_colour(true, 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),    cmocka_unit_test(test_spans),
        cmocka_unit_test(test_times),    cmocka_unit_test(test_parse_time),
        cmocka_unit_test(test_no_times), cmocka_unit_test(test_signals),
        cmocka_unit_test(test_table),    cmocka_unit_test(test_colours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
