/* The tree of groups: levels, places, what is no tree, and how a limit in it is told. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/paths.h"
#include "core/planfile.h"
#include "core/verdict.h"

/* svc/ with a in it, b in a, and c beside a. */
static const struct stack_group tree[] = {{"", 0, 0}, {"a", 0, 1}, {"b", 1, 1}, {"c", 0, 1}};

static void levels_around(void **state)
{
    uint32_t levels[ENCLOSING_MAX];

    (void)state;
    assert_int_equal(group_levels(tree, 4, 2, levels), 3);
    assert_int_equal(levels[0], 2);
    assert_int_equal(levels[1], 1);
    assert_int_equal(levels[2], GROUP_STACK);
    assert_int_equal(group_levels(tree, 4, GROUP_STACK, levels), 1);
    assert_int_equal(group_levels(NULL, 0, GROUP_STACK, levels), 0);
    assert_int_equal(group_level(tree, 4, 2, 1), 1);
    assert_int_equal(group_level(tree, 4, 2, 3), -1);
    assert_int_equal(group_level(tree, 4, 1, 2), -1);
    assert_int_equal(group_find(tree, 4, "b"), 2);
    assert_int_equal(group_find(tree, 4, "d"), -1);
}

static void places_of_groups(void **state)
{
    static const struct stack_group other[] = {{"", 0, 9}, {"c", 0, 9}, {"b", 1, 9}, {"a", 0, 9}};
    char path[GROUP_PATH_MAX], name[COMPARTMENT_NAME_MAX];
    struct stack_group groups[4];
    struct member member = {.name = "web-1", .service_length = 3, .number = 1, .group = 2};
    struct roster grouped = {
        .members = &member, .members_count = 1, .groups = groups, .groups_count = 4};

    (void)state;
    memcpy(groups, tree, sizeof(groups));
    group_path(tree, 2, path);
    assert_string_equal(path, "g-a/g-b");
    group_path(tree, GROUP_STACK, path);
    assert_string_equal(path, "");
    compartment_name(&grouped, 0, 7, name);
    assert_string_equal(name, "g-a/g-b/s-web.1.7");
    assert_true(group_is_same(tree, 3, other, 1));
    assert_true(group_is_same(tree, 0, other, 0));
    assert_false(group_is_same(tree, 2, other, 2)); // a/b and c/b
    assert_false(group_is_same(tree, 1, other, 0));
}

/* What is no tree is refused on both sides. */
static void groups_that_are_no_tree(void **state)
{
    static const struct {
        struct stack_group table[5];
        uint32_t count;
    } bad[] = {
        {{{"a", 0, 1}}, 1},                          // the stack has a name
        {{{"", 0, 0}, {"", 0, 1}}, 2},               // and only the stack has none
        {{{"", 0, 0}, {"a/b", 0, 1}}, 2},            //
        {{{"", 0, 0}, {"..", 0, 1}}, 2},             //
        {{{"", 0, 0}, {"a", 1, 1}}, 2},              // in itself
        {{{"", 0, 0}, {"a", 2, 1}, {"b", 1, 1}}, 3}, // in one behind it
        {{{"", 0, 0}, {"a", 0, 1}, {"a", 1, 1}}, 3}, // twice
        {{{"", 0, 0}, {"a", 0, -1}}, 2},             //
        {{{"", 0, 0}, {"a", 0, 1}, {"b", 1, 1}, {"c", 2, 1}, {"d", 3, 1}}, 5}, // too deep
    };
    struct plan plan = {.stack = "s", .cgroup_dir = "/c", .runtime_dir = "/r", .state_dir = "/v"};
    unsigned char *bytes;
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(groups_are_valid(bad[i].table, bad[i].count));
        plan.groups = bad[i].table;
        plan.groups_count = bad[i].count;
        assert_int_equal(planfile_encode(&plan, &bytes, &size), 1);
    }
    assert_true(groups_are_valid(tree, 4));
    assert_true(groups_are_valid(NULL, 0));
}

static const char *sentence(const struct verdict *verdict)
{
    static char text[256];

    verdict_sentence(verdict, text, sizeof(text));
    return text;
}

static void sentences(void **state)
{
    struct verdict it = {.kind = VERDICT_OOM_GROUP,
                         .peak_bytes = 20 << 20,
                         .limit_bytes = 64 << 20,
                         .group = "backend",
                         .uptime = span_sec(3)};

    (void)state;
    assert_string_equal(sentence(&it), "killed by the kernel at the memory limit of its group "
                                       "backend (64 MiB) after 3.0 s, peak 20 MiB");
    it.group[0] = '\0';
    it.limit_bytes = 0;
    assert_string_equal(sentence(&it), "killed by the kernel at the memory limit of the stack "
                                       "after 3.0 s, peak 20 MiB");
    it.enclosing = -1;
    assert_string_equal(sentence(&it), "killed by the kernel at the memory limit of an enclosing "
                                       "group after 3.0 s, peak 20 MiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_around),
        cmocka_unit_test(places_of_groups),
        cmocka_unit_test(groups_that_are_no_tree),
        cmocka_unit_test(sentences),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
