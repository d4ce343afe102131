/* The governor: nothing in quiet times; after a blow a queue with gaps, which waits for memory. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/governor.h"

#define MEMBERS 100

struct member {
    int64_t counted_ns, queued_ns, place_ns;
};

static struct governor governor;
static struct member members[MEMBERS];
static uint64_t dice;
static int64_t now_ms;

static int begin(void **state)
{
    (void)state;
    governor = (struct governor){0};
    for (int i = 0; i < MEMBERS; i++)
        members[i] = (struct member){0};
    dice = 7;
    now_ms = 1000000;
    return 0;
}

static instant now(void)
{
    return (instant){now_ms * NSEC_PER_MSEC};
}

static struct governed of(int index)
{
    struct member *it = &members[index];

    return (struct governed){&it->counted_ns, &it->queued_ns, &it->place_ns};
}

static void dies(int index)
{
    const struct governed it = of(index);

    governor_counts(&governor, &it, now());
}

/* Milliseconds to wait; 0: it may begin. */
static int64_t asks(int index, int64_t need, int64_t available)
{
    const struct governed it = of(index);
    instant at;

    if (governor_admits(&governor, &it, need, available, now(), &dice, &at)) {
        members[index] = (struct member){members[index].counted_ns, 0, 0};
        return 0;
    }
    assert_true(at.ns > now().ns);
    return (at.ns - now().ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;
}

static void quiet_times(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        dies(i);
    for (int i = 0; i < MEMBERS; i++)
        assert_int_equal(asks(i, 1 << 20, 1), 0); // without a blow memory is nobody's business
    assert_false(governor_reigns(&governor, now()));
}

static void one_that_dies_often_is_not_many(void **state)
{
    (void)state;
    for (int i = 0; i < 500; i++, now_ms += i % 3)
        dies(i % 9);
    assert_false(governor_reigns(&governor, now()));
}

static void many_within_a_moment(void **state)
{
    (void)state;
    for (int i = 0; i < (int)GOVERNOR_MASS - 1; i++)
        dies(i);
    assert_false(governor_reigns(&governor, now()));
    now_ms += 900;
    dies(50);
    assert_true(governor_reigns(&governor, now()));
    now_ms += span_to_ms(GOVERNOR_REIGN);
    assert_false(governor_reigns(&governor, now()));
}

static void many_over_time(void **state)
{
    (void)state;
    for (int i = 0; i < MEMBERS; i++, now_ms += 200)
        dies(i);
    assert_false(governor_reigns(&governor, now()));
}

static void causes(void **state)
{
    (void)state;
    for (int kind = 0; kind < VERDICTS_COUNT; kind++) {
        begin(NULL);
        governor_hears(&governor, (enum verdict_kind)kind, now());
        assert_int_equal(governor_reigns(&governor, now()),
                         kind == VERDICT_OOM_OUTSIDE || kind == VERDICT_OOM_USERSPACE);
    }
}

/* A hundred at once: places apart from each other, and all have begun in the time that it takes. */
static void a_queue(void **state)
{
    int64_t due[MEMBERS], last = 0;
    int begun = 0;

    (void)state;
    governor_hears(&governor, VERDICT_OOM_OUTSIDE, now());
    for (int i = 0; i < MEMBERS; i++)
        due[i] = now_ms;
    for (; begun < MEMBERS; now_ms++) {
        for (int i = 0; i < MEMBERS; i++) {
            int64_t wait;
            if (due[i] > now_ms)
                continue;
            wait = asks(i, 0, 0);
            due[i] = wait ? now_ms + wait : INT64_MAX;
            if (wait)
                continue;
            assert_true(begun == 0 || now_ms - last >= span_to_ms(GOVERNOR_SHORTEST));
            last = now_ms;
            begun++;
        }
    }
    now_ms -= 1000000;
    assert_in_range(now_ms, 20 * MEMBERS * 10, 30 * MEMBERS * 10); // 250 ms each
}

/* Woken late: one goes, the others find new places. */
static void lateness(void **state)
{
    int begun = 0;

    (void)state;
    governor_hears(&governor, VERDICT_OOM_OUTSIDE, now());
    for (int i = 0; i < 20; i++)
        (void)asks(i, 0, 0);
    now_ms += 10000;
    for (int i = 1; i < 20; i++)
        begun += asks(i, 0, 0) == 0;
    assert_int_equal(begun, 1);
}

static void memory(void **state)
{
    (void)state;
    governor_hears(&governor, VERDICT_OOM_OUTSIDE, now());
    assert_int_equal(asks(0, 100, 99), span_to_ms(GOVERNOR_LOOK));
    assert_int_equal(asks(1, 50, 99), 0); // those behind pass
    now_ms += 1000;
    assert_int_equal(asks(0, 100, 99), span_to_ms(GOVERNOR_LOOK));
    now_ms += 1000;
    assert_int_equal(asks(0, 100, 100), 0);
    assert_true(asks(2, 100, 0) > 0); // not known: no gate, but a place
    now_ms += 500;
    assert_int_equal(asks(2, 100, 0), 0);
}

static void patience(void **state)
{
    (void)state;
    governor_hears(&governor, VERDICT_OOM_OUTSIDE, now());
    for (int64_t waited = 0; waited < span_to_ms(GOVERNOR_PATIENCE); waited += 1000, now_ms += 1000)
        assert_int_equal(asks(0, 100, 1), span_to_ms(GOVERNOR_LOOK));
    assert_int_equal(asks(0, 100, 1), 0);
}

/* Whatever a journal says: no overflow, and an answer. */
static void hostile_state(void **state)
{
    (void)state;
    governor = (struct governor){INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX / 2};
    members[0] = (struct member){INT64_MAX, INT64_MAX, INT64_MAX};
    dies(0);
    assert_true(asks(0, INT64_MAX, 1) > 0);
    assert_true(asks(1, 0, 0) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(quiet_times, begin),
        cmocka_unit_test_setup(one_that_dies_often_is_not_many, begin),
        cmocka_unit_test_setup(many_within_a_moment, begin),
        cmocka_unit_test_setup(many_over_time, begin),
        cmocka_unit_test_setup(causes, begin),
        cmocka_unit_test_setup(a_queue, begin),
        cmocka_unit_test_setup(lateness, begin),
        cmocka_unit_test_setup(memory, begin),
        cmocka_unit_test_setup(patience, begin),
        cmocka_unit_test_setup(hostile_state, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
