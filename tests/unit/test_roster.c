/* Names and policies of members. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/paths.h"
#include "core/roster.h"

static struct member members[] = {
    {.name = "web-1", .service_length = 3, .number = 1},
    {.name = "web-12", .service_length = 3, .number = 12},
    {.name = "web-1-1", .service_length = 5, .number = 1},
};
static const struct roster roster = {.members = members, .members_count = 3};

static void found_by_name(void **state)
{
    (void)state;
    assert_int_equal(roster_find(&roster, "web-12"), 1);
    assert_int_equal(roster_find(&roster, "web"), -1);
    assert_int_equal(roster_find(&roster, ""), -1);
}

static void services_of_members(void **state)
{
    (void)state;
    assert_true(member_is_of(&members[0], "web"));
    assert_true(member_is_of(&members[1], "web"));
    assert_false(member_is_of(&members[2], "web"));
    assert_true(member_is_of(&members[2], "web-1"));
    assert_false(member_is_of(&members[0], "we"));
    assert_false(member_is_of(&members[0], ""));
}

static void compartments_are_named_apart(void **state)
{
    char one[COMPARTMENT_NAME_MAX], other[COMPARTMENT_NAME_MAX];

    (void)state;
    compartment_name(&roster, 0, 7, one);
    assert_string_equal(one, "s-web.1.7");
    compartment_name(&roster, 2, UINT32_MAX, other);
    assert_string_equal(other, "s-web-1.1.4294967295");
}

static void names(void **state)
{
    static const char *const good[] = {"a", "web", "_web", "Web.2-b_c", "0"};
    static const char *const bad[] = {"",    ".",   "..",   ".web",    "-web",
                                      "a b", "a/b", "a\nb", "\xc3\xa9"};
    char longest[NAME_BYTES_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(roster_name_is_valid(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(roster_name_is_valid(bad[i]));
    memset(longest, 'a', sizeof(longest));
    longest[NAME_BYTES_MAX + 1] = '\0';
    assert_false(roster_name_is_valid(longest));
    longest[NAME_BYTES_MAX] = '\0';
    assert_true(roster_name_is_valid(longest));
}

static void policies(void **state)
{
    struct policy good = policy_default();
    const size_t fields = sizeof(good) / sizeof(int64_t);

    (void)state;
    assert_true(policy_is_valid(&good));
    assert_int_equal(good.backoff_initial_ns, 100 * NSEC_PER_MSEC);
    assert_int_equal(good.backoff_max_ns, 60 * NSEC_PER_SEC);
    for (size_t i = 0; i < fields; i++) {
        struct policy bad = good;
        size_t at = i * sizeof(int64_t);
        if (at >= offsetof(struct policy, success) &&
            at < offsetof(struct policy, prevent) + sizeof(bad.prevent))
            continue; // any bits are a set
        memcpy((char *)&bad + at, &(int64_t){-1}, sizeof(int64_t));
        assert_false(policy_is_valid(&bad));
    }
    good.backoff_factor_milli = good.backoff_max_ns = good.backoff_initial_ns = INT64_MAX;
    assert_true(policy_is_valid(&good));
    good.backoff_jitter_milli = 1001;
    assert_false(policy_is_valid(&good));
    good = policy_default();
    good.restart = RESTARTS_COUNT;
    assert_false(policy_is_valid(&good));
    good = policy_default();
    good.stop_signal = 0;
    assert_false(policy_is_valid(&good));
}

static void finished_twice(void **state)
{
    struct roster empty = {0};

    (void)state;
    roster_finish(&empty);
    roster_finish(&empty);
    assert_null(empty.members);
    assert_string_equal(restart_name(RESTART_UNLESS_STOPPED), "unless-stopped");
    assert_string_equal(restart_name(RESTARTS_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_by_name),
        cmocka_unit_test(services_of_members),
        cmocka_unit_test(compartments_are_named_apart),
        cmocka_unit_test(names),
        cmocka_unit_test(policies),
        cmocka_unit_test(finished_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
