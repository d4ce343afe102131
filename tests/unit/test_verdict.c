/* Causes of death: every row of the attribution table, and the sentences that tell them. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/policy.h"
#include "core/verdict.h"

/* A death by SIGKILL with known status and readable counters that stood at these before. */
static struct obituary killed(void)
{
    struct obituary it = {.status_known = true, .signal = SIGKILL};

    it.base = (struct reading){.known = 1,
                               .oom = 7,
                               .oom_kill = 3,
                               .oom_group_kill = 2,
                               .tree_oom_kill = 4,
                               .enclosing_oom = {5, 6}};
    it.now = it.base;
    return it;
}

static void add_kill(struct obituary *it)
{
    it->now.oom_kill++;
    it->now.tree_oom_kill++;
    it->now.oom_group_kill++;
}

static void expect(const struct obituary *it, enum verdict_kind kind, enum confidence confidence)
{
    struct verdict verdict = verdict_decide(it);

    assert_string_equal(verdict_name(verdict.kind), verdict_name(kind));
    assert_string_equal(confidence_name(verdict.confidence), confidence_name(confidence));
}

/* --- the table ---------------------------------------------------------------------------- */

static void own_limit(void **state)
{
    struct obituary it = killed();

    (void)state;
    add_kill(&it);
    it.now.oom += 60;
    expect(&it, VERDICT_OOM, CONFIDENCE_CERTAIN);
    assert_int_equal(verdict_decide(&it).oom, 60);
    assert_int_equal(verdict_decide(&it).oom_kill, 1);
    assert_int_equal(verdict_decide(&it).enclosing, -1);
}

static void own_limit_and_that_of_a_group(void **state)
{
    struct obituary it = killed();

    (void)state;
    add_kill(&it);
    it.now.oom++;
    it.now.enclosing_oom[0]++;
    expect(&it, VERDICT_OOM, CONFIDENCE_PROBABLE);
    it = killed();
    it.now.oom_group_kill++; // it was dying already when the kernel chose it
    it.now.enclosing_oom[0]++;
    expect(&it, VERDICT_KILLED, CONFIDENCE_CERTAIN);
}

static void limit_of_a_group(void **state)
{
    struct obituary it = killed();

    (void)state;
    add_kill(&it);
    it.now.enclosing_oom[1]++;
    expect(&it, VERDICT_OOM_GROUP, CONFIDENCE_CERTAIN);
    assert_int_equal(verdict_decide(&it).enclosing, 1);
    it.now.enclosing_oom[0]++; // two limits met: the innermost, and nobody is sure
    expect(&it, VERDICT_OOM_GROUP, CONFIDENCE_PROBABLE);
    assert_int_equal(verdict_decide(&it).enclosing, 0);
}

/* Of what others died of already this one may have died as well, but nobody is sure. */
static void limit_of_a_group_that_killed_another(void **state)
{
    struct obituary it = killed();

    (void)state;
    add_kill(&it);
    it.now.enclosing_oom[0]++;
    it.paid = it.now;
    expect(&it, VERDICT_OOM_GROUP, CONFIDENCE_PROBABLE);
    it.now.enclosing_oom[1]++; // and this is nobody else's
    it.paid.enclosing_oom[1] = 0;
    expect(&it, VERDICT_OOM_GROUP, CONFIDENCE_CERTAIN);
    assert_int_equal(verdict_decide(&it).enclosing, 1);
    it.now.enclosing_oom[0]++; // and this is new
    assert_int_equal(verdict_decide(&it).enclosing, 0);
}

static void host_or_above_our_root(void **state)
{
    struct obituary it = killed();

    (void)state;
    add_kill(&it);
    expect(&it, VERDICT_OOM_OUTSIDE, CONFIDENCE_CERTAIN);
}

static void limit_met_and_nobody_killed(void **state)
{
    struct obituary it = killed();

    (void)state;
    it.now.oom += 100;
    it.now.max += 1000;
    expect(&it, VERDICT_KILLED, CONFIDENCE_CERTAIN);
    it.signal = 0;
    it.exit_code = 1;
    expect(&it, VERDICT_FAILED, CONFIDENCE_CERTAIN);
}

static void success_of_other_kinds(void **state)
{
    struct exits success = {.signals = 0};
    struct obituary it = killed();
    char text[200];

    (void)state;
    exits_add_code(&success, 3);
    exits_add_signal(&success, SIGTERM);
    it.success = &success;
    expect(&it, VERDICT_KILLED, CONFIDENCE_CERTAIN);
    it.signal = SIGTERM;
    expect(&it, VERDICT_DONE, CONFIDENCE_CERTAIN);
    verdict_sentence(&(struct verdict){.kind = VERDICT_DONE, .signal = SIGTERM}, text,
                     sizeof(text));
    assert_non_null(strstr(text, "done, ended by SIGTERM"));
    it.signal = 0;
    it.exit_code = 3;
    expect(&it, VERDICT_DONE, CONFIDENCE_CERTAIN);
    verdict_sentence(&(struct verdict){.kind = VERDICT_DONE, .exit_code = 3}, text, sizeof(text));
    assert_non_null(strstr(text, "done, exited with code 3"));
    it.exit_code = 15;
    expect(&it, VERDICT_FAILED, CONFIDENCE_CERTAIN);
    it.exit_code = 3;
    it.unhealthy = true;
    expect(&it, VERDICT_UNHEALTHY, CONFIDENCE_CERTAIN);
    it.unhealthy = false;
    it.status_known = false;
    expect(&it, VERDICT_FAILED, CONFIDENCE_UNKNOWN);
}

static void no_oom_at_all(void **state)
{
    struct obituary it = killed();

    (void)state;
    expect(&it, VERDICT_KILLED, CONFIDENCE_CERTAIN);
    it.signal = SIGSEGV;
    it.core_dumped = true;
    expect(&it, VERDICT_CRASHED, CONFIDENCE_CERTAIN);
    assert_true(verdict_decide(&it).core_dumped);
    it.signal = 0;
    it.exit_code = 3;
    expect(&it, VERDICT_FAILED, CONFIDENCE_CERTAIN);
    assert_int_equal(verdict_decide(&it).exit_code, 3);
    it.exit_code = 0;
    expect(&it, VERDICT_DONE, CONFIDENCE_CERTAIN);
    it.stopping = true;
    expect(&it, VERDICT_STOPPED, CONFIDENCE_CERTAIN);
}

/* --- deltas, never absolute values -------------------------------------------------------- */

/* The counters of an OOM that was survived and accounted stand in the base. */
static void kill_after_a_survived_oom(void **state)
{
    struct obituary it = killed();

    (void)state;
    it.base.oom = it.now.oom = 3570;
    it.base.oom_kill = it.now.oom_kill = 60;
    it.base.tree_oom_kill = it.now.tree_oom_kill = 60;
    expect(&it, VERDICT_KILLED, CONFIDENCE_CERTAIN);
}

static void counters_that_go_back_speak_of_nothing(void **state)
{
    struct obituary it = killed();

    (void)state;
    it.now = (struct reading){.known = 1};
    expect(&it, VERDICT_KILLED, CONFIDENCE_CERTAIN);
    assert_int_equal(verdict_decide(&it).oom_kill, 0);
    assert_int_equal(verdict_decide(&it).oom, 0);
}

static void counters_that_cannot_be_read(void **state)
{
    struct obituary it = {.status_known = true, .signal = SIGKILL};

    (void)state;
    expect(&it, VERDICT_KILLED, CONFIDENCE_PROBABLE);
    it.signal = SIGABRT;
    expect(&it, VERDICT_CRASHED, CONFIDENCE_CERTAIN);
}

/* --- evidence that is incomplete or contradicts itself ------------------------------------ */

static void nobody_knows_the_status(void **state)
{
    struct obituary it = killed();

    (void)state;
    it.status_known = false;
    it.signal = 0;
    expect(&it, VERDICT_FAILED, CONFIDENCE_UNKNOWN);
    add_kill(&it);
    it.now.oom++;
    expect(&it, VERDICT_OOM, CONFIDENCE_CERTAIN); // the kernel killed all of it, and said so
    it.now.oom_group_kill = it.base.oom_group_kill;
    expect(&it, VERDICT_OOM, CONFIDENCE_PROBABLE);
}

static void a_child_was_killed_and_the_main_process_exits(void **state)
{
    struct obituary it = killed();

    (void)state;
    add_kill(&it);
    it.now.oom_group_kill = it.base.oom_group_kill;
    it.signal = 0;
    it.exit_code = 5;
    expect(&it, VERDICT_FAILED, CONFIDENCE_CERTAIN);
    it.main_alive = true;
    expect(&it, VERDICT_OOM_CHILD, CONFIDENCE_CERTAIN);
    assert_int_equal(verdict_decide(&it).enclosing, -1);
    it.now.enclosing_oom[1]++; // at the limit of a group
    assert_int_equal(verdict_decide(&it).enclosing, 1);
    it.now.oom++; // or rather at its own
    assert_int_equal(verdict_decide(&it).enclosing, -1);
}

static void killed_in_a_cgroup_of_its_own_making(void **state)
{
    struct obituary it = killed();

    (void)state;
    it.now.tree_oom_kill++;
    expect(&it, VERDICT_OOM, CONFIDENCE_PROBABLE);
    it.now.oom++;
    it.now.oom_group_kill++;
    expect(&it, VERDICT_OOM, CONFIDENCE_CERTAIN);
    it.now.oom--;
    it.now.oom_group_kill--;
    it.now.enclosing_oom[0]++;
    expect(&it, VERDICT_OOM_GROUP, CONFIDENCE_PROBABLE);
}

static void our_own_kill_falls_into_the_interval(void **state)
{
    struct obituary it = killed();

    (void)state;
    it.sent_signal = SIGKILL;
    it.stopping = true;
    expect(&it, VERDICT_STOPPED, CONFIDENCE_CERTAIN);
    add_kill(&it);
    it.now.oom++;
    expect(&it, VERDICT_OOM, CONFIDENCE_CERTAIN); // who has our SIGKILL is not counted
    it.now.oom_group_kill = it.base.oom_group_kill;
    expect(&it, VERDICT_STOPPED, CONFIDENCE_PROBABLE);
    it.oom_seen = true; // that is why we killed it
    expect(&it, VERDICT_OOM, CONFIDENCE_CERTAIN);
}

static void a_childs_oom_was_told_moments_before(void **state)
{
    struct obituary it = killed();

    (void)state;
    add_kill(&it);
    it.now.oom++;
    it.oom_told = true;
    expect(&it, VERDICT_OOM, CONFIDENCE_PROBABLE);
}

static void oom_while_stopping_is_an_oom(void **state)
{
    struct obituary it = killed();

    (void)state;
    it.stopping = true;
    it.sent_signal = SIGTERM;
    add_kill(&it);
    it.now.oom++;
    expect(&it, VERDICT_OOM, CONFIDENCE_CERTAIN);
}

/* --- births that fail --------------------------------------------------------------------- */

static void not_born(void **state)
{
    struct obituary it = {.step = SPAWN_STEP_EXEC, .error = ENOENT};
    struct verdict verdict;

    (void)state;
    expect(&it, VERDICT_SPAWN_FAILED, CONFIDENCE_CERTAIN);
    verdict = verdict_decide(&it);
    assert_int_equal(verdict.step, SPAWN_STEP_EXEC);
    assert_int_equal(verdict.error, ENOENT);
    it.error = ENOMEM;
    expect(&it, VERDICT_SPAWN_FAILED, CONFIDENCE_CERTAIN);
}

static void limit_too_small_for_a_birth(void **state)
{
    struct obituary it = {.step = SPAWN_STEP_EXEC, .error = ENOMEM, .now = {.known = 1, .max = 9}};
    struct verdict verdict;

    (void)state;
    expect(&it, VERDICT_OOM, CONFIDENCE_CERTAIN);
    it.error = E2BIG;
    expect(&it, VERDICT_SPAWN_FAILED, CONFIDENCE_CERTAIN);
    it.now.oom = it.now.oom_kill = it.now.tree_oom_kill = it.now.oom_group_kill = 1;
    expect(&it, VERDICT_OOM, CONFIDENCE_CERTAIN);
    verdict = verdict_decide(&it);
    verdict.uptime = span_ms(249);
    assert_true(verdict_limit_too_small(&verdict));
    verdict.uptime = span_ms(250);
    assert_false(verdict_limit_too_small(&verdict));
    verdict.limit_bytes = LIMIT_TINY_BYTES - 1; // nothing lives in that; a slow host takes longer
    assert_true(verdict_limit_too_small(&verdict));
    verdict.uptime = LIMIT_TINY_UPTIME;
    assert_false(verdict_limit_too_small(&verdict));
}

static void called_off_before_its_birth(void **state)
{
    struct obituary it = {.step = SPAWN_STEP_CLONE, .error = ECANCELED, .stopping = true};

    (void)state;
    expect(&it, VERDICT_STOPPED, CONFIDENCE_CERTAIN);
    it.stopping = false;
    expect(&it, VERDICT_SPAWN_FAILED, CONFIDENCE_CERTAIN);
}

/* --- words -------------------------------------------------------------------------------- */

static const char *sentence(const struct verdict *verdict)
{
    static char text[256];

    verdict_sentence(verdict, text, sizeof(text));
    return text;
}

static void sentences(void **state)
{
    struct verdict it = {.kind = VERDICT_OOM,
                         .peak_bytes = 64 << 20,
                         .limit_bytes = 64 << 20,
                         .uptime = span_ms(3210)};

    (void)state;
    assert_string_equal(sentence(&it), "killed by the kernel at its own memory limit after 3.2 s, "
                                       "peak 64 MiB of 64 MiB");
    it.uptime = span_ms(12);
    it.peak_bytes = (99 << 10) + 512;
    it.limit_bytes = 100 << 10;
    assert_string_equal(sentence(&it),
                        "limit too small: died 12 ms after start, peak 99.4 KiB of 100 KiB");
    it = (struct verdict){
        .kind = VERDICT_CRASHED, .signal = SIGSEGV, .core_dumped = true, .uptime = span_sec(3661)};
    assert_string_equal(sentence(&it), "ended by SIGSEGV (core dumped) after 1 h 1 min");
    it = (struct verdict){.kind = VERDICT_SPAWN_FAILED, .step = SPAWN_STEP_CHDIR, .error = ENOENT};
    assert_string_equal(sentence(&it), "could not be started: chdir: No such file or directory");
    it = (struct verdict){
        .kind = VERDICT_FAILED, .confidence = CONFIDENCE_UNKNOWN, .uptime = span_sec(61)};
    assert_string_equal(sentence(&it), "ended, its exit status is unknown after 1 min 1 s");
}

static void sentences_of_what_we_stopped(void **state)
{
    struct verdict it = {.kind = VERDICT_UNHEALTHY, .uptime = span_sec(61)};

    (void)state;
    assert_string_equal(sentence(&it), "stopped as unhealthy after 1 min 1 s");
    it = (struct verdict){.kind = VERDICT_FAILED,
                          .hook = AIDE_POST_START,
                          .hook_index = 1,
                          .exit_code = -1,
                          .signal = SIGSEGV,
                          .uptime = span_ms(5)};
    assert_string_equal(sentence(&it), "its post_start hook 2 was ended by SIGSEGV after 5 ms");
    it.signal = 0;
    assert_string_equal(sentence(&it),
                        "its post_start hook 2 failed, its exit status is unknown after 5 ms");
    it.error = ETIMEDOUT;
    assert_string_equal(sentence(&it), "its post_start hook 2 did not end in time after 5 ms");
}

/* Our own reasons come after the kernel's, and before what the process made of it. */
static void what_we_stopped(void **state)
{
    struct obituary it = killed();

    (void)state;
    it.sent_signal = SIGKILL;
    it.unhealthy = true;
    expect(&it, VERDICT_UNHEALTHY, CONFIDENCE_CERTAIN);
    it.stopping = true;
    expect(&it, VERDICT_UNHEALTHY, CONFIDENCE_CERTAIN);
    it.hook = (struct hook_failure){.hook = AIDE_POST_START, .exit_code = 3};
    expect(&it, VERDICT_FAILED, CONFIDENCE_CERTAIN);
    assert_int_equal(verdict_decide(&it).exit_code, 3);
    assert_int_equal(verdict_decide(&it).signal, 0);
    it.now.oom_kill++;
    expect(&it, VERDICT_FAILED, CONFIDENCE_PROBABLE);
    it.oom_seen = true;
    expect(&it, VERDICT_OOM_OUTSIDE, CONFIDENCE_CERTAIN);
}

static void every_kind_has_a_sentence_that_ends_where_its_room_ends(void **state)
{
    char text[128];

    (void)state;
    for (int kind = VERDICT_OOM; kind < VERDICTS_COUNT; kind++) {
        struct verdict it = {.kind = (enum verdict_kind)kind,
                             .signal = 64,
                             .peak_bytes = 1,
                             .limit_bytes = INT64_MAX,
                             .step = SPAWN_STEP_EXEC,
                             .error = 4095};
        for (size_t size = 1; size < sizeof(text); size++) {
            memset(text, 'x', sizeof(text));
            verdict_sentence(&it, text, size);
            assert_true(strlen(text) < size);
            assert_int_equal(text[size], 'x');
        }
        assert_true(strlen(text) > 10);
        verdict_sentence(&it, text, 0);
    }
}

static void names_lead_back(void **state)
{
    (void)state;
    for (int kind = VERDICT_NONE; kind < VERDICTS_COUNT; kind++)
        assert_int_equal(verdict_from_name(verdict_name((enum verdict_kind)kind)), kind);
    assert_int_equal(verdict_from_name("oomph"), VERDICTS_COUNT);
    assert_string_equal(verdict_name(VERDICTS_COUNT), "?");
    assert_string_equal(spawn_step_name(SPAWN_STEPS_COUNT), "?");
    assert_string_equal(next_name(NEXTS_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_limit),
        cmocka_unit_test(own_limit_and_that_of_a_group),
        cmocka_unit_test(limit_of_a_group),
        cmocka_unit_test(limit_of_a_group_that_killed_another),
        cmocka_unit_test(host_or_above_our_root),
        cmocka_unit_test(limit_met_and_nobody_killed),
        cmocka_unit_test(no_oom_at_all),
        cmocka_unit_test(success_of_other_kinds),
        cmocka_unit_test(kill_after_a_survived_oom),
        cmocka_unit_test(counters_that_go_back_speak_of_nothing),
        cmocka_unit_test(counters_that_cannot_be_read),
        cmocka_unit_test(nobody_knows_the_status),
        cmocka_unit_test(a_child_was_killed_and_the_main_process_exits),
        cmocka_unit_test(killed_in_a_cgroup_of_its_own_making),
        cmocka_unit_test(our_own_kill_falls_into_the_interval),
        cmocka_unit_test(a_childs_oom_was_told_moments_before),
        cmocka_unit_test(oom_while_stopping_is_an_oom),
        cmocka_unit_test(not_born),
        cmocka_unit_test(limit_too_small_for_a_birth),
        cmocka_unit_test(called_off_before_its_birth),
        cmocka_unit_test(sentences),
        cmocka_unit_test(sentences_of_what_we_stopped),
        cmocka_unit_test(what_we_stopped),
        cmocka_unit_test(every_kind_has_a_sentence_that_ends_where_its_room_ends),
        cmocka_unit_test(names_lead_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
