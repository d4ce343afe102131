/* JSON out: order of keys, hostile text, memory handed over. */
// links: cli/show/json.o core -ljansson
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/show/json.h"
#include "core/nsec.h"

static void expect(struct json *object, const char *expected)
{
    char text[512] = "";
    FILE *to = fmemopen(text, sizeof(text), "w");

    assert_non_null(to);
    assert_true(json_print(object, to));
    fclose(to);
    assert_string_equal(text, expected);
    json_destroy(object);
}

static void test_keys_keep_their_order(void **state)
{
    struct json *object = json_create();
    struct json *list = json_create_list();
    struct json *child = json_create();

    (void)state;
    json_text(object, "zeta", "z");
    json_number(object, "alpha", INT64_C(-9007199254740993));
    json_seconds(object, "seconds", 3204 * NSEC_PER_MSEC);
    json_truth(object, "true", true);
    json_nothing(object, "null");
    json_text(object, "none", NULL);
    json_append_text(list, "a");
    json_append_text(list, "b");
    json_child(object, "list", list);
    json_text(child, "k", "v");
    json_child(object, "child", child);
    expect(object, "{\"zeta\":\"z\",\"alpha\":-9007199254740993,\"seconds\":3.204,\"true\":true,"
                   "\"null\":null,\"none\":null,\"list\":[\"a\",\"b\"],\"child\":{\"k\":\"v\"}}\n");
}

static void expect_text(const char *text, const char *expected)
{
    struct json *object = json_create();

    json_text(object, "t", text);
    expect(object, expected);
}

static void test_text_that_is_not_utf8(void **state)
{
    (void)state;
    expect_text("gr\xc3\xbc\xc3\x9f", "{\"t\":\"gr\xc3\xbc\xc3\x9f\"}\n");
    expect_text("a\xff\"\n\x1b", "{\"t\":\"a\xef\xbf\xbd\\\"\\n\\u001B\"}\n");
    expect_text("\xc3", "{\"t\":\"\xef\xbf\xbd\"}\n");
    expect_text("\xc0\xaf", "{\"t\":\"\xef\xbf\xbd\xef\xbf\xbd\"}\n");
    expect_text("\xed\xa0\x80", "{\"t\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}\n");
    expect_text("\xf0\x9f\x90\x99", "{\"t\":\"\xf0\x9f\x90\x99\"}\n");
    expect_text("\xf4\x90\x80\x80",
                "{\"t\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}\n");
}

static void test_no_memory_is_told_at_the_end(void **state)
{
    struct json *object = json_create();

    (void)state;
    json_text(NULL, "a", "b");
    json_append_text(NULL, "b");
    assert_false(json_print(NULL, stdout));
    json_child(object, "child", NULL);
    assert_false(json_print(object, stdout));
    json_destroy(object);
    json_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_keep_their_order),
        cmocka_unit_test(test_text_that_is_not_utf8),
        cmocka_unit_test(test_no_memory_is_told_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
