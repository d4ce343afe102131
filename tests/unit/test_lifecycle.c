/* One member's life, event by event: what is done, and what a user would be surprised about. */
// links: tests/unit/stack.o core
#include "tests/unit/stack.h"

static struct stack stack;

static int one(void **state)
{
    *state = &stack;
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

static void restart_with(enum restart restart, int64_t most)
{
    stack.members[0].policy.restart = restart;
    stack.members[0].policy.restart_max = most;
}

static void a_life(void **state)
{
    (void)state;
    STEP(&stack, 0, "shift a WAITING, shift a STARTING, spawn a", ASK(START, 0));
    STEP(&stack, 1, "", FACT(SPAWNED, 0), .pid = 7, READING(.max = 0));
    assert_int_equal(stack.fleet.members[0].pid, 7);
    STEP(&stack, 1, "shift a RUNNING", FACT(EXECED, 0));
    assert_int_equal(stack_deadline_ms(&stack), -1);
    STEP(&stack, 998, "verdict a done, mark a, shift a EXITED, bury a", EXITED(0, 0));
    assert_int_equal(stack.fleet.members[0].last.uptime.ns, 1000 * NSEC_PER_MSEC);
    assert_int_equal(stack.fleet.members[0].pid, 0);
}

static void a_failure_waits_and_comes_back(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "verdict a failed, mark a, shift a BACKOFF, bury a", EXITED(0, 3));
    assert_int_equal(stack_deadline_ms(&stack), 100);
    STEP(&stack, 99, "", .kind = EVENT_TICK);
    STEP(&stack, 1, "shift a STARTING, spawn a", .kind = EVENT_TICK);
    assert_int_equal(stack.fleet.members[0].generation, 2);
    assert_int_equal(stack.fleet.members[0].restarts_all, 1);
}

static void without_backoff_it_comes_back_in_the_same_step(void **state)
{
    (void)state;
    stack.members[0].policy.backoff_initial_ns = 0;
    stack_run(&stack, 0);
    STEP(&stack, 5, "verdict a failed, mark a, shift a STARTING, spawn a, bury a", EXITED(0, 3));
}

static void leftovers_are_killed_first(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "verdict a failed, kill a, shift a KILLING", FACT(DEAD, 0), .known = 1,
         .code = 1, READING(.populated = 1));
    STEP(&stack, 200, "mark a, shift a STARTING, spawn a, bury a", FACT(EMPTY, 0),
         READING(.max = 0)); // the back-off has passed meanwhile
}

static void emptied_before_the_record(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "shift a KILLING", FACT(EMPTY, 0),
         READING(.oom = 1, .oom_kill = 1, .oom_group_kill = 1));
    assert_int_equal(stack_deadline_ms(&stack), 1000);
    STEP(&stack, 1000, "verdict a oom, mark a, shift a BACKOFF, bury a",
         .kind = EVENT_TICK); // the counters tell, although nobody knows the status
}

static void the_record_comes_after_the_emptiness(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "shift a KILLING", FACT(EMPTY, 0), READING(.max = 0));
    STEP(&stack, 5, "verdict a done, mark a, shift a EXITED, bury a", EXITED(0, 0));
    STEP(&stack, 5, "", EXITED(0, 0)); // told twice
    STEP(&stack, 5, "", FACT(EMPTY, 0));
}

static void the_exec_takes_too_long(void **state)
{
    (void)state;
    STEP(&stack, 0, "shift a WAITING, shift a STARTING, spawn a", ASK(START, 0));
    assert_int_equal(stack_deadline_ms(&stack), 30000);
    STEP(&stack, 30000, "kill a, shift a KILLING", .kind = EVENT_TICK);
    STEP(&stack, 5, "verdict a spawn-failed, mark a, shift a BACKOFF, bury a", FACT(DEAD, 0),
         .known = 1, .signal = SIGKILL, READING(.max = 0));
    assert_int_equal(stack.fleet.members[0].last.step, SPAWN_STEP_TIMEOUT);
}

static void cannot_be_born(void **state)
{
    (void)state;
    stack.members[0].policy.backoff_initial_ns = 0;
    STEP(&stack, 0, "shift a WAITING, shift a STARTING, spawn a", ASK(START, 0));
    STEP(&stack, 1, "verdict a spawn-failed, mark a, shift a BACKOFF, bury a",
         FACT(SPAWN_FAILED, 0), .step = SPAWN_STEP_CLONE, .error = 11);
    assert_int_equal(stack_deadline_ms(&stack), 100); // never a fast loop
}

/* The request overtakes the news that nothing was born: nobody waits for a death. */
static void killed_before_it_was_known_not_to_be_born(void **state)
{
    (void)state;
    STEP(&stack, 0, "shift a WAITING, shift a STARTING, spawn a", ASK(START, 0));
    STEP(&stack, 0, "kill a, shift a KILLING", ASK(KILL, 0), .signal = SIGKILL);
    STEP(&stack, 1, "verdict a spawn-failed, mark a, shift a EXITED, bury a", FACT(SPAWN_FAILED, 0),
         .step = SPAWN_STEP_CLONE, .error = 11);
}

static void the_budget_is_kept_and_a_start_renews_it(void **state)
{
    (void)state;
    restart_with(RESTART_ON_FAILURE, 2);
    stack.members[0].policy.backoff_initial_ns = 0;
    stack_run(&stack, 0);
    STEP(&stack, 5, "verdict a failed, mark a, shift a STARTING, spawn a, bury a", EXITED(0, 1));
    STEP(&stack, 5, "verdict a failed, mark a, shift a STARTING, spawn a, bury a", EXITED(0, 1));
    STEP(&stack, 5, "verdict a failed, mark a, shift a HELD, bury a", EXITED(0, 1));
    assert_int_equal(stack_deadline_ms(&stack), -1);
    STEP(&stack, 5, "", ASK(STOP, 0));
    STEP(&stack, 5, "shift a WAITING, shift a STARTING, spawn a", ASK(RESTART, 0));
    STEP(&stack, 5, "verdict a failed, mark a, shift a STARTING, spawn a, bury a", EXITED(0, 1));
}

static void always_means_after_success_too_with_backoff(void **state)
{
    (void)state;
    restart_with(RESTART_ALWAYS, 0);
    stack_run(&stack, 0);
    STEP(&stack, 5, "verdict a done, mark a, shift a BACKOFF, bury a", EXITED(0, 0));
    STEP(&stack, 100, "shift a STARTING, spawn a", .kind = EVENT_TICK);
    STEP(&stack, 5, "verdict a done, mark a, shift a BACKOFF, bury a", EXITED(0, 0));
    assert_int_equal(stack_deadline_ms(&stack), 200);
    STEP(&stack, 200, "shift a STARTING, spawn a", .kind = EVENT_TICK);
    STEP(&stack, 10000, "verdict a done, mark a, shift a BACKOFF, bury a", EXITED(0, 0));
    assert_int_equal(stack_deadline_ms(&stack), 100); // up long enough
}

/* --- requests ----------------------------------------------------------------------------- */

static void stop_asks_and_then_kills(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "signal a 15, shift a STOPPING", ASK(STOP, 0));
    assert_int_equal(stack_deadline_ms(&stack), 10000);
    STEP(&stack, 10000, "kill a, shift a KILLING", .kind = EVENT_TICK);
    STEP(&stack, 5, "verdict a stopped, mark a, shift a EXITED, bury a", FACT(DEAD, 0), .known = 1,
         .signal = SIGKILL, READING(.max = 0));
}

static void a_second_stop_only_hurries(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "signal a 15, shift a STOPPING", ASK(STOP, 0));
    STEP(&stack, 5, "", .kind = EVENT_STOP, .grace_ns = 60 * NSEC_PER_SEC);
    assert_int_equal(stack_deadline_ms(&stack), 9995);
    STEP(&stack, 5, "", .kind = EVENT_STOP, .grace_ns = NSEC_PER_SEC);
    assert_int_equal(stack_deadline_ms(&stack), 1000);
    STEP(&stack, 5, "kill a, shift a KILLING", .kind = EVENT_STOP, .grace_ns = 0);
}

static void stop_during_backoff(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "verdict a failed, mark a, shift a BACKOFF, bury a", EXITED(0, 3));
    STEP(&stack, 5, "shift a EXITED", ASK(STOP, 0));
    assert_int_equal(stack_deadline_ms(&stack), -1);
}

static void start_during_backoff_does_not_wait(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "verdict a failed, mark a, shift a BACKOFF, bury a", EXITED(0, 3));
    STEP(&stack, 5, "shift a STARTING, spawn a", ASK(START, 0));
}

static void start_while_stopping_comes_back(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "signal a 15, shift a STOPPING", ASK(STOP, 0));
    STEP(&stack, 5, "", ASK(START, 0));
    STEP(&stack, 5, "verdict a stopped, mark a, shift a WAITING, bury a, shift a STARTING, spawn a",
         EXITED(0, 0));
}

/* The policy would let it rest, but somebody asked. */
static void start_while_its_leftovers_are_killed_comes_back(void **state)
{
    (void)state;
    restart_with(RESTART_NO, 0);
    stack_run(&stack, 0);
    STEP(&stack, 5, "verdict a failed, kill a, shift a KILLING", FACT(DEAD, 0), .known = 1,
         .code = 1, READING(.populated = 1));
    STEP(&stack, 5, "", ASK(START, 0));
    STEP(&stack, 5, "mark a, shift a WAITING, bury a, shift a STARTING, spawn a", FACT(EMPTY, 0));
}

static void the_last_request_counts(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "signal a 15, shift a STOPPING", ASK(RESTART, 0));
    STEP(&stack, 5, "", ASK(STOP, 0));
    STEP(&stack, 5, "verdict a stopped, mark a, shift a EXITED, bury a", EXITED(0, 0));
}

static void kill_with_the_stop_signal_is_for_good(void **state)
{
    (void)state;
    restart_with(RESTART_ALWAYS, 0);
    stack_run(&stack, 0);
    STEP(&stack, 5, "signal a 15, shift a STOPPING", ASK(KILL, 0), .signal = SIGTERM);
    assert_int_equal(stack_deadline_ms(&stack), -1); // a signal is no stop: nothing follows it
    STEP(&stack, 5, "", .kind = EVENT_DOWN, .grace_ns = EVENT_GRACE_POLICY);
    assert_int_equal(stack_deadline_ms(&stack), 10000); // but now something does
    STEP(&stack, 5, "verdict a stopped, mark a, shift a EXITED, bury a, finish", EXITED(0, 0));
}

static void kill_with_another_signal_is_a_signal(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "signal a 1", ASK(KILL, 0), .signal = SIGHUP);
    assert_int_equal(stack_state(&stack, 0), STATE_RUNNING);
    STEP(&stack, 5, "verdict a crashed, mark a, shift a BACKOFF, bury a", FACT(DEAD, 0), .known = 1,
         .signal = SIGHUP, READING(.max = 0));
}

static void kill_9_of_ours_is_a_stop(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "kill a, shift a KILLING", ASK(KILL, 0), .signal = SIGKILL);
    STEP(&stack, 5, "verdict a stopped, mark a, shift a EXITED, bury a", FACT(DEAD, 0), .known = 1,
         .signal = SIGKILL, READING(.max = 0));
}

/* --- memory ------------------------------------------------------------------------------- */

static void oom_then_kill_9_is_killed(void **state)
{
    (void)state;
    stack.members[0].policy.oom_group = 0;
    stack_run(&stack, 0);
    STEP(&stack, 5, "verdict a oom-child", FACT(MEMORY, 0),
         READING(.oom = 9, .oom_kill = 1, .tree_oom_kill = 1, .populated = 1));
    STEP(&stack, 5, "", FACT(MEMORY, 0),
         READING(.oom = 9, .oom_kill = 1, .tree_oom_kill = 1, .populated = 1));
    STEP(&stack, 2000, "verdict a killed, mark a, shift a BACKOFF, bury a", FACT(DEAD, 0),
         .known = 1, .signal = SIGKILL, READING(.oom = 9, .oom_kill = 1, .tree_oom_kill = 1));
}

/* The notice of its own death comes first and looks like a child's. */
static void the_notice_may_come_before_the_death(void **state)
{
    (void)state;
    stack.members[0].policy.oom_group = 0;
    stack_run(&stack, 0);
    STEP(&stack, 5, "verdict a oom-child", FACT(MEMORY, 0),
         READING(.oom = 9, .oom_kill = 1, .tree_oom_kill = 1, .populated = 1));
    STEP(&stack, 5, "verdict a oom, mark a, shift a BACKOFF, bury a", FACT(DEAD, 0), .known = 1,
         .signal = SIGKILL, READING(.oom = 9, .oom_kill = 1, .tree_oom_kill = 1));
    assert_int_equal(stack.fleet.members[0].last.confidence, CONFIDENCE_PROBABLE);
}

static void what_an_oom_kill_leaves_alive_is_killed(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "", FACT(MEMORY, 0),
         READING(.oom = 1, .oom_kill = 1, .tree_oom_kill = 1, .populated = 1));
    assert_int_equal(stack_deadline_ms(&stack), 1000);
    STEP(&stack, 1000, "kill a, shift a KILLING", .kind = EVENT_TICK);
    STEP(&stack, 5, "verdict a oom, mark a, shift a BACKOFF, bury a", FACT(DEAD, 0), .known = 1,
         .signal = SIGKILL, READING(.oom = 1, .oom_kill = 1, .tree_oom_kill = 1));
}

/* A stop does not make what is left of it wait for the grace period. */
static void oom_and_stop_together(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "", FACT(MEMORY, 0),
         READING(.oom = 1, .oom_kill = 1, .tree_oom_kill = 1, .populated = 1));
    STEP(&stack, 100, "signal a 15, shift a STOPPING", ASK(STOP, 0));
    assert_int_equal(stack_deadline_ms(&stack), 900);
}

static void oom_while_stopping_has_a_deadline(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "signal a 15, shift a STOPPING", ASK(KILL, 0), .signal = SIGTERM);
    STEP(&stack, 5, "", FACT(MEMORY, 0),
         READING(.oom = 1, .oom_kill = 1, .tree_oom_kill = 1, .populated = 1));
    assert_int_equal(stack_deadline_ms(&stack), 1000);
}

/* --- stuck in the kernel ------------------------------------------------------------------ */

static void held_and_let_go(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "kill a, shift a KILLING", ASK(KILL, 0), .signal = SIGKILL);
    STEP(&stack, 500, "examine a", TICK);
    STEP(&stack, 100, "verdict a unkillable, quarantine a, shift a QUARANTINED", STUCK(0),
         .held = 1);
    assert_int_equal(stack_deadline_ms(&stack), 10000);
    STEP(&stack, 5, "kill a", ASK(KILL, 0), .signal = SIGKILL);
    STEP(&stack, 5, "", ASK(RESTART, 0));
    STEP(&stack, 5, "", FACT(EMPTY, 0), READING(.max = 0));
    STEP(&stack, 5, "mark a, shift a WAITING, bury a, shift a STARTING, spawn a", EXITED(0, 0));
    STEP(&stack, 5, "", FACT(RELEASED, 0), .generation = 1);
}

static void held_and_nobody_says_how_it_ended(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "kill a, shift a KILLING", ASK(KILL, 0), .signal = SIGKILL);
    STEP(&stack, 500, "examine a", TICK);
    STEP(&stack, 100, "verdict a unkillable, quarantine a, shift a QUARANTINED", STUCK(0),
         .held = 1);
    STEP(&stack, 5, "", FACT(RELEASED, 0));
    STEP(&stack, 1000, "mark a, shift a EXITED, bury a", TICK);
}

static void down_does_not_wait_for_the_held(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "kill a, shift a KILLING", .kind = EVENT_DOWN, .grace_ns = 0);
    STEP(&stack, 500, "examine a", TICK);
    STEP(&stack, 5, "verdict a unkillable, quarantine a, shift a QUARANTINED, finish", STUCK(0),
         .held = 1);
    STEP(&stack, 5, "", FACT(EMPTY, 0), READING(.max = 0));
    STEP(&stack, 5, "mark a, shift a EXITED, bury a", EXITED(0, 0));
}

static void news_of_another_generation(void **state)
{
    (void)state;
    stack.members[0].policy.backoff_initial_ns = 0;
    stack_run(&stack, 0);
    STEP(&stack, 5, "verdict a failed, mark a, shift a STARTING, spawn a, bury a", EXITED(0, 1));
    for (int kind = EVENT_SPAWNED; kind < EVENTS_COUNT; kind++)
        STEP(&stack, 1, "", .kind = (enum event_kind)kind, .generation = 1);
    assert_int_equal(stack_state(&stack, 0), STATE_STARTING);
}

int main(void)
{
#define LIFE(test) cmocka_unit_test_setup_teardown(test, one, done)
    const struct CMUnitTest tests[] = {
        LIFE(a_life),
        LIFE(a_failure_waits_and_comes_back),
        LIFE(without_backoff_it_comes_back_in_the_same_step),
        LIFE(leftovers_are_killed_first),
        LIFE(emptied_before_the_record),
        LIFE(the_record_comes_after_the_emptiness),
        LIFE(the_exec_takes_too_long),
        LIFE(cannot_be_born),
        LIFE(killed_before_it_was_known_not_to_be_born),
        LIFE(the_budget_is_kept_and_a_start_renews_it),
        LIFE(always_means_after_success_too_with_backoff),
        LIFE(stop_asks_and_then_kills),
        LIFE(a_second_stop_only_hurries),
        LIFE(stop_during_backoff),
        LIFE(start_during_backoff_does_not_wait),
        LIFE(start_while_stopping_comes_back),
        LIFE(start_while_its_leftovers_are_killed_comes_back),
        LIFE(the_last_request_counts),
        LIFE(kill_with_the_stop_signal_is_for_good),
        LIFE(kill_with_another_signal_is_a_signal),
        LIFE(kill_9_of_ours_is_a_stop),
        LIFE(oom_then_kill_9_is_killed),
        LIFE(the_notice_may_come_before_the_death),
        LIFE(what_an_oom_kill_leaves_alive_is_killed),
        LIFE(oom_and_stop_together),
        LIFE(oom_while_stopping_has_a_deadline),
        LIFE(held_and_let_go),
        LIFE(held_and_nobody_says_how_it_ended),
        LIFE(down_does_not_wait_for_the_held),
        LIFE(news_of_another_generation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
