/* The kernel log's words about kills for memory. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/kmsg.h"

#define CHOSEN                                                                                \
    "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=" \
    "/a/shop/svc/g-jobs,task_memcg=/a/shop/svc/g-jobs/s-web.1.7,task=worker,pid=812,uid=0"
#define GROUP "Tasks in /a/shop/svc/s-web.1.7 are going to be killed due to memory.oom.group set"
#define KILLED                                                                             \
    "Memory cgroup out of memory: Killed process 812 (worker) total-vm:70000kB, anon-rss:" \
    "65000kB"

static bool read_text(const char *bytes, struct kmsg_record *ret)
{
    return kmsg_read(bytes, strlen(bytes), ret);
}

static void test_a_record_has_a_time_and_a_line(void **state)
{
    struct kmsg_record record;

    (void)state;
    assert_true(read_text("6,1234,98765432,-;" CHOSEN "\n SUBSYSTEM=x\n", &record));
    assert_int_equal(record.at_ns, 98765432000);
    assert_string_equal(record.text, CHOSEN);
    assert_true(read_text("6,1,2,-,caller=T1;\x1b[31mred", &record));
    assert_string_equal(record.text, "?[31mred");
}

static void test_what_is_no_record_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "6",
                                        "6,1,2",
                                        "6,1,2,-",
                                        "a,1,2,-;x",
                                        "6,1,-;x",
                                        "6,1,99999999999999999999,-;x",
                                        "6,1,9223372036854775807,-;x",
                                        " KEY=value"};
    struct kmsg_record record;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(read_text(texts[i], &record));
}

static void test_a_long_line_is_cut(void **state)
{
    char bytes[2000] = "6,1,2,-;";
    struct kmsg_record record;

    (void)state;
    memset(bytes + 8, 'x', sizeof(bytes) - 8);
    assert_true(kmsg_read(bytes, sizeof(bytes), &record));
    assert_int_equal(strlen(record.text), KMSG_TEXT_MAX - 1);
}

static void test_the_compartment_is_known_by_its_whole_name(void **state)
{
    int64_t pid;

    (void)state;
    assert_true(kmsg_names(CHOSEN, "shop", "s-web.1.7", &pid));
    assert_int_equal(pid, 812);
    assert_true(kmsg_names(GROUP, "shop", "s-web.1.7", &pid));
    assert_int_equal(pid, 0);
    assert_false(kmsg_names(CHOSEN, "shop", "s-web.1.77", &pid));
    assert_false(kmsg_names(CHOSEN, "shop", "web.1.7", &pid));
    assert_false(kmsg_names(CHOSEN, "hop", "s-web.1.7", &pid));
    assert_false(kmsg_names(CHOSEN, "other", "s-web.1.7", &pid));
    assert_false(kmsg_names(KILLED, "shop", "s-web.1.7", &pid));
    assert_false(kmsg_names("task_memcg=/svc/s-web.1.7", "shop", "s-web.1.7", &pid));
    assert_false(kmsg_names("task_memcg=", "shop", "s-web.1.7", &pid));
    assert_false(kmsg_names("Tasks in ", "shop", "s-web.1.7", &pid));
}

static void test_the_killed_is_known_by_its_pid(void **state)
{
    (void)state;
    assert_true(kmsg_killed(KILLED, 812));
    assert_true(kmsg_killed("Out of memory: Killed process 812 (worker)", 812));
    assert_false(kmsg_killed(KILLED, 81));
    assert_false(kmsg_killed(KILLED, 0));
    assert_false(kmsg_killed("Killed process 812 (worker)", 812));
    assert_false(kmsg_killed("Out of memory: Killed process ", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_record_has_a_time_and_a_line),
        cmocka_unit_test(test_what_is_no_record_is_refused),
        cmocka_unit_test(test_a_long_line_is_cut),
        cmocka_unit_test(test_the_compartment_is_known_by_its_whole_name),
        cmocka_unit_test(test_the_killed_is_known_by_its_pid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
