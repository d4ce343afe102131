/* x-bulkhead.start_timeout: from birth until the program runs and its post_start hooks are done. */
// links: tests/unit/stack.o core
#include "tests/unit/stack.h"

static struct stack stack;

static int one(void **state)
{
    (void)state;
    stack_init(&stack, 1);
    stack.members[0].policy.start_timeout_ns = 5 * NSEC_PER_SEC;
    stack_start(&stack);
    return 0;
}

static int done(void **state)
{
    (void)state;
    stack_finish(&stack);
    return 0;
}

static void killed_in_time(const char *expected)
{
    STEP(&stack, 1, expected, FACT(DEAD, 0), .known = 1, .signal = SIGKILL, READING(.max = 0));
    assert_int_equal(stack.fleet.members[0].last.kind, VERDICT_START_TIMEOUT);
}

static void begin(void)
{
    STEP(&stack, 0, "shift a WAITING, shift a STARTING, spawn a", ASK(START, 0));
    STEP(&stack, 1, "", FACT(SPAWNED, 0), .pid = 7, READING(.max = 0));
}

static void one_that_never_becomes_the_program(void **state)
{
    (void)state;
    begin();
    assert_int_equal(stack_deadline_ms(&stack), 4999);
    STEP(&stack, 4999, "kill a, shift a KILLING", TICK);
    killed_in_time("verdict a start-timeout, mark a, shift a BACKOFF, bury a");
}

static void a_hook_that_takes_too_long(void **state)
{
    (void)state;
    stack.members[0].policy.post_start = 1;
    begin();
    STEP(&stack, 1, "shift a RUNNING, hook a post_start 0", FACT(EXECED, 0));
    assert_int_equal(stack_deadline_ms(&stack), 4998);
    STEP(&stack, 4998, "kill a, end-aide a, shift a KILLING", TICK);
    killed_in_time("verdict a start-timeout, mark a, shift a BACKOFF, bury a");
}

static void one_that_is_there(void **state)
{
    (void)state;
    stack.members[0].policy.post_start = 1;
    begin();
    STEP(&stack, 1, "shift a RUNNING, hook a post_start 0", FACT(EXECED, 0));
    STEP(&stack, 4000, "", ENDED(HOOKED, 0, 0), .hook = AIDE_POST_START);
    assert_int_equal(stack_deadline_ms(&stack), -1);
    STEP(&stack, 60000, "", TICK);
    assert_int_equal(stack_state(&stack, 0), STATE_RUNNING);
}

static void without_hooks_the_program_is_enough(void **state)
{
    (void)state;
    begin();
    STEP(&stack, 1, "shift a RUNNING", FACT(EXECED, 0));
    assert_int_equal(stack_deadline_ms(&stack), -1);
}

/* It was up for long, but it was never there: the back-off grows. */
static void it_was_never_up(void **state)
{
    (void)state;
    stack.members[0].policy.start_timeout_ns = 60 * NSEC_PER_SEC;
    begin();
    STEP(&stack, 59999, "kill a, shift a KILLING", TICK);
    killed_in_time("verdict a start-timeout, mark a, shift a BACKOFF, bury a");
    STEP(&stack, 100, "shift a STARTING, spawn a", TICK);
    STEP(&stack, 60000, "kill a, shift a KILLING", TICK);
    killed_in_time("verdict a start-timeout, mark a, shift a BACKOFF, bury a");
    assert_int_equal(stack.fleet.members[0].last.delay.ns, 200 * NSEC_PER_MSEC);
}

/* A SIGKILL that was sent stays sent, whatever is sent after it. */
static void a_signal_after_sigkill_changes_nothing(void **state)
{
    (void)state;
    stack.members[0].policy.stop_signal = SIGKILL;
    stack_run(&stack, 0);
    STEP(&stack, 1, "signal a 9, shift a STOPPING", ASK(STOP, 0));
    STEP(&stack, 1, "signal a 1", ASK(KILL, 0), .signal = SIGHUP);
    STEP(&stack, 1, "verdict a stopped, mark a, shift a EXITED, bury a", FACT(DEAD, 0), .known = 1,
         .signal = SIGKILL, READING(.max = 0));
    assert_int_equal(stack.fleet.members[0].last.confidence, CONFIDENCE_CERTAIN);
}

/* What the kernel counted for one that cannot die is told with it. */
static void evidence_of_the_unkillable(void **state)
{
    char text[160];

    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "", FACT(MEMORY, 0),
         READING(.oom = 1, .oom_kill = 1, .tree_oom_kill = 1, .peak_bytes = 9, .populated = 1));
    STEP(&stack, 1000, "kill a, shift a KILLING", TICK);
    STEP(&stack, 500, "examine a", TICK);
    STEP(&stack, 1, "verdict a unkillable, quarantine a, shift a QUARANTINED", STUCK(0), .held = 1);
    assert_int_equal(stack.fleet.members[0].last.oom_kill, 1);
    assert_int_equal(stack.fleet.members[0].last.peak_bytes, 9);
    verdict_sentence(&stack.fleet.members[0].last, text, sizeof(text));
    assert_non_null(strstr(text, "after it was to be killed for memory"));
}

#define LIFE(name) cmocka_unit_test_setup_teardown(name, one, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(one_that_never_becomes_the_program),
        LIFE(a_hook_that_takes_too_long),
        LIFE(one_that_is_there),
        LIFE(without_hooks_the_program_is_enough),
        LIFE(it_was_never_up),
        LIFE(a_signal_after_sigkill_changes_nothing),
        LIFE(evidence_of_the_unkillable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
