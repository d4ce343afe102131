// links: cli/stack/outcome.o cli/show/row.o cli/stack/progress.o cli/show/render.o core
/* When `up` is done, when `--wait` has failed, and what is said. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/stack/outcome.h"
#include "cli/stack/progress.h"
#include "cli/show/row.h"
#include "core/health.h"

static struct wire_row rows[3];
static struct watch watch = {.rows = rows, .rows_count = 3};
static const bool all[] = {true, true, true};
static const bool first_two[] = {true, true, false};

static int set_up(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        rows[i] = (struct wire_row){.member = i, .waits_for = -1, .state = STATE_RUNNING, .pid = 7};
        strcpy(rows[i].name, (const char *[]){"db-1", "job-1", "web-1"}[i]);
    }
    return 0;
}

static void end(uint32_t member, enum state as, enum verdict_kind verdict)
{
    rows[member].state = as;
    rows[member].verdict = verdict;
}

static void wait_for(uint32_t member, uint32_t other)
{
    rows[member].state = STATE_WAITING;
    rows[member].waits_for = other;
}

static void test_running(void **state)
{
    (void)state;
    assert_true(outcome_all_running(&watch, all));
    end(1, STATE_EXITED, VERDICT_DONE);
    assert_true(outcome_all_running(&watch, all));
    assert_int_equal(outcome_first_failed(&watch, all), -1);
    assert_false(outcome_at_rest(&watch, all));
    rows[2].state = STATE_STARTING;
    assert_false(outcome_all_running(&watch, all));
    assert_true(outcome_all_running(&watch, first_two));
}

static void test_failed(void **state)
{
    (void)state;
    wait_for(0, 1);
    end(1, STATE_BACKOFF, VERDICT_OOM);
    assert_int_equal(outcome_first_failed(&watch, all), 1);
    end(1, STATE_HELD, VERDICT_FAILED);
    assert_int_equal(outcome_first_failed(&watch, all), 1);
    end(1, STATE_EXITED, VERDICT_SPAWN_FAILED);
    assert_int_equal(outcome_first_failed(&watch, all), 1);
    end(1, STATE_EXITED, VERDICT_STOPPED);
    assert_int_equal(outcome_first_failed(&watch, all), 1);
    end(1, STATE_STARTING, VERDICT_NONE);
    assert_int_equal(outcome_first_failed(&watch, all), -1);
}

/* One that was not asked for fails: only who waits for it is told. */
static void test_waits_for_a_failed_one(void **state)
{
    static const bool only_web[] = {false, false, true};

    (void)state;
    wait_for(2, 1);
    assert_int_equal(outcome_first_failed(&watch, only_web), -1);
    end(1, STATE_HELD, VERDICT_FAILED);
    assert_int_equal(outcome_first_failed(&watch, only_web), 2);
}

static void test_at_rest(void **state)
{
    (void)state;
    end(0, STATE_EXITED, VERDICT_DONE);
    end(1, STATE_HELD, VERDICT_FAILED);
    wait_for(2, 1);
    assert_true(outcome_at_rest(&watch, all));
    rows[2].state = STATE_CREATED;
    assert_true(outcome_at_rest(&watch, first_two));
    assert_false(outcome_at_rest(&watch, all));
    end(1, STATE_BACKOFF, VERDICT_FAILED);
    assert_false(outcome_at_rest(&watch, first_two));
    wait_for(2, 1);
    assert_false(outcome_at_rest(&watch, all));
}

static void test_words(void **state)
{
    char words[400];

    (void)state;
    progress_words(&watch, &rows[0], words, sizeof(words));
    assert_string_equal(words, "running (pid 7)");
    wait_for(2, 0);
    progress_words(&watch, &rows[2], words, sizeof(words));
    assert_string_equal(words, "waiting for db-1");
    rows[2].waits_for = 99;
    progress_words(&watch, &rows[2], words, sizeof(words));
    assert_string_equal(words, "waiting for its turn");
    end(1, STATE_BACKOFF, VERDICT_FAILED);
    rows[1].exit_code = 3;
    rows[1].uptime_ns = 2 * NSEC_PER_SEC;
    rows[1].deadline_in_ns = 100 * NSEC_PER_MSEC;
    progress_words(&watch, &rows[1], words, sizeof(words));
    assert_non_null(strstr(words, "code 3"));
    assert_non_null(strstr(words, "again in 100ms"));
}

/* Numbers out of a frame are not trusted to be of our enumerations. */
static void test_hostile_row(void **state)
{
    char words[400];

    (void)state;
    rows[0].state = 4711;
    rows[0].verdict = 4711;
    rows[0].step = -4711;
    progress_words(&watch, &rows[0], words, sizeof(words));
    assert_string_equal(words, "?");
    assert_false(outcome_at_rest(&watch, all));
}

static void test_health(void **state)
{
    (void)state;
    rows[0].health = HEALTH_STARTING;
    assert_false(outcome_all_running(&watch, all));
    assert_int_equal(outcome_first_failed(&watch, all), -1);
    rows[0].health = HEALTH_UNHEALTHY;
    assert_false(outcome_all_running(&watch, all));
    assert_int_equal(outcome_first_failed(&watch, all), 0);
    rows[0].health = HEALTH_HEALTHY;
    assert_true(outcome_all_running(&watch, all));
}

static void test_asked_and_others(void **state)
{
    (void)state;
    end(0, STATE_EXITED, VERDICT_DONE);
    end(1, STATE_HELD, VERDICT_FAILED);
    assert_true(outcome_asked_at_rest(&watch, first_two));
    assert_false(outcome_others_at_rest(&watch, first_two));
    rows[2].state = STATE_CREATED;
    assert_true(outcome_others_at_rest(&watch, first_two));
    assert_false(outcome_asked_at_rest(&watch, all)); // asked for, and not started yet
}

static void test_ends_and_their_codes(void **state)
{
    struct wire_row before = rows[0];

    (void)state;
    end(0, STATE_BACKOFF, VERDICT_FAILED);
    assert_false(outcome_has_ended(&before, &rows[0], false));
    end(0, STATE_EXITED, VERDICT_DONE);
    assert_true(outcome_has_ended(&before, &rows[0], false));
    assert_false(outcome_has_ended(&before, &rows[0], true));
    assert_false(outcome_has_ended(&rows[0], &rows[0], false)); // no news
    end(0, STATE_HELD, VERDICT_FAILED);
    rows[0].exit_code = 3;
    assert_true(outcome_has_ended(&before, &rows[0], true));
    assert_int_equal(outcome_exit_code(&rows[0]), 3);
    rows[0].exit_code = -1;
    rows[0].signal = 9;
    rows[0].verdict = VERDICT_OOM;
    assert_int_equal(outcome_exit_code(&rows[0]), 137);
    rows[0].verdict = VERDICT_SPAWN_FAILED;
    rows[0].error = ENOENT;
    assert_int_equal(outcome_exit_code(&rows[0]), 127);
    rows[0].error = EACCES;
    assert_int_equal(outcome_exit_code(&rows[0]), 126);
    assert_int_equal(outcome_exit_code(&rows[2]), 1); // it runs
}

static void a_hook_that_failed_is_named(void **state)
{
    struct wire_row row = {.state = STATE_EXITED,
                           .verdict = VERDICT_FAILED,
                           .exit_code = 3,
                           .hook = AIDE_POST_START,
                           .hook_index = 1,
                           .waits_for = -1,
                           .name = "web-1"};
    char words[256], death[ROW_TEXT_MAX];

    (void)state;
    progress_words(&watch, &row, words, sizeof(words));
    assert_string_equal(words, "its post_start hook 2 exited with code 3 after 0 ms");
    row_death(&row, death);
    assert_string_equal(death, "failed (post_start hook 2)");
    row.hook = 0;
    row_death(&row, death);
    assert_string_equal(death, "failed (code 3)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hook_that_failed_is_named),
        cmocka_unit_test_setup(test_running, set_up),
        cmocka_unit_test_setup(test_failed, set_up),
        cmocka_unit_test_setup(test_waits_for_a_failed_one, set_up),
        cmocka_unit_test_setup(test_at_rest, set_up),
        cmocka_unit_test_setup(test_words, set_up),
        cmocka_unit_test_setup(test_hostile_row, set_up),
        cmocka_unit_test_setup(test_health, set_up),
        cmocka_unit_test_setup(test_asked_and_others, set_up),
        cmocka_unit_test_setup(test_ends_and_their_codes, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
