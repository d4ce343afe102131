// clang-format off
// links: cli/plan_report.o cli/plan_json.o cli/host/budget.o cli/plan_view.o cli/stack/reconcile.o cli/show/json.o cli/show/render.o cli/show/times.o cli/show/table.o core -ljansson
// clang-format on
/* A plan and what would be done with it, as people and programs see it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/plan_report.h"
#include "cli/plan_view.h"

static char *const words[] = {(char[]){"web"}, (char[]){"a \"b\""}, NULL};
static const struct control controls[] = {{"pids.max", "32", false},
                                          {"cpu.max", "50000 100000", false},
                                          {"memory.swap.max", "0", true},
                                          {"memory.max", "67108864", false}};
static const struct plan_aide aides[] = {
    {.launch = {.argv = words, .controls = controls, .controls_count = 1}}}; // a probe
static const struct need needs[] = {{.member = 0, .condition = NEED_HEALTHY},
                                    {.member = 1, .condition = NEED_HEALTHY, .optional = 1}};
static struct plan_member members[] = {
    {.service = "db", .number = 1, .aides = aides, .aides_count = 1, .policy.health = 1},
    {.service = "db", .number = 2},
    {.service = "web",
     .number = 1,
     .needs = needs,
     .needs_count = 2,
     .launch = {.argv = words, .controls = controls, .controls_count = 4},
     .policy = {.restart = RESTART_ON_FAILURE, .restart_max = 3},
     .hash = 255},
};
static const struct plan plan = {
    .stack = "shop", .cgroup_dir = "/cg/shop", .members = members, .members_count = 3};
static const struct reconcile_step steps[] = {
    {RECONCILE_NONE, REASON_NONE, 0, 0, "db-1"},
    {RECONCILE_START, REASON_NEW, 1, -1, "db-2"},
    {RECONCILE_RESTART, REASON_CHANGED, 2, 1, "web-1"},
    {RECONCILE_ORPHAN, REASON_ORPHAN, -1, 2, "old-1"},
};
static struct faults faults;
static const struct plan_report report = {&plan, steps, 4, true, &faults};

static char *text_of(bool json)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);

    members[0].policy.health_interval_ns = 5 * NSEC_PER_SEC;
    assert_true(json ? plan_report_json(&report, to) : plan_report_text(&report, false, to));
    fclose(to);
    return text;
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void test_text(void **state)
{
    char *text = text_of(false);

    (void)state;
    has(text, "stack shop: 3 instances of 2 services; it runs\n");
    has(text, "1       db-1     unchanged   -            -         -      -      -      no     "
              "        every 5.0s\n");
    has(text, "2       web-1    restart     db healthy   64.0MiB   0B     0.5    32     "
              "on-failure:3   -\n");
    has(text, "-       old-1    orphan  ");
    has(text, "\n/cg/shop\n├─ keeper\n├─ supervisor\n├─ recorder\n└─ svc\n   ├─ s-db.1.*\n"
              "   ├─ probe-db.1.*             pids.max=32\n   ├─ s-db.2.*\n"
              "   └─ s-web.1.*                pids.max=32 cpu.max=50000 100000 "
              "memory.swap.max=0 memory.max=67108864\n");
    free(text);
}

static void test_groups(void **state)
{
    static const struct stack_group groups[] = {
        {"", 0, 256 << 20}, {"back", 0, 128 << 20}, {"jobs", 1, 96 << 20}, {"idle", 0, 4096}};
    static struct plan_member in_groups[] = {
        {.service = "db", .number = 1, .group = 1, .aides = aides, .aides_count = 1},
        {.service = "job", .number = 1, .group = 2},
        {.service = "web", .number = 1}};
    static const struct plan grouped = {.stack = "shop",
                                        .cgroup_dir = "/cg/shop",
                                        .members = in_groups,
                                        .members_count = 3,
                                        .groups = groups,
                                        .groups_count = 4};
    struct plan_report of_groups = {&grouped, steps, 0, false, &faults};
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);

    (void)state;
    assert_true(plan_report_text(&of_groups, false, to));
    fclose(to);
    has(text, "└─ svc memory.swap.max=0 memory.max=268435456\n"
              "   ├─ g-back                   memory.swap.max=0 memory.max=134217728\n"
              "   │  ├─ g-jobs                   memory.swap.max=0 memory.max=100663296\n"
              "   │  │  └─ s-job.1.*\n"
              "   │  └─ s-db.1.*\n"
              "   ├─ g-idle                   memory.swap.max=0 memory.max=4096\n"
              "   ├─ probe-db.1.*             pids.max=32\n"
              "   └─ s-web.1.*\n");
    free(text);
}

static void test_json(void **state)
{
    char *text;

    (void)state;
    faults_init(&faults);
    faults_add(&faults, FAULT_WARNING, (struct mark){"a.yaml", 3, 7}, "mend", "bad");
    text = text_of(true);
    has(text, "{\"Stack\":\"shop\",\"Running\":true,\"Cgroup\":\"/cg/shop\"");
    has(text, "\"Name\":\"web-1\",\"Action\":\"restart\",\"Reason\":\"changed: restarted\"");
    has(text, "\"After\":[{\"Service\":\"db\",\"Condition\":\"healthy\",\"Required\":true}]");
    has(text, "\"Command\":[\"web\",\"a \\\"b\\\"\"]");
    has(text, "\"memory.max\":\"67108864\"");
    has(text, "\"Aides\":[{\"Kind\":\"probe\"");
    has(text, "\"Hash\":\"00000000000000ff\"");
    has(text, "{\"Name\":\"old-1\",\"Action\":\"orphan\"");
    has(text, "\"Findings\":[{\"Level\":\"warning\",\"File\":\"a.yaml\",\"Line\":3,\"Column\":7,"
              "\"Text\":\"bad\",\"Remedy\":\"mend\"}]");
    free(text);
}

static void test_stages(void **state)
{
    uint32_t *stages = plan_stages(&plan);

    (void)state;
    assert_int_equal(stages[0], 1);
    assert_int_equal(stages[1], 1);
    assert_int_equal(stages[2], 2);
    free(stages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_stages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
