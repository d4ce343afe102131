/* Members together: who waits for whom, who goes first, and who is left alone. */
// links: tests/unit/stack.o core
#include "tests/unit/stack.h"

static struct stack stack;

/* b needs a, c needs b: a chain. */
static int chain(void **state)
{
    *state = &stack;
    stack_init(&stack, 3);
    stack_need(&stack, 1, 0, NEED_STARTED, false);
    stack_need(&stack, 2, 1, NEED_STARTED, false);
    stack_start(&stack);
    return 0;
}

/* b needs a and c needs b to be completed; c needs nothing else. */
static int job(void **state)
{
    *state = &stack;
    stack_init(&stack, 3);
    stack_need(&stack, 1, 0, NEED_STARTED, false);
    stack_need(&stack, 2, 1, NEED_COMPLETED, false);
    stack_start(&stack);
    return 0;
}

/* b needs a, but can do without. */
static int optional(void **state)
{
    *state = &stack;
    stack_init(&stack, 2);
    stack_need(&stack, 1, 0, NEED_STARTED, true);
    stack_start(&stack);
    return 0;
}

static int done(void **state)
{
    (void)state;
    stack_finish(&stack);
    return 0;
}

static void born(uint32_t member)
{
    stack_tell(&stack, (struct event){FACT(SPAWNED, member), .pid = 9, READING(.max = 0)});
    assert_string_equal(stack.told, "");
}

static void run_chain(void)
{
    stack_run(&stack, 0);
    stack_run(&stack, 1);
    stack_run(&stack, 2);
}

static void gates_open_one_after_the_other(void **state)
{
    (void)state;
    STEP(&stack, 0, "shift c WAITING, shift b WAITING, shift a WAITING, shift a STARTING, spawn a",
         ASK(START, 2)); // what it needs is started with it
    assert_int_equal(fleet_waits_for(&stack.fleet, 2), 1);
    born(0);
    STEP(&stack, 1, "shift a RUNNING, shift b STARTING, spawn b", FACT(EXECED, 0));
    born(1);
    STEP(&stack, 1, "shift b RUNNING, shift c STARTING, spawn c", FACT(EXECED, 1));
    assert_int_equal(fleet_waits_for(&stack.fleet, 2), -1);
}

static void down_goes_backwards_and_finishes_once(void **state)
{
    (void)state;
    run_chain();
    STEP(&stack, 1, "signal c 15, shift c STOPPING", .kind = EVENT_DOWN,
         .grace_ns = EVENT_GRACE_POLICY);
    STEP(&stack, 1, "", ASK(START, 2)); // too late
    STEP(&stack, 1,
         "verdict c stopped, mark c, shift c EXITED, bury c, signal b 15, shift b STOPPING",
         EXITED(2, 0));
    STEP(&stack, 10000, "kill b, shift b KILLING", .kind = EVENT_TICK);
    STEP(&stack, 1,
         "verdict b stopped, mark b, shift b EXITED, bury b, signal a 15, shift a STOPPING",
         FACT(DEAD, 1), .known = 1, .signal = SIGKILL, READING(.max = 0));
    STEP(&stack, 1, "verdict a stopped, mark a, shift a EXITED, bury a, finish", EXITED(0, 0));
    STEP(&stack, 1, "", .kind = EVENT_DOWN, .grace_ns = 0);
    assert_true(stack.fleet.finished);
}

static void down_with_nobody_up_finishes_at_once(void **state)
{
    (void)state;
    STEP(&stack, 1, "finish", .kind = EVENT_DOWN, .grace_ns = EVENT_GRACE_POLICY);
}

static void a_second_down_kills_all_at_once(void **state)
{
    (void)state;
    run_chain();
    STEP(&stack, 1, "signal c 15, shift c STOPPING", .kind = EVENT_DOWN,
         .grace_ns = EVENT_GRACE_POLICY);
    STEP(&stack, 1, "kill c, shift c KILLING, kill a, shift a KILLING, kill b, shift b KILLING",
         .kind = EVENT_DOWN, .grace_ns = 0);
}

static void stop_of_one_touches_nobody_else(void **state)
{
    (void)state;
    run_chain();
    STEP(&stack, 1, "signal a 15, shift a STOPPING", ASK(STOP, 0));
    assert_int_equal(stack_state(&stack, 1), STATE_RUNNING);
    STEP(&stack, 1, "verdict a stopped, mark a, shift a EXITED, bury a", EXITED(0, 0));
}

static void a_death_touches_nobody_else(void **state)
{
    (void)state;
    run_chain();
    STEP(&stack, 1, "verdict a failed, mark a, shift a BACKOFF, bury a", EXITED(0, 1));
    STEP(&stack, 100, "shift a STARTING, spawn a", .kind = EVENT_TICK);
    assert_int_equal(stack_state(&stack, 1), STATE_RUNNING);
    assert_int_equal(stack.fleet.members[1].generation, 1);
}

/* A whole stack is restarted: nobody comes back to what is just about to leave. */
static void restart_of_all_keeps_the_order_both_ways(void **state)
{
    (void)state;
    run_chain();
    STEP(&stack, 1, "", ASK(RESTART, 0), .more = 1);
    STEP(&stack, 0, "", ASK(RESTART, 1), .more = 1);
    STEP(&stack, 0, "signal c 15, shift c STOPPING", ASK(RESTART, 2));
    STEP(&stack, 1,
         "verdict c stopped, mark c, shift c WAITING, bury c, signal b 15, shift b STOPPING",
         EXITED(2, 0));
    STEP(&stack, 1,
         "verdict b stopped, mark b, shift b WAITING, bury b, signal a 15, shift a STOPPING",
         EXITED(1, 0));
    STEP(&stack, 1, "verdict a stopped, mark a, shift a WAITING, bury a, shift a STARTING, spawn a",
         EXITED(0, 0));
    born(0);
    STEP(&stack, 1, "shift a RUNNING, shift b STARTING, spawn b", FACT(EXECED, 0));
}

/* What a restarted member needs may have gone meanwhile: it would wait for it in vain. */
static void restart_brings_back_what_is_needed(void **state)
{
    (void)state;
    run_chain();
    STEP(&stack, 1, "signal a 15, shift a STOPPING", ASK(STOP, 0));
    STEP(&stack, 1, "verdict a stopped, mark a, shift a EXITED, bury a", EXITED(0, 0));
    STEP(&stack, 1, "shift a WAITING, shift a STARTING, spawn a, signal b 15, shift b STOPPING",
         ASK(RESTART, 1));
}

static void start_brings_back_what_is_held(void **state)
{
    (void)state;
    stack.members[0].policy.restart_max = 1;
    stack.members[0].policy.backoff_initial_ns = 0;
    stack_run(&stack, 0);
    STEP(&stack, 1, "verdict a failed, mark a, shift a STARTING, spawn a, bury a", EXITED(0, 1));
    STEP(&stack, 1, "verdict a failed, mark a, shift a HELD, bury a", EXITED(0, 1));
    STEP(&stack, 1, "shift b WAITING, shift a WAITING, shift a STARTING, spawn a", ASK(START, 1));
}

/* Sent a signal and nothing more, b may stay as it is for ever. */
static void nobody_waits_for_what_was_only_sent_a_signal(void **state)
{
    (void)state;
    run_chain();
    STEP(&stack, 1, "signal b 15, shift b STOPPING", ASK(KILL, 1), .signal = SIGTERM);
    STEP(&stack, 1, "signal a 15, shift a STOPPING", ASK(STOP, 0));
}

/* b is to go after c; a signal in between does not take its deadline away. */
static void a_signal_does_not_undo_a_stop(void **state)
{
    (void)state;
    run_chain();
    STEP(&stack, 1, "signal c 15, shift c STOPPING", .kind = EVENT_DOWN,
         .grace_ns = 5 * NSEC_PER_SEC);
    STEP(&stack, 1000, "signal b 15, shift b STOPPING", ASK(KILL, 1), .signal = SIGTERM);
    STEP(&stack, 4000, "kill c, shift c KILLING", .kind = EVENT_TICK);
    STEP(&stack, 1000, "kill b, shift b KILLING, examine c", .kind = EVENT_TICK);
}

static void start_takes_back_a_stop_that_is_held_back(void **state)
{
    (void)state;
    run_chain();
    STEP(&stack, 1, "signal c 15, shift c STOPPING", ASK(STOP, 2));
    STEP(&stack, 1, "", ASK(STOP, 1)); // c goes first
    STEP(&stack, 1, "", ASK(START, 1));
    STEP(&stack, 1, "verdict c stopped, mark c, shift c EXITED, bury c", EXITED(2, 0));
    assert_int_equal(stack_state(&stack, 1), STATE_RUNNING);
}

static void start_leaves_a_restart_that_is_held_back(void **state)
{
    (void)state;
    run_chain();
    STEP(&stack, 1, "signal c 15, shift c STOPPING", ASK(STOP, 2));
    STEP(&stack, 1, "", ASK(RESTART, 1));
    STEP(&stack, 1, "", ASK(START, 1));
    STEP(&stack, 1,
         "verdict c stopped, mark c, shift c EXITED, bury c, signal b 15, shift b STOPPING",
         EXITED(2, 0));
}

/* --- completed ---------------------------------------------------------------------------- */

static void run_job(void)
{
    stack_run(&stack, 0);
    stack_run(&stack, 1);
    STEP(&stack, 1, "shift c WAITING", ASK(START, 2));
}

static void completed_opens(void **state)
{
    (void)state;
    run_job();
    STEP(&stack, 1, "verdict b done, mark b, shift b EXITED, bury b, shift c STARTING, spawn c",
         EXITED(1, 0));
}

static void a_failure_is_not_completion(void **state)
{
    (void)state;
    run_job();
    STEP(&stack, 1, "verdict b failed, mark b, shift b BACKOFF, bury b", EXITED(1, 1));
    assert_int_equal(fleet_waits_for(&stack.fleet, 2), 1);
    STEP(&stack, 1, "shift c CREATED", ASK(STOP, 2));
}

/* c needs a only over b, which has long gone: c still goes before a. */
static void order_passes_through_the_finished(void **state)
{
    (void)state;
    run_job();
    STEP(&stack, 1, "verdict b done, mark b, shift b EXITED, bury b, shift c STARTING, spawn c",
         EXITED(1, 0));
    born(2);
    STEP(&stack, 1, "shift c RUNNING", FACT(EXECED, 2));
    STEP(&stack, 1, "signal c 15, shift c STOPPING", .kind = EVENT_DOWN,
         .grace_ns = EVENT_GRACE_POLICY);
}

/* --- optional ----------------------------------------------------------------------------- */

static void optional_is_waited_for_when_it_is_coming(void **state)
{
    (void)state;
    STEP(&stack, 0, "shift b WAITING", ASK(START, 1), .more = 1);
    STEP(&stack, 0, "shift a WAITING, shift a STARTING, spawn a", ASK(START, 0));
    born(0);
    STEP(&stack, 1, "shift a RUNNING, shift b STARTING, spawn b", FACT(EXECED, 0));
}

static void optional_does_not_hold_when_it_is_not(void **state)
{
    (void)state;
    STEP(&stack, 0, "shift b WAITING, shift b STARTING, spawn b", ASK(START, 1));
}

static void optional_does_not_hold_in_quarantine(void **state)
{
    (void)state;
    stack_run(&stack, 0);
    STEP(&stack, 5, "kill a, shift a KILLING", ASK(KILL, 0), .signal = SIGKILL);
    STEP(&stack, 5, "shift b WAITING", ASK(START, 1));
    STEP(&stack, 500, "examine a", TICK);
    STEP(&stack, 1,
         "verdict a unkillable, quarantine a, shift a QUARANTINED, shift b STARTING, spawn b",
         STUCK(0), .held = 1);
}

/* --- bounds ------------------------------------------------------------------------------- */

static void events_about_nobody(void **state)
{
    (void)state;
    for (int kind = 0; kind <= EVENTS_COUNT; kind++) {
        struct event event = {.kind = (enum event_kind)kind, .member = 3};
        if (kind != EVENT_DOWN)
            fleet_step(&stack.fleet, &event);
        assert_int_equal(stack.fleet.effects.count, 0);
    }
}

/* A graph that the loader would refuse: it waits, and it ends. */
static void a_circle_waits(void **state)
{
    (void)state;
    stack_init(&stack, 2);
    stack_need(&stack, 0, 1, NEED_STARTED, false);
    stack_need(&stack, 1, 0, NEED_STARTED, false);
    stack_start(&stack);
    STEP(&stack, 0, "shift a WAITING, shift b WAITING", ASK(START, 0));
    STEP(&stack, 0, "shift a CREATED, shift b CREATED, finish", .kind = EVENT_DOWN);
    stack_finish(&stack);
}

static void an_empty_stack(void **state)
{
    (void)state;
    stack_init(&stack, 0);
    stack_start(&stack);
    assert_int_equal(stack_deadline_ms(&stack), -1);
    STEP(&stack, 0, "", ASK(START, 0));
    STEP(&stack, 0, "finish", .kind = EVENT_DOWN);
    stack_finish(&stack);
}

static void time_never_runs_backwards(void **state)
{
    struct event early = {ASK(START, 0), .at = {1}};

    (void)state;
    fleet_step(&stack.fleet, &early);
    assert_int_equal(stack.fleet.now.ns, 1000 * NSEC_PER_MSEC);
    assert_int_equal(stack_deadline_ms(&stack), 30000);
}

/* a and b in one group, c in none: svc/, with g in it. */
static int grouped(void **state)
{
    static struct stack_group groups[] = {{"", 0, 0}, {"g", 0, 64 << 20}};

    *state = &stack;
    stack_init(&stack, 3);
    stack.roster.groups = groups;
    stack.roster.groups_count = 2;
    stack.members[0].group = stack.members[1].group = 1;
    stack_start(&stack);
    stack_run(&stack, 0);
    stack_run(&stack, 1);
    stack_run(&stack, 2);
    return 0;
}

static const struct verdict *last(uint32_t member)
{
    return &stack.fleet.members[member].last;
}

#define KILLED(who, ...)                            \
    FACT(DEAD, who), .known = 1, .signal = SIGKILL, \
                     READING(.oom_kill = 1, .oom_group_kill = 1, __VA_ARGS__)

static void limit_of_a_group_is_named(void **state)
{
    (void)state;
    stack_tell(&stack, (struct event){KILLED(0, .enclosing_oom = {1, 0})});
    assert_string_equal(verdict_name(last(0)->kind), "oom-group");
    assert_string_equal(last(0)->group, "g");
    assert_int_equal(last(0)->limit_bytes, 64 << 20);
    stack_tell(&stack, (struct event){KILLED(2, .enclosing_oom = {1, 0})});
    assert_int_equal(last(2)->enclosing, 0); // its innermost level is the stack
    assert_string_equal(last(2)->group, "");
    assert_int_equal(last(2)->limit_bytes, 0);
}

/* What killed a may have killed b at once, but not a second later. */
static void limit_of_a_group_is_blamed_once(void **state)
{
    (void)state;
    stack_tell(&stack, (struct event){KILLED(0, .enclosing_oom = {3, 1})});
    assert_string_equal(verdict_name(last(0)->kind), "oom-group");
    stack.now_ms += 1000;
    stack_tell(&stack, (struct event){KILLED(1, .enclosing_oom = {3, 1})});
    assert_string_equal(verdict_name(last(1)->kind), "oom-outside");
    assert_int_equal(last(1)->confidence, CONFIDENCE_CERTAIN);
    stack_tell(&stack,
               (struct event){KILLED(2, .enclosing_oom = {1})}); // the stack's was told, too
    assert_string_equal(verdict_name(last(2)->kind), "oom-outside");
}

static void two_of_a_group_at_once(void **state)
{
    (void)state;
    stack_tell(&stack, (struct event){KILLED(0, .enclosing_oom = {1, 0})});
    stack.now_ms += 20;
    stack_tell(&stack, (struct event){KILLED(1, .enclosing_oom = {1, 0})});
    assert_string_equal(verdict_name(last(1)->kind), "oom-group");
    assert_int_equal(last(1)->confidence, CONFIDENCE_PROBABLE);
}

static void again_at_the_limit_of_a_group(void **state)
{
    (void)state;
    stack_tell(&stack, (struct event){KILLED(0, .enclosing_oom = {1, 0})});
    stack.now_ms += 20;
    stack_tell(&stack, (struct event){KILLED(1, .enclosing_oom = {2, 0})});
    assert_string_equal(verdict_name(last(1)->kind), "oom-group");
    assert_int_equal(last(1)->confidence, CONFIDENCE_CERTAIN);
}

int main(void)
{
#define WITH(setup, test) cmocka_unit_test_setup_teardown(test, setup, done)
    const struct CMUnitTest tests[] = {
        WITH(chain, gates_open_one_after_the_other),
        WITH(chain, down_goes_backwards_and_finishes_once),
        WITH(chain, down_with_nobody_up_finishes_at_once),
        WITH(chain, a_second_down_kills_all_at_once),
        WITH(chain, stop_of_one_touches_nobody_else),
        WITH(chain, a_death_touches_nobody_else),
        WITH(chain, restart_of_all_keeps_the_order_both_ways),
        WITH(chain, restart_brings_back_what_is_needed),
        WITH(chain, start_brings_back_what_is_held),
        WITH(chain, nobody_waits_for_what_was_only_sent_a_signal),
        WITH(chain, a_signal_does_not_undo_a_stop),
        WITH(chain, start_takes_back_a_stop_that_is_held_back),
        WITH(chain, start_leaves_a_restart_that_is_held_back),
        WITH(job, completed_opens),
        WITH(job, a_failure_is_not_completion),
        WITH(job, order_passes_through_the_finished),
        WITH(optional, optional_is_waited_for_when_it_is_coming),
        WITH(optional, optional_does_not_hold_when_it_is_not),
        WITH(optional, optional_does_not_hold_in_quarantine),
        WITH(chain, events_about_nobody),
        cmocka_unit_test(a_circle_waits),
        cmocka_unit_test(an_empty_stack),
        WITH(chain, time_never_runs_backwards),
        cmocka_unit_test_setup_teardown(limit_of_a_group_is_named, grouped, done),
        cmocka_unit_test_setup_teardown(limit_of_a_group_is_blamed_once, grouped, done),
        cmocka_unit_test_setup_teardown(two_of_a_group_at_once, grouped, done),
        cmocka_unit_test_setup_teardown(again_at_the_limit_of_a_group, grouped, done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
