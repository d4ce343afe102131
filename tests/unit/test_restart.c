/* Back-off against the delays that other supervisors are known for, and at its edges. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <string.h>

#include <cmocka.h>

#include "core/restart.h"

#define VECTORS "../shared/data/vectors/backoff.tsv"

/* What a row's parameters are in ours. No entry: it grows by a number of steps, which we have not.
 */
struct known {
    const char *system, *parameters;
    int64_t initial_ms, factor_milli, max_ms;
};
static const struct known known[] = {
    {"docker-engine", "", 100, 2000, 60000},
    {"kubelet", "10s..300s", 10000, 2000, 300000},
    {"kubelet-reduced", "1s..60s", 1000, 2000, 60000},
    {"systemd", "RestartSec=100ms RestartSteps=0", 100, 1000, 100},
    {"pm2", "exp_backoff_restart_delay=100", 100, 1500, 15000},
    {"swarm", "delay=5s", 5000, 1000, 5000},
};
#define KNOWN (sizeof(known) / sizeof(known[0]))

static struct policy policy_of(int64_t initial_ms, int64_t factor_milli, int64_t max_ms)
{
    struct policy policy = policy_default();

    policy.backoff_initial_ns = initial_ms * NSEC_PER_MSEC;
    policy.backoff_factor_milli = factor_milli;
    policy.backoff_max_ns = max_ms * NSEC_PER_MSEC;
    return policy;
}

static const struct known *find_known(const char *system, const char *parameters)
{
    for (size_t i = 0; i < KNOWN; i++)
        if (strcmp(known[i].system, system) == 0 && strcmp(known[i].parameters, parameters) == 0)
            return &known[i];
    return NULL;
}

/* pm2 rounds down to milliseconds at every step, so half a percent may lie between us. */
static void compare_row(const struct known *row, char *delays)
{
    struct policy policy = policy_of(row->initial_ms, row->factor_milli, row->max_ms);
    int64_t failures = 0;

    for (char *word = strtok(delays, " \n"); word; word = strtok(NULL, " \n")) {
        int64_t theirs = strtoll(word, NULL, 10) * NSEC_PER_MSEC;
        int64_t ours = restart_delay(&policy, ++failures).ns;
        int64_t apart = ours > theirs ? ours - theirs : theirs - ours;
        assert_true(apart <= (strcmp(row->system, "pm2") == 0 ? theirs / 200 : 0));
    }
    assert_true(failures >= 5);
}

static void delays_of_the_field(void **state)
{
    FILE *file = fopen(VECTORS, "r");
    char line[512];
    size_t compared = 0;

    (void)state;
    if (!file)
        skip();
    while (fgets(line, sizeof(line), file)) {
        char *parameters = strchr(line, '\t');
        char *delays = parameters ? strchr(parameters + 1, '\t') : NULL;
        const struct known *row;
        if (line[0] == '#' || !delays)
            continue;
        *parameters++ = '\0';
        *delays++ = '\0';
        row = find_known(line, parameters);
        if (row) {
            compare_row(row, delays);
            compared++;
        } else {
            assert_non_null(strstr(parameters, "RestartSteps=")); // the only kind we cannot say
        }
    }
    fclose(file);
    assert_int_equal(compared, KNOWN);
}

static void default_is_as_promised(void **state)
{
    struct policy policy = policy_default();

    (void)state;
    assert_int_equal(restart_delay(&policy, 1).ns, 100 * NSEC_PER_MSEC);
    assert_int_equal(restart_delay(&policy, 10).ns, 51200 * NSEC_PER_MSEC);
    assert_int_equal(restart_delay(&policy, 11).ns, 60 * NSEC_PER_SEC);
    assert_int_equal(restart_delay(&policy, INT64_MAX).ns, 60 * NSEC_PER_SEC);
}

static void no_number_overflows(void **state)
{
    static const int64_t numbers[] = {0, 1, 999, 1000, 1001, INT64_MAX / 1000, INT64_MAX};
    uint64_t random = 1;

    (void)state;
    for (size_t a = 0; a < 7; a++)
        for (size_t b = 0; b < 7; b++)
            for (size_t c = 0; c < 7; c++)
                for (int64_t failures = 0; failures < 40; failures++) {
                    struct policy policy = policy_default();
                    span delay;
                    policy.backoff_initial_ns = numbers[a];
                    policy.backoff_factor_milli = numbers[b];
                    policy.backoff_max_ns = numbers[c];
                    policy.backoff_jitter_milli = failures % 2 ? 1000 : 100;
                    delay = restart_delay(&policy, failures);
                    assert_true(delay.ns >= 0 && delay.ns <= policy.backoff_max_ns);
                    delay = restart_delay_jittered(&policy, failures, &random);
                    assert_true(delay.ns >= 0 && delay.ns <= policy.backoff_max_ns);
                }
}

static void it_never_shrinks(void **state)
{
    static const int64_t factors[] = {1000, 1001, 1500, 2000, 1000000};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct policy policy = policy_of(100, factors[i], 60000);
        for (int64_t failures = 1; failures < 60; failures++)
            assert_true(restart_delay(&policy, failures).ns <=
                        restart_delay(&policy, failures + 1).ns);
    }
}

static void jitter_stays_within_its_bounds_and_reaches_both_halves(void **state)
{
    struct policy policy = policy_default();
    int64_t least = INT64_MAX, most = 0;
    uint64_t random = 1;

    (void)state;
    for (int i = 0; i < 10000; i++) {
        int64_t delay = restart_delay_jittered(&policy, 3, &random).ns;
        least = delay < least ? delay : least;
        most = delay > most ? delay : most;
    }
    assert_in_range(least, 360 * NSEC_PER_MSEC, 361 * NSEC_PER_MSEC);
    assert_in_range(most, 439 * NSEC_PER_MSEC, 440 * NSEC_PER_MSEC);
    for (int i = 0; i < 1000; i++)
        assert_true(restart_delay_jittered(&policy, 30, &random).ns <= policy.backoff_max_ns);
}

/* One draw a call, whatever the policy: a journal replays with the same dice. */
static void the_dice_are_thrown_once(void **state)
{
    struct policy policy = policy_default();
    uint64_t random = 5, other = 5;

    (void)state;
    policy.backoff_jitter_milli = 0;
    assert_int_equal(restart_delay_jittered(&policy, 1, &random).ns, 100 * NSEC_PER_MSEC);
    random_next(&other);
    assert_true(random == other);
}

/* The first numbers of splitmix64 for the seed 1234567, as its authors publish them. */
static void splitmix64(void **state)
{
    uint64_t random = 1234567;

    (void)state;
    assert_true(random_next(&random) == UINT64_C(6457827717110365317));
    assert_true(random_next(&random) == UINT64_C(3203168211198807973));
    assert_true(random_next(&random) == UINT64_C(9817491932198370423));
}

static enum next next_of(enum restart restart, int64_t most, enum verdict_kind kind, int64_t made)
{
    struct policy policy = policy_default();

    policy.restart = restart;
    policy.restart_max = most;
    return restart_next(&policy, &(struct verdict){.kind = kind}, made);
}

static void policies_and_budget(void **state)
{
    (void)state;
    for (int kind = VERDICT_OOM; kind < VERDICTS_COUNT; kind++) {
        bool failure = verdict_is_failure((enum verdict_kind)kind);
        assert_int_equal(next_of(RESTART_NO, 0, (enum verdict_kind)kind, 0), NEXT_REST);
        assert_int_equal(next_of(RESTART_ALWAYS, 0, (enum verdict_kind)kind, 99), NEXT_RESTART);
        assert_int_equal(next_of(RESTART_UNLESS_STOPPED, 0, (enum verdict_kind)kind, 99),
                         NEXT_RESTART);
        assert_int_equal(next_of(RESTART_ON_FAILURE, 0, (enum verdict_kind)kind, 99),
                         failure ? NEXT_RESTART : NEXT_REST);
        assert_int_equal(next_of(RESTART_ON_FAILURE, 3, (enum verdict_kind)kind, 2),
                         failure ? NEXT_RESTART : NEXT_REST);
        assert_int_equal(next_of(RESTART_ON_FAILURE, 3, (enum verdict_kind)kind, 3),
                         failure ? NEXT_HOLD : NEXT_REST);
    }
    assert_true(verdict_is_failure(VERDICT_OOM_OUTSIDE));
    assert_true(verdict_is_failure(VERDICT_SPAWN_FAILED));
    assert_false(verdict_is_failure(VERDICT_DONE));
    assert_false(verdict_is_failure(VERDICT_STOPPED));
}

/* Ends of its own that the policy names, and no others. */
static void prevented(void **state)
{
    struct policy policy = policy_default();
    struct verdict end = {.kind = VERDICT_FAILED, .exit_code = 78};

    (void)state;
    policy.restart = RESTART_ALWAYS;
    exits_add_code(&policy.prevent, 78);
    exits_add_code(&policy.prevent, EXIT_CODE_MAX);
    exits_add_signal(&policy.prevent, SIGKILL);
    exits_add_signal(&policy.prevent, SIGNAL_MAX);
    assert_int_equal(restart_next(&policy, &end, 0), NEXT_PREVENTED);
    end.exit_code = 77;
    assert_int_equal(restart_next(&policy, &end, 0), NEXT_RESTART);
    end.exit_code = EXIT_CODE_MAX;
    assert_int_equal(restart_next(&policy, &end, 0), NEXT_PREVENTED);
    end.exit_code = EXIT_CODE_MAX + 1;
    assert_int_equal(restart_next(&policy, &end, 0), NEXT_RESTART);
    end = (struct verdict){.kind = VERDICT_CRASHED, .exit_code = 78, .signal = SIGNAL_MAX};
    assert_int_equal(restart_next(&policy, &end, 0), NEXT_PREVENTED);
    end.signal = SIGSEGV;
    assert_int_equal(restart_next(&policy, &end, 0), NEXT_RESTART);
    end = (struct verdict){.kind = VERDICT_KILLED, .exit_code = -1, .signal = SIGKILL};
    assert_int_equal(restart_next(&policy, &end, 0), NEXT_PREVENTED);
    end.kind = VERDICT_OOM;
    assert_int_equal(restart_next(&policy, &end, 0), NEXT_RESTART);
    end = (struct verdict){.kind = VERDICT_FAILED, .exit_code = 78, .hook = AIDE_PRE_START};
    assert_int_equal(restart_next(&policy, &end, 0), NEXT_RESTART);
    end.hook = 0;
    policy.restart = RESTART_NO;
    assert_int_equal(restart_next(&policy, &end, 0), NEXT_REST);
    policy.restart = RESTART_ON_FAILURE;
    policy.restart_max = 1;
    assert_int_equal(restart_next(&policy, &end, 1), NEXT_PREVENTED);
}

static void held_after_an_oom_kill(void **state)
{
    struct policy policy = policy_default();

    (void)state;
    policy.oom_policy = OOM_STOP;
    for (int kind = VERDICT_OOM; kind < VERDICTS_COUNT; kind++) {
        struct verdict end = {.kind = (enum verdict_kind)kind};
        policy.restart = RESTART_NO;
        assert_int_equal(restart_next(&policy, &end, 0) == NEXT_OOM_STOP,
                         verdict_is_oom((enum verdict_kind)kind));
        policy.restart = RESTART_ALWAYS;
        assert_int_equal(restart_next(&policy, &end, 0),
                         verdict_is_oom((enum verdict_kind)kind) ? NEXT_OOM_STOP : NEXT_RESTART);
    }
    assert_false(verdict_is_oom(VERDICT_KILLED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delays_of_the_field),
        cmocka_unit_test(default_is_as_promised),
        cmocka_unit_test(no_number_overflows),
        cmocka_unit_test(it_never_shrinks),
        cmocka_unit_test(jitter_stays_within_its_bounds_and_reaches_both_halves),
        cmocka_unit_test(the_dice_are_thrown_once),
        cmocka_unit_test(splitmix64),
        cmocka_unit_test(policies_and_budget),
        cmocka_unit_test(prevented),
        cmocka_unit_test(held_after_an_oom_kill),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
