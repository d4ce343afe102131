/* The live screen without a screen: what is listed, in which order, and how a page of it looks. */
// links: cli/top_model.o cli/top_view.o cli/show/series.o cli/show/row.o cli/show/render.o core -lm
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/top_view.h"

#define MIB INT64_C(1048576)

static struct top top;

/* A page that remembers. */
static char grid[64][256];

static void put(int row, int column, enum screen_style style, const char *text)
{
    (void)style;
    assert_in_range(row, 0, 63);
    assert_in_range(column, 0, 255);
    assert_true((size_t)column + strlen(text) < sizeof(grid[0]));
    memset(grid[row] + strlen(grid[row]), ' ', sizeof(grid[0]) - 1 - strlen(grid[row]));
    memcpy(grid[row] + column, text, strlen(text));
}

static struct top_page page(int rows, int columns)
{
    memset(grid, 0, sizeof(grid));
    return (struct top_page){rows, columns, false, put};
}

static void sample(uint32_t member, const char *name, int64_t bytes, int64_t limit, int64_t at_s)
{
    struct wire_row row = {.member = member, .state = STATE_RUNNING, .generation = 1, .pid = 7};
    struct gauge gauge = {.current_bytes = bytes,
                          .peak_bytes = bytes + MIB,
                          .high_bytes = GAUGE_NONE,
                          .limit_bytes = limit,
                          .processor_ns = at_s * NSEC_PER_SEC / 10 * (member + 1),
                          .processes = 1,
                          .processes_limit = GAUGE_NONE};

    snprintf(row.name, sizeof(row.name), "%s", name);
    row.service_length = (uint32_t)strcspn(name, "-");
    row.restarts = 10 - member;
    top_sample(&top, &row, &gauge, at_s * NSEC_PER_SEC);
}

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(top_init(&top, 3), 0);
    for (int64_t s = 100; s < 110; s++) {
        sample(0, "web-1", 10 * MIB, 100 * MIB, s);
        sample(1, "db-1", 60 * MIB + (s - 100) * MIB, 64 * MIB + 16 * MIB, s);
        sample(2, "cache-1", 500 * MIB, GAUGE_NONE, s);
    }
    top_arrange(&top);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    top_finish(&top);
    return 0;
}

static void expect_order(const char *first, const char *second, const char *third)
{
    const char *const names[] = {first, second, third};

    assert_int_equal(top.shown, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_string_equal(top.members[top.order[i]].row.name, names[i]);
}

static void test_orders(void **state)
{
    (void)state;
    expect_order("db-1", "web-1", "cache-1"); // by share: what has no limit comes last
    top_sort_next(&top);
    expect_order("db-1", "cache-1", "web-1"); // growth: one grows, the others by name
    top_sort_next(&top);
    expect_order("cache-1", "db-1", "web-1"); // processors
    top_sort_next(&top);
    expect_order("web-1", "db-1", "cache-1"); // restarts
    top_sort_next(&top);
    expect_order("cache-1", "db-1", "web-1"); // name
    top_sort_next(&top);
    expect_order("cache-1", "db-1", "web-1"); // memory
}

static void test_numbers_in_names_count(void **state)
{
    (void)state;
    sample(0, "web-10", MIB, 0, 111);
    sample(1, "web-9", MIB, 0, 111);
    sample(2, "web-100", MIB, 0, 111);
    top.sort = TOP_BY_NAME;
    top_arrange(&top);
    expect_order("web-9", "web-10", "web-100");
}

static void test_selection_stays_with_its_member(void **state)
{
    (void)state;
    top_move(&top, 1, 10);
    assert_string_equal(top_selected(&top)->row.name, "web-1");
    top_sort_next(&top);
    assert_string_equal(top_selected(&top)->row.name, "web-1");
    top_move(&top, -100, 10);
    assert_int_equal(top.selected, 0);
    top_move(&top, 100, 10);
    assert_int_equal(top.selected, 2);
}

static void test_filter(void **state)
{
    (void)state;
    top_filter_type(&top, 'b');
    assert_int_equal(top.shown, 2); // web, db
    top_filter_type(&top, 'z');
    assert_int_equal(top.shown, 0);
    assert_null(top_selected(&top));
    top_move(&top, 5, 10);
    assert_int_equal(top.selected, 0);
    top_filter_type(&top, '\0');
    assert_int_equal(top.shown, 2);
    for (int i = 0; i < 2 * TOP_FILTER_MAX; i++)
        top_filter_type(&top, 'x');
    top_filter_type(&top, '\x1b'); // never into the filter
    assert_int_equal(strlen(top.filter), TOP_FILTER_MAX - 1);
    assert_null(strchr(top.filter, '\x1b'));
    top_filter_clear(&top);
    assert_int_equal(top.shown, 3);
}

static void test_inherit(void **state)
{
    struct top old = top;

    (void)state;
    top_move(&old, 1, 10);
    old.sort = TOP_BY_NAME;
    assert_int_equal(top_init(&top, 2), 0);
    sample(0, "cache-1", MIB, 0, 1);
    sample(1, "web-1", MIB, 0, 1);
    top_inherit(&top, &old);
    assert_int_equal(top.sort, TOP_BY_NAME);
    assert_string_equal(top_selected(&top)->row.name, "web-1");
    top_finish(&old);
}

static void test_scrolling(void **state)
{
    (void)state;
    top_move(&top, 2, 2);
    assert_int_equal(top.first, 1);
    top_move(&top, -1, 2);
    assert_int_equal(top.first, 1);
    top_move(&top, -1, 2);
    assert_int_equal(top.first, 0);
    top_move(&top, 2, 1);
    assert_int_equal(top.first, 2);
    top_move(&top, 0, 20); // a larger page shows all again
    assert_int_equal(top.first, 0);
}

static void test_page_of_80_columns(void **state)
{
    struct top_page small = page(24, 80);

    (void)state;
    top_view_draw(&small, &top, "shop", NULL);
    assert_non_null(strstr(grid[0], "shop: 3 of 3 running, 579.0MiB in use, sorted by SHARE"));
    assert_non_null(strstr(grid[1], "NAME"));
    assert_non_null(strstr(grid[1], "LAST DEATH"));
    assert_memory_equal(grid[2], "db-1          running   #########-     69M/80M    +60M    9 ",
                        60);
    assert_memory_equal(grid[3], "web-1         running   #|--------    10M/100M     +0B   10 ",
                        60);
    assert_memory_equal(grid[4], "cache-1       running                     500M     +0B    8 ",
                        60);
    assert_non_null(strstr(grid[22], "db-1: running"));
    assert_non_null(strstr(grid[22], "full in 11.0s"));
    assert_non_null(strstr(grid[23], "q quit"));
    for (int row = 0; row < 24; row++) // nothing beyond the page but the last blank
        for (const char *c = grid[row]; *c; c++)
            assert_true(c - grid[row] <= 80 || *c == ' ');
}

static void test_other_pages(void **state)
{
    static const int sizes[][2] = {{6, 40}, {10, 63}, {10, 79}, {30, 120}, {50, 250}};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct top_page any = page(sizes[i][0], sizes[i][1]);

        top_view_draw(&any, &top, "shop", "a message");
        assert_non_null(strstr(grid[2], "db-1"));
        assert_non_null(strstr(grid[sizes[i][0] - 1], "a message"));
        for (int row = 0; row < 64; row++)
            for (const char *c = grid[row]; *c; c++)
                assert_true(c - grid[row] <= sizes[i][1] || *c == ' ');
    }
    {
        struct top_page tiny = page(5, 39);

        top_view_draw(&tiny, &top, "shop", NULL);
        assert_non_null(strstr(grid[0], "too small"));
    }
}

static void test_dead_member(void **state)
{
    struct wire_row row = {.member = 1,
                           .state = STATE_BACKOFF,
                           .generation = 2,
                           .verdict = VERDICT_OOM,
                           .signal = 9,
                           .restarts = 12345,
                           .peak_bytes = 64 * MIB,
                           .limit_bytes = 64 * MIB,
                           .name = "db-1"};
    struct top_page small = page(24, 80);

    (void)state;
    top_sample(&top, &row, NULL, 200 * NSEC_PER_SEC);
    top_filter_type(&top, 'd');
    top_view_draw(&small, &top, "shop", NULL);
    assert_non_null(strstr(grid[2], "backoff   ---------|           -       - 1234"));
    assert_non_null(strstr(grid[2], " oom"));
    assert_non_null(strstr(grid[22], "last death: oom"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_orders, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_numbers_in_names_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_selection_stays_with_its_member, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_filter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_inherit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scrolling, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_page_of_80_columns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_pages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dead_member, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("top", tests, NULL, NULL);
}
