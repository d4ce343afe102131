// links: core
/* core/fault: findings are kept, counted, cut and made printable; slips of the finger are found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/fault.h"

static const struct mark here = {.file = "a.yaml", .line = 3, .column = 7};

static void test_keeps_what_was_said(void **state)
{
    struct faults faults;

    (void)state;
    faults_init(&faults);
    assert_false(faults_fatal(&faults));
    faults_add(&faults, FAULT_WARNING, here, NULL, "%d apples", 12);
    assert_false(faults_fatal(&faults));
    faults_add(&faults, FAULT_ERROR, here, "eat one", "13 apples");
    assert_true(faults_fatal(&faults));
    assert_int_equal(faults.count, 2);
    assert_int_equal(faults.errors, 1);
    assert_string_equal(faults.item[0].what, "12 apples");
    assert_string_equal(faults.item[0].remedy, "");
    assert_int_equal(faults.item[0].level, FAULT_WARNING);
    assert_string_equal(faults.item[1].remedy, "eat one");
    assert_int_equal(faults.item[1].at.line, 3);
    assert_int_equal(faults.item[1].at.column, 7);
}

static void test_full_list_counts_on(void **state)
{
    struct faults faults;

    (void)state;
    faults_init(&faults);
    for (int i = 0; i < FAULTS_MAX + 5; i++)
        faults_add(&faults, FAULT_ERROR, here, NULL, "fault %d", i);
    assert_int_equal(faults.count, FAULTS_MAX);
    assert_int_equal(faults.dropped, 5);
    assert_int_equal(faults.errors, FAULTS_MAX + 5);
    assert_string_equal(faults.item[0].what, "fault 0");
}

static void test_control_characters_are_shown(void **state)
{
    char hostile[] = "\xc2\x9b"
                     "31m ..\xae\xff";
    struct faults faults;

    (void)state;
    faults_init(&faults);
    faults_add(&faults, FAULT_ERROR, here, "a\tb", "\x1b[31mred\n\x7f");
    assert_string_equal(faults.item[0].what, "\\x1b[31mred\\x0a\\x7f");
    assert_string_equal(faults.item[0].remedy, "a\\x09b");
    memcpy(hostile + 6, "\xe2\x80", 2); // with the next byte U+202E, which no source may have
    faults_add(&faults, FAULT_ERROR, here, NULL, "%s", hostile);
    assert_string_equal(faults.item[1].what, "\\xc2\\x9b31m \\xe2\\x80\\xae\\xff");
}

/* Every length of a text of two-byte characters: it ends with "…" and never inside a character. */
static void test_cut_between_characters(void **state)
{
    char text[2 * 400 + 2];
    struct faults faults;

    (void)state;
    for (size_t shift = 0; shift < 2; shift++) {
        memset(text, 'x', shift);
        for (size_t i = 0; i < 400; i++)
            memcpy(text + shift + 2 * i, "ä", 2);
        text[shift + 800] = '\0';
        faults_init(&faults);
        faults_add(&faults, FAULT_ERROR, here, NULL, "%s", text);
        size_t length = strlen(faults.item[0].what);
        assert_true(length > 300 && length < sizeof(faults.item[0].what));
        assert_string_equal(faults.item[0].what + length - 3, "…");
        assert_int_equal((length - 3 - shift) % 2, 0);
        assert_memory_equal(faults.item[0].what, text, length - 3);
    }
}

static void test_level_names(void **state)
{
    (void)state;
    assert_string_equal(fault_level_name(FAULT_ERROR), "error");
    assert_string_equal(fault_level_name(FAULT_WARNING), "warning");
    assert_string_equal(fault_level_name(FAULT_NOTICE), "notice");
}

static const char *nearest(const char *word)
{
    static const char *const words[] = {"cpus",        "cpuset",        "mem_limit", "restart",
                                        "environment", "memswap_limit", "a"};

    return fault_nearest(word, words, sizeof(words) / sizeof(words[0]));
}

static void test_nearest(void **state)
{
    (void)state;
    assert_string_equal(nearest("mem_limt"), "mem_limit");
    assert_string_equal(nearest("mem_limti"), "mem_limit");
    assert_string_equal(nearest("cpu"), "cpus");
    assert_string_equal(nearest("restart"), "restart");
    assert_string_equal(nearest("enviroment"), "environment");
    assert_string_equal(nearest("memswaplimit"), "memswap_limit");
    assert_null(nearest("cup")); // too short for two slips
    assert_null(nearest("b"));   // every other letter is as near
    assert_null(nearest("volumes"));
    assert_null(nearest(""));
    assert_null(nearest("an-unreasonably-long-word-that-is-more-than-48-letters"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_what_was_said),
        cmocka_unit_test(test_full_list_counts_on),
        cmocka_unit_test(test_control_characters_are_shown),
        cmocka_unit_test(test_cut_between_characters),
        cmocka_unit_test(test_level_names),
        cmocka_unit_test(test_nearest),
    };

    return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
