/* x-bulkhead.oom: what comes of it when the kernel kills for memory. */
// links: tests/unit/stack.o core
#include "tests/unit/stack.h"

static struct stack stack;

static int one(void **state)
{
    (void)state;
    stack_init(&stack, 1);
    stack_start(&stack);
    return 0;
}

static int two(void **state)
{
    (void)state;
    stack_init(&stack, 2);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stack_finish(&stack);
    return 0;
}

static const struct verdict *last(void)
{
    return &stack.fleet.members[0].last;
}

static void assert_told(const char *sentence)
{
    char text[256];

    verdict_sentence(last(), text, sizeof(text));
    assert_string_equal(text, sentence);
}

/* At its own limit `kills` processes have been killed one by one, and it lives on. */
#define CHILDREN(kills) \
    FACT(MEMORY, 0),    \
        READING(.oom = (kills), .oom_kill = (kills), .tree_oom_kill = (kills), .populated = 1)

static void live_on(int64_t victims, int64_t within_ms)
{
    struct policy *policy = &stack.members[0].policy;

    policy->oom_group = 0;
    policy->oom_policy = OOM_CONTINUE;
    policy->oom_victims = victims;
    policy->oom_within_ns = within_ms * NSEC_PER_MSEC;
    stack_run(&stack, 0);
}

static void die_again(int64_t kills)
{
    STEP(&stack, 5, "verdict a oom, mark a, shift a BACKOFF, bury a", FACT(DEAD, 0), .known = 1,
         .signal = SIGKILL, READING(.oom = kills, .oom_kill = kills, .tree_oom_kill = kills));
}

static void a_victim_is_told_and_the_service_lives(void **state)
{
    (void)state;
    live_on(0, 1000);
    for (int64_t kills = 1; kills < 100; kills++)
        STEP(&stack, 1, "verdict a oom-child", CHILDREN(kills));
    assert_int_equal(stack_deadline_ms(&stack), -1);
}

static void so_many_within_the_time_are_a_death(void **state)
{
    (void)state;
    live_on(3, 10000);
    STEP(&stack, 5, "verdict a oom-child", CHILDREN(1));
    STEP(&stack, 5000, "verdict a oom-child", CHILDREN(2));
    STEP(&stack, 5001, "verdict a oom-child", CHILDREN(3)); // the first one is too long ago
    STEP(&stack, 4999, "kill a, shift a KILLING", CHILDREN(4));
    die_again(4);
    assert_int_equal(last()->victims, 3);
    assert_int_equal(last()->confidence, CONFIDENCE_CERTAIN);
    assert_told("ended with all its processes: the kernel had killed 3 of them at its own memory "
                "limit after 15.0 s");
}

static void several_at_once_count_each(void **state)
{
    (void)state;
    live_on(3, 10000);
    STEP(&stack, 5, "kill a, shift a KILLING", CHILDREN(5));
    die_again(5);
}

/* They died in the incarnation before. */
static void the_next_one_begins_anew(void **state)
{
    (void)state;
    live_on(2, 60000);
    STEP(&stack, 5, "verdict a oom-child", CHILDREN(1));
    STEP(&stack, 2000, "verdict a killed, mark a, shift a BACKOFF, bury a", FACT(DEAD, 0),
         .known = 1, .signal = SIGKILL, READING(.oom = 1, .oom_kill = 1, .tree_oom_kill = 1));
    STEP(&stack, 100, "shift a STARTING, spawn a", TICK);
    STEP(&stack, 1, "", FACT(SPAWNED, 0), .pid = 9, READING(.max = 0));
    STEP(&stack, 1, "shift a RUNNING", FACT(EXECED, 0));
    STEP(&stack, 5, "verdict a oom-child", CHILDREN(1));
}

static void the_main_process_is_the_service(void **state)
{
    (void)state;
    live_on(0, 1000);
    STEP(&stack, 5, "verdict a oom, kill a, shift a KILLING", FACT(DEAD, 0), .known = 1,
         .signal = SIGKILL, READING(.oom = 1, .oom_kill = 1, .tree_oom_kill = 1, .populated = 1));
    STEP(&stack, 5, "mark a, shift a BACKOFF, bury a", FACT(EMPTY, 0), READING(.max = 0));
}

/* One thread is stuck in the kernel: the signal is all there is to be seen of the death. */
static void a_main_process_that_cannot_die(void **state)
{
    (void)state;
    live_on(0, 1000);
    STEP(&stack, 5, "", CHILDREN(1), .dying = 1);
    assert_int_equal(stack_deadline_ms(&stack), 1000);
    STEP(&stack, 1000, "kill a, shift a KILLING", TICK);
    STEP(&stack, 5, "verdict a oom, mark a, shift a BACKOFF, bury a", FACT(DEAD, 0), .known = 1,
         .signal = SIGKILL, READING(.oom = 1, .oom_kill = 1, .tree_oom_kill = 1));
}

/* Its SIGKILL was not to be seen yet when the kill was told as a child's. */
static void the_second_look_sees_it(void **state)
{
    (void)state;
    live_on(0, 1000);
    STEP(&stack, 5, "verdict a oom-child", CHILDREN(1));
    STEP(&stack, 1500, "", CHILDREN(1), .dying = 1);
    STEP(&stack, 1000, "kill a, shift a KILLING", TICK);
    die_again(1);
}

static void stop_holds_it(void **state)
{
    (void)state;
    stack.members[0].policy.oom_policy = OOM_STOP;
    stack.members[0].policy.restart = RESTART_ALWAYS;
    stack_run(&stack, 0);
    STEP(&stack, 5, "verdict a oom, mark a, shift a HELD, bury a", FACT(DEAD, 0), .known = 1,
         .signal = SIGKILL, READING(.oom = 1, .oom_kill = 1, .tree_oom_kill = 1));
    assert_int_equal(last()->next, NEXT_OOM_STOP);
    STEP(&stack, 5, "shift a WAITING, shift a STARTING, spawn a", ASK(START, 0));
    STEP(&stack, 1, "", FACT(SPAWNED, 0), .pid = 9, READING(.max = 0));
    STEP(&stack, 1, "shift a RUNNING", FACT(EXECED, 0));
    STEP(&stack, 5, "verdict a failed, mark a, shift a BACKOFF, bury a", EXITED(0, 3));
}

static void asked_to_stop_it_is_not_held(void **state)
{
    (void)state;
    stack.members[0].policy.oom_policy = OOM_STOP;
    stack_run(&stack, 0);
    STEP(&stack, 5, "signal a 15, shift a STOPPING", ASK(STOP, 0));
    STEP(&stack, 5, "verdict a oom, mark a, shift a EXITED, bury a", FACT(DEAD, 0), .known = 1,
         .signal = SIGKILL, READING(.oom = 1, .oom_kill = 1, .tree_oom_kill = 1));
}

/* The last verdict of one that waits to come back says nothing about what becomes of it now. */
static void one_that_was_held_is_stopped_with_the_stack(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        stack.members[i].policy.intensity[CAUSE_ANY] = (struct intensity){
            .max_restarts = 0, .window_ns = NSEC_PER_SEC, .then = THEN_STOP_STACK};
    stack_need(&stack, 1, 0, NEED_STARTED, false);
    stack_start(&stack);
    stack_run(&stack, 0);
    stack_run(&stack, 1);
    STEP(&stack, 5, "verdict b failed, mark b, shift b HELD, bury b, signal a 15, shift a STOPPING",
         EXITED(1, 1));
    STEP(&stack, 5, "verdict a stopped, mark a, shift a EXITED, bury a", EXITED(0, 0));
    STEP(&stack, 5, "shift b WAITING, shift a WAITING, shift a STARTING, spawn a", ASK(START, 1));
    STEP(&stack, 5, "verdict a failed, mark a, shift a HELD, bury a, shift b EXITED", EXITED(0, 1));
    assert_int_equal(stack_state(&stack, 1), STATE_EXITED);
}

#define LIFE(name) cmocka_unit_test_setup_teardown(name, one, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(a_victim_is_told_and_the_service_lives),
        LIFE(so_many_within_the_time_are_a_death),
        LIFE(several_at_once_count_each),
        LIFE(the_next_one_begins_anew),
        LIFE(the_main_process_is_the_service),
        LIFE(a_main_process_that_cannot_die),
        LIFE(the_second_look_sees_it),
        LIFE(stop_holds_it),
        LIFE(asked_to_stop_it_is_not_held),
        cmocka_unit_test_setup_teardown(one_that_was_held_is_stopped_with_the_stack, two,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
