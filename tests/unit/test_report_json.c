/* The report for hooks: read back by another's JSON parser, with every kind of hostile text. */
// links: core -ljansson
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "core/report_json.h"

static char line[REPORT_JSON_MAX];
static struct verdict verdict;
static struct member member;
static struct report report;

static int prepare(void **state)
{
    (void)state;
    verdict = (struct verdict){
        .kind = VERDICT_OOM,
        .exit_code = -1,
        .signal = 9,
        .oom = 1,
        .oom_kill = 3,
        .oom_group_kill = 1,
        .enclosing = -1,
        .peak_bytes = INT64_C(67108864),
        .limit_bytes = INT64_C(67108864),
        .uptime = span_ms(3204),
        .next = NEXT_RESTART,
        .delay = span_ms(100),
    };
    member = (struct member){.name = "web-12", .service_length = 3, .number = 12};
    report = (struct report){
        .hook = AIDE_ON_OOM,
        .stack = "shop",
        .member = &member,
        .generation = 7,
        .wall_ns = INT64_C(1763802000123456789),
        .verdict = &verdict,
    };
    return 0;
}

/* Written, one line, and what the parser makes of it. */
static json_t *parsed(void)
{
    size_t length = report_json(&report, line);
    json_error_t error;
    json_t *object;

    assert_int_not_equal(length, 0);
    assert_int_equal(length, strlen(line));
    assert_ptr_equal(strchr(line, '\n'), line + length - 1);
    object = json_loads(line, JSON_REJECT_DUPLICATES, &error);
    if (!object)
        fail_msg("%s at %d: %s", error.text, error.position, line);
    return object;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    assert_non_null(text);
    return text;
}

static void all_of_it(void **state)
{
    (void)state;
    json_decref(parsed());
    assert_string_equal(
        line,
        "{\"hook\":\"on_oom\",\"time\":\"2025-11-22T09:00:00.123456789Z\",\"stack\":\"shop\","
        "\"name\":\"web-12\",\"service\":\"web\",\"instance\":12,\"generation\":7,"
        "\"verdict\":\"oom\",\"confidence\":\"certain\",\"sentence\":\"killed by the kernel at its "
        "own memory limit after 3.2 s, peak 64 MiB of 64 MiB\",\"exitCode\":137,"
        "\"signal\":\"SIGKILL\",\"uptime\":3.204,\"evidence\":{\"oom\":1,\"oomKill\":3,"
        "\"oomGroupKill\":1,\"enclosing\":-1,\"memPeak\":67108864,\"memLimit\":67108864},"
        "\"next\":\"restart\",\"budget\":\"\",\"delay\":0.1}\n");
}

static void a_group_and_who_was_beside_it(void **state)
{
    json_t *object, *beside;

    (void)state;
    verdict.kind = VERDICT_OOM_GROUP;
    verdict.enclosing = 1;
    strcpy(verdict.group, "backend");
    report.others[0] = (struct report_other){"db-1", 5, 6, 0};
    report.others[1] = (struct report_other){"db-2", INT64_MAX, 0, 7};
    report.others_count = 2;
    object = parsed();
    assert_string_equal(text_of(json_object_get(object, "evidence"), "group"), "backend");
    beside = json_object_get(object, "beside");
    assert_int_equal(json_array_size(beside), 2);
    assert_string_equal(text_of(json_array_get(beside, 1), "name"), "db-2");
    assert_true(json_integer_value(json_object_get(json_array_get(beside, 1), "memCurrent")) ==
                INT64_MAX);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(beside, 1), "memGrowth")),
                     7);
    json_decref(object);
}

static void a_birth_that_failed_and_a_budget(void **state)
{
    json_t *object;

    (void)state;
    report.hook = AIDE_ON_HOLD;
    verdict = (struct verdict){.kind = VERDICT_SPAWN_FAILED,
                               .step = SPAWN_STEP_CHDIR,
                               .error = 2,
                               .exit_code = -1,
                               .next = NEXT_HOLD,
                               .budget = CAUSE_CRASH + 1};
    object = parsed();
    assert_string_equal(text_of(object, "hook"), "on_hold");
    assert_string_equal(text_of(object, "step"), "chdir");
    assert_string_equal(text_of(object, "error"), "No such file or directory");
    assert_string_equal(text_of(object, "next"), "hold");
    assert_string_equal(text_of(object, "budget"), "crash");
    assert_string_equal(text_of(object, "signal"), "");
    assert_int_equal(json_integer_value(json_object_get(object, "exitCode")), -1);
    json_decref(object);
    verdict.error = 4000;
    object = parsed();
    assert_string_equal(text_of(object, "error"), "unknown error");
    json_decref(object);
}

/* Every byte alone in a name, as it may stand in no name that was checked. */
static void every_byte_is_text(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        char stack[] = {'a', (char)byte, 'z', 0};
        json_t *object;
        report.stack = stack;
        object = parsed();
        assert_string_equal(text_of(object, "stack"), byte < 0x80 ? stack : "a\xef\xbf\xbdz");
        json_decref(object);
    }
    report.stack = "\xe2\x82\xac\xe2\x82";
    json_decref(parsed());
    assert_non_null(strstr(line, "\"\xe2\x82\xac\xef\xbf\xbd\xef\xbf\xbd\""));
}

static void numbers_come_through(void **state)
{
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = {{0, "0.0"},
                 {1, "0.000000001"},
                 {NSEC_PER_SEC, "1.0"},
                 {-1500000000, "-1.5"},
                 {INT64_MAX, "9223372036.854775807"},
                 {INT64_MIN, "-9223372036.854775808"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char expected[64];
        verdict.uptime = span_ns(cases[i].ns);
        json_decref(parsed());
        snprintf(expected, sizeof(expected), "\"uptime\":%s,", cases[i].text);
        assert_non_null(strstr(line, expected));
    }
}

/* The longest names, of bytes that take the most room, and the largest numbers. */
static void the_worst_fits(void **state)
{
    static char name[INSTANCE_NAME_MAX], stack[NAME_BYTES_MAX + 1];
    json_t *object;

    (void)state;
    memset(name, 1, sizeof(name) - 1);
    memset(stack, 1, sizeof(stack) - 1);
    memset(verdict.group, 1, sizeof(verdict.group) - 1);
    memset(member.name, 1, sizeof(member.name) - 1);
    member.service_length = NAME_BYTES_MAX;
    member.number = report.generation = UINT32_MAX;
    report.stack = stack;
    verdict.kind = VERDICT_OOM_GROUP;
    verdict.enclosing = 3;
    verdict.oom = verdict.oom_kill = verdict.oom_group_kill = verdict.peak_bytes =
        verdict.limit_bytes = INT64_MIN;
    verdict.uptime = verdict.delay = span_ns(INT64_MIN);
    report.wall_ns = INT64_MAX;
    report.others_count = REPORT_OTHERS_MAX;
    for (int i = 0; i < REPORT_OTHERS_MAX; i++)
        report.others[i] = (struct report_other){name, INT64_MIN, INT64_MIN, INT64_MIN};
    object = parsed();
    assert_int_equal(json_array_size(json_object_get(object, "beside")), REPORT_OTHERS_MAX);
    json_decref(object);
}

static void what_does_not_fit_is_no_report(void **state)
{
    static char stack[REPORT_JSON_MAX];

    (void)state;
    report.stack = stack;
    for (size_t length = 0; length < sizeof(stack) - 1; length++) {
        stack[length] = 'x';
        if (report_json(&report, line) == 0)
            return;
        assert_true(strlen(line) < REPORT_JSON_MAX);
    }
    fail_msg("a line without a bound");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_of_it, prepare),
        cmocka_unit_test_setup(a_group_and_who_was_beside_it, prepare),
        cmocka_unit_test_setup(a_birth_that_failed_and_a_budget, prepare),
        cmocka_unit_test_setup(every_byte_is_text, prepare),
        cmocka_unit_test_setup(numbers_come_through, prepare),
        cmocka_unit_test_setup(the_worst_fits, prepare),
        cmocka_unit_test_setup(what_does_not_fit_is_no_report, prepare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
