/* Who is told of a death, step by step: on_oom of kills for memory, on_hold of a member that is
 * held. */
// links: tests/unit/stack.o core
#include "tests/unit/stack.h"

static struct stack stack;

#define KILLED_FOR_MEMORY \
    FACT(DEAD, 0), .known = 1, .signal = SIGKILL, READING(.oom = 1, .oom_kill = 1)

/* a runs, wants to hear of both, and restarts twice at most. */
static int begin(void **state)
{
    (void)state;
    stack_init(&stack, 1);
    stack.members[0].policy.on_oom = stack.members[0].policy.on_hold = 1;
    stack.members[0].policy.restart_max = 1;
    stack_start(&stack);
    stack_run(&stack, 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    stack_finish(&stack);
    return 0;
}

static void run_again(void)
{
    STEP(&stack, 1000, "shift a STARTING, spawn a", TICK);
    STEP(&stack, 5, "", FACT(SPAWNED, 0), .pid = 100, READING(.max = 0));
    STEP(&stack, 5, "shift a RUNNING", FACT(EXECED, 0));
}

static void a_kill_for_memory(void **state)
{
    (void)state;
    STEP(&stack, 5000, "verdict a oom, report a on_oom, mark a, shift a BACKOFF, bury a",
         KILLED_FOR_MEMORY);
    run_again();
}

static void no_other_death(void **state)
{
    (void)state;
    STEP(&stack, 5000, "verdict a crashed, mark a, shift a BACKOFF, bury a", FACT(DEAD, 0),
         .known = 1, .signal = SIGSEGV, READING(.max = 0));
}

static void a_process_of_it(void **state)
{
    (void)state;
    stack.members[0].policy.oom_group = 0;
    STEP(&stack, 5, "verdict a oom-child, report a on_oom", FACT(MEMORY, 0),
         READING(.oom = 9, .oom_kill = 1, .tree_oom_kill = 1, .populated = 1));
}

static void held_after_the_last_restart(void **state)
{
    (void)state;
    STEP(&stack, 5, "verdict a failed, mark a, shift a BACKOFF, bury a", EXITED(0, 1));
    run_again();
    STEP(&stack, 5, "verdict a failed, mark a, shift a HELD, report a on_hold, bury a",
         EXITED(0, 1));
}

static void both_at_once(void **state)
{
    (void)state;
    STEP(&stack, 5, "verdict a failed, mark a, shift a BACKOFF, bury a", EXITED(0, 1));
    run_again();
    STEP(&stack, 5,
         "verdict a oom, report a on_oom, mark a, shift a HELD, report a on_hold, bury a",
         KILLED_FOR_MEMORY);
}

static void resting_is_not_held(void **state)
{
    (void)state;
    stack.members[0].policy.restart = RESTART_NO;
    STEP(&stack, 5, "verdict a failed, mark a, shift a EXITED, bury a", EXITED(0, 1));
}

static void who_did_not_ask_is_not_told(void **state)
{
    (void)state;
    stack.members[0].policy.on_oom = stack.members[0].policy.on_hold = 0;
    stack.fleet.members[0].restarts = 1;
    STEP(&stack, 5, "verdict a oom, mark a, shift a HELD, bury a", KILLED_FOR_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_kill_for_memory, begin, end),
        cmocka_unit_test_setup_teardown(no_other_death, begin, end),
        cmocka_unit_test_setup_teardown(a_process_of_it, begin, end),
        cmocka_unit_test_setup_teardown(held_after_the_last_restart, begin, end),
        cmocka_unit_test_setup_teardown(both_at_once, begin, end),
        cmocka_unit_test_setup_teardown(resting_is_not_held, begin, end),
        cmocka_unit_test_setup_teardown(who_did_not_ask_is_not_told, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
