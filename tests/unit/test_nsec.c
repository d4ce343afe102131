/* Instants and spans: they saturate and never wrap. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/nsec.h"

static void spans_have_units(void **state)
{
    (void)state;
    assert_int_equal(span_ns(7).ns, 7);
    assert_int_equal(span_ms(7).ns, 7000000);
    assert_int_equal(span_sec(7).ns, INT64_C(7000000000));
    assert_int_equal(span_to_ms(span_ns(1999999)), 1);
}

static void adding_saturates(void **state)
{
    (void)state;
    assert_int_equal(instant_add((instant){5}, span_ns(-7)).ns, -2);
    assert_int_equal(instant_add((instant){INT64_MAX - 1}, span_ns(1)).ns, INT64_MAX);
    assert_int_equal(instant_add((instant){INT64_MAX - 1}, span_ns(2)).ns, INT64_MAX);
    assert_int_equal(instant_add(INSTANT_NEVER, span_ns(INT64_MAX)).ns, INT64_MAX);
    assert_int_equal(instant_add((instant){INT64_MIN + 1}, span_ns(-2)).ns, INT64_MIN);
}

static void deadlines_are_reached_at_their_instant(void **state)
{
    (void)state;
    assert_false(instant_reached((instant){10}, (instant){9}));
    assert_true(instant_reached((instant){10}, (instant){10}));
    assert_true(instant_reached((instant){10}, (instant){11}));
    assert_false(instant_reached(INSTANT_NEVER, (instant){INT64_MAX - 1}));
    assert_int_equal(instant_since((instant){10}, (instant){4}).ns, 6);
    assert_int_equal(instant_min((instant){10}, (instant){4}).ns, 4);
    assert_int_equal(instant_min((instant){3}, INSTANT_NEVER).ns, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_have_units),
        cmocka_unit_test(adding_saturates),
        cmocka_unit_test(deadlines_are_reached_at_their_instant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
