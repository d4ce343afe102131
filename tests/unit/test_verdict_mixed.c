/* Causes of death that fell into one interval, and those that only a mark or a deadline tells. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include <cmocka.h>

#include "core/verdict.h"

static struct obituary killed(void)
{
    return (struct obituary){
        .status_known = true, .signal = SIGKILL, .base.known = 1, .now.known = 1};
}

static void expect(const struct obituary *it, enum verdict_kind kind, enum confidence confidence)
{
    struct verdict verdict = verdict_decide(it);

    assert_string_equal(verdict_name(verdict.kind), verdict_name(kind));
    assert_string_equal(confidence_name(verdict.confidence), confidence_name(confidence));
}

static void marked_by_a_userspace_oom_killer(void **state)
{
    struct obituary it = killed();
    char text[128];
    struct verdict verdict;

    (void)state;
    it.now.oomd_ooms = 1; // set before it kills; how many it killed comes later, or never
    expect(&it, VERDICT_OOM_USERSPACE, CONFIDENCE_CERTAIN);
    verdict = verdict_decide(&it);
    verdict_sentence(&verdict, text, sizeof(text));
    assert_string_equal(text, "killed by a userspace OOM killer (systemd-oomd or oomd) after 0 ms");
    it.status_known = false;
    expect(&it, VERDICT_OOM_USERSPACE, CONFIDENCE_PROBABLE);
    it = killed();
    it.base.oomd_ooms = it.now.oomd_ooms = 3; // long ago
    expect(&it, VERDICT_KILLED, CONFIDENCE_CERTAIN);
}

static void marked_and_something_else(void **state)
{
    struct obituary it = killed();

    (void)state;
    it.now.oomd_ooms = 1;
    it.now.oom = it.now.oom_kill = it.now.oom_group_kill = 1; // the kernel was there as well
    expect(&it, VERDICT_OOM, CONFIDENCE_PROBABLE);
    it = killed();
    it.now.oomd_kills = 1;
    it.stopping = true;
    it.sent_signal = SIGKILL; // and so were we
    expect(&it, VERDICT_STOPPED, CONFIDENCE_PROBABLE);
    it = killed();
    it.now.oomd_ooms = 1;
    it.signal = 0;
    it.exit_code = 4; // it was quicker
    expect(&it, VERDICT_FAILED, CONFIDENCE_CERTAIN);
}

static void not_there_in_time(void **state)
{
    struct obituary it = killed();

    (void)state;
    it.start_timeout = true;
    it.sent_signal = SIGKILL;
    expect(&it, VERDICT_START_TIMEOUT, CONFIDENCE_CERTAIN);
    it.now.oom_kill = 1;
    expect(&it, VERDICT_START_TIMEOUT, CONFIDENCE_PROBABLE);
    it.now.oom_group_kill = 1; // the kernel has killed all of it, and before us
    expect(&it, VERDICT_OOM_OUTSIDE, CONFIDENCE_CERTAIN);
    it = killed();
    it.start_timeout = true;
    it.sent_signal = SIGKILL;
    it.signal = 0;
    it.exit_code = 4; // it was quicker
    expect(&it, VERDICT_FAILED, CONFIDENCE_CERTAIN);
}

/* Asked to stop with SIGTERM, ended by a SIGKILL: not ours. */
static void somebody_else_was_quicker(void **state)
{
    struct obituary it = killed();

    (void)state;
    it.stopping = true;
    it.sent_signal = SIGTERM;
    expect(&it, VERDICT_STOPPED, CONFIDENCE_PROBABLE);
    it.sent_signal = SIGKILL;
    expect(&it, VERDICT_STOPPED, CONFIDENCE_CERTAIN);
}

/* Our SIGKILL at the end of the grace and the kernel's look the same. */
static void escalated_and_killed_for_memory(void **state)
{
    struct obituary it = killed();

    (void)state;
    it.stopping = true;
    it.sent_signal = SIGKILL;
    it.now.oom = it.now.oom_kill = 1;
    expect(&it, VERDICT_STOPPED, CONFIDENCE_PROBABLE);
    it.now.oom_group_kill = 1; // of who had our SIGKILL nothing would be counted
    expect(&it, VERDICT_OOM, CONFIDENCE_CERTAIN);
}

/* A main process that is dying, and a kill below the compartment: of it, or of another. */
static void killed_below(void **state)
{
    struct obituary it = killed();

    (void)state;
    it.oom_seen = true;
    it.now.tree_oom_kill = 1;
    expect(&it, VERDICT_OOM, CONFIDENCE_PROBABLE);
    it.now.oom_kill = 1;
    expect(&it, VERDICT_OOM_OUTSIDE, CONFIDENCE_CERTAIN);
}

static void it_ended_by_itself_just_before(void **state)
{
    struct obituary it = killed();

    (void)state;
    it.oom_seen = true;
    it.now.oom = it.now.oom_kill = it.now.oom_group_kill = 1;
    expect(&it, VERDICT_OOM, CONFIDENCE_CERTAIN);
    it.signal = 0;
    expect(&it, VERDICT_OOM, CONFIDENCE_PROBABLE);
    it.victims = 2; // whatever it did then: so many were a death
    expect(&it, VERDICT_OOM, CONFIDENCE_CERTAIN);
}

static void out_of_memory_at_birth(void **state)
{
    struct obituary it = {.status_known = true,
                          .exit_code = 127,
                          .step = SPAWN_STEP_EXEC,
                          .error = ENOMEM,
                          .base.known = 1,
                          .now.known = 1};

    (void)state;
    expect(&it, VERDICT_SPAWN_FAILED, CONFIDENCE_CERTAIN);
    it.now.max = 1; // what met its limit was refused
    expect(&it, VERDICT_OOM, CONFIDENCE_CERTAIN);
    it.now.oom = 1;
    expect(&it, VERDICT_OOM, CONFIDENCE_CERTAIN);
    it.now = it.base;
    it.now.enclosing_oom[1] = 1;
    expect(&it, VERDICT_OOM_GROUP, CONFIDENCE_PROBABLE);
}

static void counters_that_could_not_be_read(void **state)
{
    struct obituary it = killed();

    (void)state;
    expect(&it, VERDICT_KILLED, CONFIDENCE_CERTAIN);
    it.now.known = 0;
    expect(&it, VERDICT_KILLED, CONFIDENCE_PROBABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marked_by_a_userspace_oom_killer),
        cmocka_unit_test(marked_and_something_else),
        cmocka_unit_test(not_there_in_time),
        cmocka_unit_test(somebody_else_was_quicker),
        cmocka_unit_test(escalated_and_killed_for_memory),
        cmocka_unit_test(killed_below),
        cmocka_unit_test(it_ended_by_itself_just_before),
        cmocka_unit_test(out_of_memory_at_birth),
        cmocka_unit_test(counters_that_could_not_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
