// clang-format off
// links: cli/plan/difference.o cli/stack/merge_plan.o cli/stack/merge_groups.o cli/stack/reconcile.o cli/plan/planner_hash.o cli/show/explain.o core
// clang-format on
/* Two plans into one: whose record counts, whose dependencies are found again, and in what order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/plan/difference.h"
#include "cli/stack/merge_plan.h"

static struct plan merged;
static struct fault fault;

static int tear_down(void **state)
{
    (void)state;
    plan_finish(&merged);
    return 0;
}

static int merge(const struct plan *wanted, const struct plan *running,
                 const struct reconcile_step *steps, size_t count)
{
    plan_finish(&merged);
    return merge_plan(wanted, running, steps, count, &merged, &fault);
}

static const struct plan_member *at(size_t place, const char *service, uint32_t number)
{
    assert_true(place < merged.members_count);
    assert_string_equal(merged.members[place].service, service);
    assert_int_equal(merged.members[place].number, number);
    return &merged.members[place];
}

#define KEPT(row, name)                                 \
    {                                                   \
        RECONCILE_KEEP, REASON_NOT_ASKED, -1, row, name \
    }
#define TAKEN(member, row, name)                             \
    {                                                        \
        RECONCILE_RESTART, REASON_CHANGED, member, row, name \
    }

/* wanted: db, web (needs db); running: web (needs old), old, gone. */
static void test_records_and_needs(void **state)
{
    struct need new_need = {.member = 0, .condition = NEED_HEALTHY}, old_need = {.member = 1};
    struct plan_member wanted_members[] = {
        {.service = "db", .number = 1, .hash = 1},
        {.service = "web", .number = 1, .hash = 2, .needs = &new_need, .needs_count = 1}};
    struct plan_member running_members[] = {
        {.service = "web", .number = 1, .hash = 9, .needs = &old_need, .needs_count = 1},
        {.service = "old", .number = 1, .hash = 8},
        {.service = "gone", .number = 1, .hash = 7}};
    struct plan wanted = {.stack = "s", .members = wanted_members, .members_count = 2};
    struct plan running = {.cgroup_dir = "/cg", .members = running_members, .members_count = 3};
    struct reconcile_step steps[] = {{RECONCILE_START, REASON_NEW, 0, -1, "db-1"},
                                     {RECONCILE_KEEP, REASON_CHANGED, 1, 0, "web-1"},
                                     {RECONCILE_ORPHAN, REASON_ORPHAN, -1, 1, "old-1"},
                                     {RECONCILE_STOP, REASON_ORPHAN, -1, 2, "gone-1"}};

    (void)state;
    assert_int_equal(merge(&wanted, &running, steps, 4), 0);
    assert_int_equal(merged.members_count, 3);
    assert_string_equal(merged.cgroup_dir, "/cg");
    at(0, "db", 1);
    at(1, "old", 1);
    assert_int_equal(at(2, "web", 1)->hash, 9); // kept, and so are its needs
    assert_int_equal(merged.members[2].needs_count, 1);
    assert_int_equal(merged.members[2].needs[0].member, 1);

    steps[1] = (struct reconcile_step)TAKEN(1, 0, "web-1");
    assert_int_equal(merge(&wanted, &running, steps, 4), 0);
    assert_int_equal(at(1, "web", 1)->hash, 2);
    assert_int_equal(merged.members[1].needs[0].member, 0);
    assert_int_equal(merged.members[1].needs[0].condition, NEED_HEALTHY);

    steps[1].action = RECONCILE_KEEP;
    steps[2].action = RECONCILE_STOP; // what it needed is gone, and the need with it
    assert_int_equal(merge(&wanted, &running, steps, 4), 0);
    assert_int_equal(at(1, "web", 1)->needs_count, 0);
}

/* a needs b in the running stack, b needs a in the file; only b is asked for. */
static void test_circle_of_old_and_new(void **state)
{
    struct need on_a = {.member = 0}, on_b = {.member = 1};
    struct plan_member wanted_members[] = {
        {.service = "a", .number = 1},
        {.service = "b", .number = 1, .needs = &on_a, .needs_count = 1}};
    struct plan_member running_members[] = {
        {.service = "a", .number = 1, .needs = &on_b, .needs_count = 1},
        {.service = "b", .number = 1}};
    struct plan wanted = {.members = wanted_members, .members_count = 2};
    struct plan running = {.members = running_members, .members_count = 2};
    struct reconcile_step steps[] = {KEPT(0, "a-1"), TAKEN(1, 1, "b-1")};

    (void)state;
    assert_int_equal(merge(&wanted, &running, steps, 2), 1);
    assert_non_null(strstr(fault.what, "circle"));
}

/* "web-1" number 1 and "web" number 11 are not each other's. */
static void test_names_are_whole(void **state)
{
    struct plan_member running_members[] = {{.service = "web-1", .number = 1, .hash = 1},
                                            {.service = "web", .number = 11, .hash = 2},
                                            {.service = "web", .number = 1, .hash = 3}};
    struct plan running = {.members = running_members, .members_count = 3};
    struct plan wanted = {0};
    struct reconcile_step steps[] = {KEPT(2, "web-1"), KEPT(1, "web-11"), KEPT(0, "web-1-1")};

    (void)state;
    assert_int_equal(merge(&wanted, &running, steps, 3), 0);
    assert_int_equal(at(0, "web", 1)->hash, 3);
    assert_int_equal(at(1, "web", 11)->hash, 2);
    assert_int_equal(at(2, "web-1", 1)->hash, 1);
}

/* wanted: b in new; running: a in old/sub, which is left alone. */
static void test_groups(void **state)
{
    struct stack_group new_groups[] = {{"", 0, 9}, {"new", 0, 8}};
    struct stack_group old_groups[] = {{"", 0, 1}, {"old", 0, 2}, {"new", 0, 3}, {"sub", 1, 4}};
    struct plan_member wanted_members[] = {{.service = "a", .number = 1, .group = 1},
                                           {.service = "b", .number = 1, .group = 1}};
    struct plan_member running_members[] = {{.service = "a", .number = 1, .group = 3},
                                            {.service = "b", .number = 1, .group = 2}};
    struct plan wanted = {
        .groups = new_groups, .groups_count = 2, .members = wanted_members, .members_count = 2};
    struct plan running = {
        .groups = old_groups, .groups_count = 4, .members = running_members, .members_count = 2};
    struct reconcile_step steps[] = {KEPT(0, "a-1"), TAKEN(1, 1, "b-1")};

    (void)state;
    assert_int_equal(merge(&wanted, &running, steps, 2), 0);
    assert_int_equal(merged.groups_count, 4);
    assert_int_equal(at(0, "a", 1)->group, 3);
    assert_int_equal(at(1, "b", 1)->group, 1);
    assert_int_equal(merged.groups[0].limit_bytes, 9);
    assert_string_equal(merged.groups[2].name, "old");
    assert_string_equal(merged.groups[3].name, "sub");
    assert_int_equal(merged.groups[3].parent, 2);
    assert_true(groups_are_valid(merged.groups, merged.groups_count));

    strcpy(new_groups[1].name, "sub"); // is somewhere else now
    assert_int_equal(merge(&wanted, &running, steps, 2), 1);
    assert_non_null(strstr(fault.what, "a-1 is left alone in group sub"));
}

static void test_differences(void **state)
{
    char *const one[] = {(char[]){"a"}, (char[]){"b"}, NULL};
    char *const longer[] = {(char[]){"a"}, (char[]){"b"}, (char[]){"c"}, NULL};
    static const struct control fixed[] = {{"pids.max", "1", false},
                                           {"memory.oom.group", "1", false}};
    static const struct control live[] = {{"pids.max", "2", false}};
    struct plan_aide hook = {.kind = AIDE_PRE_START, .launch.argv = one};
    const struct plan none = {0};
    struct plan_member before = {.launch = {.argv = one, .keep_identity = true}}, after = before;
    char text[DIFFERENCE_MAX];

    (void)state;
    difference_words(&none, &before, &none, &after, text);
    assert_string_equal(text, "");
    after.launch.argv = longer;
    after.launch.keep_identity = false;
    difference_words(&none, &before, &none, &after, text);
    assert_string_equal(text, "command, user");
    after = before;
    before.launch.controls = fixed;
    before.launch.controls_count = 1;
    after.launch.controls = live; // a limit that is applied live is none
    after.launch.controls_count = 1;
    difference_words(&none, &before, &none, &after, text);
    assert_string_equal(text, "");
    before.launch.controls_count = 2;
    after.aides = &hook;
    after.aides_count = 1;
    after.policy.health = 1;
    difference_words(&none, &before, &none, &after, text);
    assert_string_equal(text, "cgroup settings, healthcheck, pre_start");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_records_and_needs, tear_down),
        cmocka_unit_test_teardown(test_circle_of_old_and_new, tear_down),
        cmocka_unit_test_teardown(test_names_are_whole, tear_down),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_differences),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
