/* When the reader lets output gather, and when it looks at once. */
// links: recorder/pace.o core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "recorder/pace.h"

static int64_t after(struct pace *pace, int64_t us, size_t bytes)
{
    return pace_nap(pace, (instant){pace->looked.ns + us * 1000}, bytes).ns;
}

static void test_lines_now_and_then_are_taken_at_once(void **state)
{
    struct pace pace = {0};

    (void)state;
    assert_int_equal(after(&pace, 5000000, 100), 0);
    assert_int_equal(after(&pace, 1000, 100), 0);
    assert_int_equal(after(&pace, 200, 100), 0);
    assert_int_equal(after(&pace, 10, 0), 0);
}

static void test_many_small_writes_gather(void **state)
{
    struct pace pace = {0};

    (void)state;
    assert_int_equal(after(&pace, 5000000, 100), 0);
    assert_int_equal(after(&pace, 10, 200), PACE_NAP_MAX.ns);
    /* 48 KiB in 600 us: half of that time gives half of the bytes. */
    assert_int_equal(after(&pace, 600, PACE_GATHER_BYTES * 2), 300000);
    assert_int_equal(after(&pace, 300, PACE_GATHER_BYTES), 300000);
    /* A slow one is not worth it. */
    assert_int_equal(after(&pace, 500, 1000), 0);
    assert_int_equal(after(&pace, 500, 1000), 0);
}

static void test_large_reads_follow_each_other(void **state)
{
    struct pace pace = {0};

    (void)state;
    assert_int_equal(after(&pace, 10, 64 * 1024), 0);
    assert_int_equal(after(&pace, 50, 64 * 1024), 0);
    /* Small ones that become large ones. */
    assert_true(after(&pace, 10, 100) > 0);
    assert_int_equal(after(&pace, 50, 64 * 1024), 0);
    assert_false(pace.gathers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_now_and_then_are_taken_at_once),
        cmocka_unit_test(test_many_small_writes_gather),
        cmocka_unit_test(test_large_reads_follow_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
