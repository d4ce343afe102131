// links: cli/show/show_faults.o cli/show/render.o core
/* Findings on the screen: the line, the caret under the right character, hostile bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/show/show_faults.h"

static struct faults faults;

static void expect(const char *text, const char *expected)
{
    const struct stackfile_text source = {"a.yaml", text, text ? strlen(text) : 0};
    char *shown;
    size_t size;
    FILE *to = open_memstream(&shown, &size);

    assert_non_null(to);
    show_faults_to(to, &faults, &source, text ? 1 : 0, false);
    fclose(to);
    assert_string_equal(shown, expected);
    free(shown);
}

static void one(uint32_t line, uint32_t column, const char *remedy)
{
    faults_init(&faults);
    faults_add(&faults, FAULT_ERROR, (struct mark){"a.yaml", line, column}, remedy, "wrong");
}

static void test_place_and_caret(void **state)
{
    (void)state;
    one(2, 5, "mend it");
    expect("a: 1\nbc: xyz\nd: 2\n", "a.yaml:2:5: error: wrong\n"
                                    "     2 | bc: xyz\n"
                                    "       |     ^\n"
                                    "  = mend it\n");
    one(1, 1, NULL);
    expect("x", "a.yaml:1:1: error: wrong\n     1 | x\n       | ^\n");
}

static void test_line_ends(void **state)
{
    (void)state;
    one(3, 1, NULL);
    expect("a\r\nb\rc\r\n", "a.yaml:3:1: error: wrong\n     3 | c\n       | ^\n");
    one(5, 1, NULL);
    expect("a\r\nb\rc\r\n", "a.yaml:5:1: error: wrong\n");
}

static void test_characters_not_bytes(void **state)
{
    (void)state;
    one(1, 4, NULL);
    expect("äöü!\n", "a.yaml:1:4: error: wrong\n     1 | äöü!\n       |    ^\n");
}

/* Characters of two columns and of none; the carriage return of a line end. */
static void test_columns_not_characters(void **state)
{
    (void)state;
    one(1, 5, NULL);
    expect("日本語 !\r\n", "a.yaml:1:5: error: wrong\n     1 | 日本語 !\n       |        ^\n");
    one(1, 4, NULL);
    expect("ae\u0301!\n", "a.yaml:1:4: error: wrong\n     1 | ae\u0301!\n       |   ^\n");
    one(1, 9, NULL);
    expect("日本\r\n", "a.yaml:1:9: error: wrong\n     1 | 日本\n       |           ^\n");
}

static void test_hostile_bytes(void **state)
{
    (void)state;
    one(1, 3, NULL);
    expect("\x1b\x80z\t\xff\xe2\x82", "a.yaml:1:3: error: wrong\n     1 | ..z ...\n"
                                      "       |   ^\n");
    one(1, 4, NULL); // CSI of C1, and a turn of the direction of writing
    expect("\xc2\x9b\u202ez!\n", "a.yaml:1:4: error: wrong\n     1 | ..z!\n"
                                 "       |    ^\n");
    faults_init(&faults);
    faults_add(&faults, FAULT_ERROR, (struct mark){"a\x1b[1m.yaml", 1, 1}, NULL,
               "\xc2\x9b"
               "31m");
    expect(NULL, "a.[1m.yaml:1:1: error: \\xc2\\x9b31m\n");
}

static void test_no_line(void **state)
{
    (void)state;
    one(7, 1, NULL);
    expect("a\n", "a.yaml:7:1: error: wrong\n");
    one(0, 0, NULL);
    expect("a\n", "a.yaml: error: wrong\n");
    one(2, 1, NULL);
    expect(NULL, "a.yaml:2:1: error: wrong\n");
    faults_init(&faults);
    faults_add(&faults, FAULT_WARNING, (struct mark){0}, NULL, "odd");
    expect("a\n", "bulkhead: warning: odd\n");
}

static void test_long_line(void **state)
{
    char text[2001], *shown;
    const struct stackfile_text source = {"a.yaml", text, sizeof(text) - 1};
    size_t size;
    FILE *to = open_memstream(&shown, &size);

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    text[1000] = 'X';
    text[2000] = '\0';
    one(1, 1001, NULL);
    show_faults_to(to, &faults, &source, 1, false);
    fclose(to);
    assert_true(size < 400);
    assert_non_null(strstr(shown, "aaa...\n"));
    /* The caret stands under the X: both lines have the same indent before the bar. */
    assert_int_equal(strchr(shown, 'X') - strstr(shown, "     1 |"),
                     strchr(shown, '^') - strstr(shown, "       |"));
    free(shown);
}

static void test_dropped_are_counted(void **state)
{
    char *shown;
    size_t size;
    FILE *to = open_memstream(&shown, &size);

    (void)state;
    faults_init(&faults);
    for (int i = 0; i < FAULTS_MAX + 3; i++)
        faults_add(&faults, FAULT_ERROR, (struct mark){0}, NULL, "wrong");
    show_faults_to(to, &faults, NULL, 0, false);
    fclose(to);
    assert_non_null(strstr(shown, "3 more not shown"));
    free(shown);
}

/* Each finding has the line of its own file; one of which the text is not at hand has none. */
static void test_several_files(void **state)
{
    const struct stackfile_text texts[] = {{"a.yaml", "first\n", 6}, {"b.yaml", "second", 6}};
    char *shown;
    size_t size;
    FILE *to = open_memstream(&shown, &size);

    (void)state;
    faults_init(&faults);
    faults_add(&faults, FAULT_ERROR, (struct mark){"b.yaml", 1, 2}, NULL, "one");
    faults_add(&faults, FAULT_WARNING, (struct mark){"a.yaml", 1, 1}, NULL, "two");
    faults_add(&faults, FAULT_NOTICE, (struct mark){"c.yaml", 1, 1}, NULL, "three");
    show_faults_to(to, &faults, texts, 2, false);
    fclose(to);
    assert_string_equal(shown, "b.yaml:1:2: error: one\n     1 | second\n       |  ^\n"
                               "a.yaml:1:1: warning: two\n     1 | first\n       | ^\n"
                               "c.yaml:1:1: notice: three\n");
    free(shown);
}

static void test_colour(void **state)
{
    const struct stackfile_text text = {"a.yaml", "x", 1};
    char *shown;
    size_t size;
    FILE *to = open_memstream(&shown, &size);

    (void)state;
    one(1, 1, "mend it");
    show_faults_to(to, &faults, &text, 1, true);
    fclose(to);
    assert_non_null(strstr(shown, "\x1b[31merror:\x1b[0m wrong"));
    free(shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_not_characters),
        cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_place_and_caret),
        cmocka_unit_test(test_characters_not_bytes),
        cmocka_unit_test(test_hostile_bytes),
        cmocka_unit_test(test_no_line),
        cmocka_unit_test(test_several_files),
        cmocka_unit_test(test_colour),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_dropped_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
