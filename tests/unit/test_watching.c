/* The watch over the recorder. */
// links: supervisor/watching.o core
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "supervisor/watching.h"

static instant at(int64_t seconds)
{
    return instant_add((instant){1}, span_sec(seconds));
}

static void test_asks_seldom_when_idle(void **state)
{
    struct watching watching;
    int64_t second, questions = 0;

    (void)state;
    watching_begin(&watching, at(0));
    for (second = 0; second < 600; second++)
        switch (watching_look(&watching, at(second))) {
        case WATCHING_ASK:
            questions++;
            watching_answer(&watching, watching.asked, 7);
            break;
        case WATCHING_KILL:
            fail();
            break;
        case WATCHING_WAIT:
            break;
        }
    assert_in_range(questions, 600 / 15, 600 / 15 + 2);
}

static void test_asks_often_when_busy(void **state)
{
    struct watching watching;
    int64_t second, questions = 0;

    (void)state;
    watching_begin(&watching, at(0));
    for (second = 0; second < 600; second++)
        if (watching_look(&watching, at(second)) == WATCHING_ASK)
            watching_answer(&watching, watching.asked, (uint32_t)++questions);
    assert_int_equal(questions, 300);
}

/* The second in which it is given up, looked at every second. */
static int64_t given_up(struct watching *watching, int64_t second)
{
    for (; second < 600; second++)
        if (watching_look(watching, at(second)) == WATCHING_KILL)
            return second;
    return -1;
}

static void test_gives_up_who_is_silent(void **state)
{
    struct watching watching;

    (void)state;
    watching_begin(&watching, at(0));
    assert_int_equal(given_up(&watching, 0), 10);
    watching_begin(&watching, at(0));
    assert_int_equal(watching_look(&watching, at(0)), WATCHING_ASK);
    watching_answer(&watching, watching.asked, 0); // idle from now on
    assert_int_equal(given_up(&watching, 1), 2 + 15 + 2);
}

static void test_a_late_answer_is_one(void **state)
{
    struct watching watching;

    (void)state;
    watching_begin(&watching, at(0));
    assert_int_equal(watching_look(&watching, at(0)), WATCHING_ASK);
    assert_int_equal(watching_look(&watching, at(2)), WATCHING_WAIT);
    assert_int_equal(watching_look(&watching, at(9)), WATCHING_WAIT);
    watching_answer(&watching, watching.asked, 1);
    assert_int_equal(watching_look(&watching, at(11)), WATCHING_ASK);
}

static void test_an_old_answer_is_none(void **state)
{
    struct watching watching;

    (void)state;
    watching_begin(&watching, at(0));
    assert_int_equal(watching_look(&watching, at(0)), WATCHING_ASK);
    watching_answer(&watching, watching.asked - 1, 1);
    watching_answer(&watching, watching.asked + 1, 1);
    assert_int_equal(given_up(&watching, 1), 10);
}

/* We were stopped ourselves, or the whole machine was: one look more. */
static void test_our_own_sleep_is_not_its_silence(void **state)
{
    struct watching watching;

    (void)state;
    watching_begin(&watching, at(0));
    assert_int_equal(watching_look(&watching, at(0)), WATCHING_ASK);
    assert_int_equal(watching_look(&watching, at(1000)), WATCHING_WAIT);
    watching_answer(&watching, watching.asked, 1);
    assert_int_equal(watching_look(&watching, at(1002)), WATCHING_ASK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asks_seldom_when_idle),
        cmocka_unit_test(test_asks_often_when_busy),
        cmocka_unit_test(test_gives_up_who_is_silent),
        cmocka_unit_test(test_a_late_answer_is_one),
        cmocka_unit_test(test_an_old_answer_is_none),
        cmocka_unit_test(test_our_own_sleep_is_not_its_silence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
