/* What a service wrote, on its way to a terminal. */
// links: cli/show/safe_text.o core
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/show/safe_text.h"

static void expect(const char *text, size_t columns, bool utf8, const char *expected)
{
    char safe[256];

    safe_text(text, strlen(text), columns, utf8, safe, sizeof(safe));
    assert_string_equal(safe, expected);
}

static void test_plain(void **state)
{
    (void)state;
    expect("hello, world", 80, true, "hello, world");
    expect("hello, world", 5, true, "hello");
    expect("", 5, true, "");
    expect("abc", 0, true, "");
    expect("a\tb", 80, true, "a       b");
    expect("a\tb", 4, true, "a   ");
}

static void test_sequences(void **state)
{
    (void)state;
    expect("\x1b[31mred\x1b[0m", 80, true, "?red?");
    expect("\x1b]0;title\a", 80, true, "?]0;title?");
    expect("\x1b[2J\x1b[1;1Hx", 80, true, "??x");
    expect("\x1b", 80, true, "?");
    expect("\x1b[", 80, true, "?");
    expect("\x1b[31", 80, true, "?");
    expect("a\rb\bc\x7f", 80, true, "a?b?c?");
    expect("\xc2\x9b"
           "31m",
           80, true, "?31m"); // CSI of one character
}

static void test_characters(void **state)
{
    static const char reversed[] = {'a',    '\xe2', '\x80',
                                    '\xae', 'b',    '\0'}; // from here right to left

    (void)state;
    expect("gr\xc3\xbc\xc3\x9f", 80, true, "gr\xc3\xbc\xc3\x9f");
    expect("gr\xc3\xbc\xc3\x9f", 80, false, "gr??");
    expect(reversed, 80, true, "a?b");
    expect("a\xe2\x80\x8b\xef\xbb\xbf"
           "b",
           80, true, "a??b");
    expect("\xff\xfe\xc3", 80, true, "???");
    expect("\xe2\x82", 80, true, "??");
    expect("\xc0\xaf\xed\xa0\x80", 80, true, "?????");           // overlong, surrogate
    expect("\xe6\xbc\xa2\xe6\xbc\xa2", 3, true, "\xe6\xbc\xa2"); // two columns each
}

static void test_every_byte(void **state)
{
    char safe[16];

    (void)state;
    for (int first = 0; first < 256; first++)
        for (int second = 0; second < 256; second++) {
            const char text[2] = {(char)first, (char)second};
            size_t columns = safe_text(text, 2, 8, true, safe, sizeof(safe));

            assert_in_range(columns, 0, 8);
            for (const unsigned char *c = (unsigned char *)safe; *c; c++)
                assert_true(*c >= ' ' && *c != 0x7f);
        }
}

static void test_small_buffer(void **state)
{
    char safe[4];

    (void)state;
    assert_int_equal(safe_text("abcdef", 6, 80, true, safe, sizeof(safe)), 3);
    assert_string_equal(safe, "abc");
    safe_text("ab\xc3\xbc", 4, 80, true, safe, sizeof(safe));
    assert_string_equal(safe, "ab");
    safe_text("\t\t", 2, 80, true, safe, sizeof(safe));
    assert_string_equal(safe, "   ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),        cmocka_unit_test(test_sequences),
        cmocka_unit_test(test_characters),   cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_small_buffer),
    };

    if (!setlocale(LC_CTYPE, "C.UTF-8")) // every Debian has it
        return 1;
    return cmocka_run_group_tests_name("safe_text", tests, NULL, NULL);
}
