/* What the kernel does not let end: when it is given up, what becomes of its service, and that it
 * is not forgotten. */
// links: tests/unit/stack.o core

#include "core/quarantine.h"
#include "tests/unit/stack.h"

static struct stack stack;

static int one(void **state)
{
    (void)state;
    stack_init(&stack, 1);
    stack_start(&stack);
    return 0;
}

static int done(void **state)
{
    (void)state;
    stack_finish(&stack);
    return 0;
}

/* Killed, and still there when it is looked at. */
static void be_looked_at(void)
{
    stack_run(&stack, 0);
    STEP(&stack, 5, "kill a, shift a KILLING", .kind = EVENT_RESTART);
    STEP(&stack, 299, "", TICK);
    STEP(&stack, 1, "examine a", TICK);
}

static uint32_t left(void)
{
    return quarantine_count(&stack.fleet.members[0]);
}

#define LEFT_AND_AGAIN \
    "verdict a unkillable, quarantine a, mark a, shift a WAITING, shift a STARTING, spawn a"

static void one_that_holds_nothing_is_left_behind(void **state)
{
    (void)state;
    be_looked_at();
    STEP(&stack, 100, LEFT_AND_AGAIN, STUCK(0));
    assert_int_equal(left(), 1);
    assert_true(quarantine_has(&stack.fleet.members[0], 1));
    STEP(&stack, 5, "", FACT(EMPTY, 0), .generation = 1, READING(.max = 0)); // of history
    STEP(&stack, 9000, "bury a", FACT(RELEASED, 0), .generation = 1);
    assert_int_equal(left(), 0);
    STEP(&stack, 1, "", FACT(RELEASED, 0), .generation = 1);
    assert_int_equal(stack_state(&stack, 0), STATE_STARTING);
}

static void one_that_takes_its_time_has_it(void **state)
{
    (void)state;
    be_looked_at();
    for (int i = 0; i < 18; i++) {
        STEP(&stack, 10, "", FACT(EXAMINED, 0), .known = 1);
        assert_int_equal(stack_deadline_ms(&stack), 500);
        STEP(&stack, 500, "examine a", TICK);
    }
    STEP(&stack, 10,
         "verdict a stopped, mark a, shift a WAITING, bury a, shift a STARTING, spawn a",
         FACT(DEAD, 0), .known = 1, .signal = SIGKILL, READING(.max = 0));
    assert_int_equal(left(), 0);
}

static void but_not_for_ever(void **state)
{
    (void)state;
    be_looked_at();
    STEP(&stack, 9400, "", FACT(EXAMINED, 0), .known = 1);
    STEP(&stack, 500, "examine a", TICK); // too late, by the clock of a busy host
    STEP(&stack, 1000, LEFT_AND_AGAIN, FACT(EXAMINED, 0), .known = 1);
}

static void who_cannot_be_looked_at_is_waited_for(void **state)
{
    (void)state;
    be_looked_at();
    STEP(&stack, 3000, "examine a", TICK); // no answer
    STEP(&stack, 1, "", FACT(EXAMINED, 0));
    STEP(&stack, 500, "examine a", TICK);
    STEP(&stack, 3000, "examine a", TICK);
    STEP(&stack, 3000, "examine a", TICK);
    STEP(&stack, 3000, "examine a", TICK);
    STEP(&stack, 3000, "verdict a unkillable, quarantine a, shift a QUARANTINED", TICK);
    STEP(&stack, 10000, "examine a", TICK);
    STEP(&stack, 1, "", FACT(EXAMINED, 0));
    assert_int_equal(stack_deadline_ms(&stack), 10000);
    STEP(&stack, 10000, "examine a", TICK);
    STEP(&stack, 1, "mark a, shift a WAITING, shift a STARTING, spawn a", STUCK(0));
    assert_int_equal(left(), 1);
}

static void what_it_holds_may_be_let_go_before_it_is(void **state)
{
    (void)state;
    be_looked_at();
    STEP(&stack, 1, "verdict a unkillable, quarantine a, shift a QUARANTINED", STUCK(0), .held = 1);
    STEP(&stack, 10000, "examine a", TICK);
    STEP(&stack, 1, "", STUCK(0), .held = 1);
    STEP(&stack, 10000, "examine a", TICK);
    STEP(&stack, 1, "mark a, shift a WAITING, shift a STARTING, spawn a", STUCK(0));
    STEP(&stack, 1, "bury a", FACT(RELEASED, 0), .generation = 1);
}

/* Only a process of it is stuck: its death keeps its name, and its restart its place. */
static void leftovers_of_a_crash(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "verdict a failed, kill a, shift a KILLING", FACT(DEAD, 0), .known = 1,
         .code = 1, READING(.populated = 1));
    STEP(&stack, 500, "examine a", TICK);
    STEP(&stack, 1, "quarantine a, mark a, shift a STARTING, spawn a", STUCK(0));
    assert_int_equal(stack.fleet.members[0].last.kind, VERDICT_FAILED);
}

static void one_that_is_not_wanted_rests(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "kill a, shift a KILLING", .kind = EVENT_DOWN);
    STEP(&stack, 500, "examine a", TICK);
    STEP(&stack, 1, "verdict a unkillable, quarantine a, mark a, shift a EXITED, finish", STUCK(0));
}

static void no_more_than_four(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < LEFT_BEHIND_MAX; i++) {
        if (i == 0) {
            be_looked_at();
        } else {
            STEP(&stack, 5, "kill a, shift a KILLING", ASK(KILL, 0), .signal = SIGKILL);
            STEP(&stack, 5, "", ASK(START, 0));
            STEP(&stack, 500, "examine a", TICK);
        }
        STEP(&stack, 1, LEFT_AND_AGAIN, STUCK(0));
    }
    assert_int_equal(left(), LEFT_BEHIND_MAX);
    STEP(&stack, 5, "kill a, shift a KILLING", ASK(KILL, 0), .signal = SIGKILL);
    STEP(&stack, 5, "", ASK(START, 0));
    STEP(&stack, 500, "examine a", TICK);
    STEP(&stack, 1, "verdict a unkillable, quarantine a, shift a QUARANTINED", STUCK(0));
    STEP(&stack, 1, "bury a, mark a, shift a WAITING, shift a STARTING, spawn a", FACT(RELEASED, 0),
         .generation = 3);
    assert_int_equal(left(), LEFT_BEHIND_MAX);
    assert_false(quarantine_has(&stack.fleet.members[0], 3));
    assert_true(quarantine_has(&stack.fleet.members[0], 5));
}

/* `rm` and the like forget a service, and not that something of it is still there. */
static void forgotten_but_for_what_is_left(void **state)
{
    (void)state;
    one_that_is_not_wanted_rests(state);
    STEP(&stack, 1, "shift a CREATED", ASK(FORGET, 0));
    assert_int_equal(left(), 1);
    STEP(&stack, 1, "bury a", FACT(RELEASED, 0), .generation = 1);
}

#define LIFE(name) cmocka_unit_test_setup_teardown(name, one, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(one_that_holds_nothing_is_left_behind),
        LIFE(one_that_takes_its_time_has_it),
        LIFE(but_not_for_ever),
        LIFE(who_cannot_be_looked_at_is_waited_for),
        LIFE(what_it_holds_may_be_let_go_before_it_is),
        LIFE(leftovers_of_a_crash),
        LIFE(one_that_is_not_wanted_rests),
        LIFE(no_more_than_four),
        LIFE(forgotten_but_for_what_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
