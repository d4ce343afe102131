/* Lines out of what was read at once, and their form in the log. */
// links: recorder/line.o core
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/paths.h"
#include "recorder/line.h"

/* What comes out of one read, as text: "F:one|P:two|". */
struct given {
    size_t used;
    char text[512 * 1024];
};

static void add_line(struct given *given, const struct line *line)
{
    assert_true(line->length <= LINE_PART_MAX);
    assert_true(given->used + line->length + 4 < sizeof(given->text));
    given->text[given->used++] = line->part ? 'P' : 'F';
    given->text[given->used++] = ':';
    memcpy(given->text + given->used, line->text, line->length);
    given->used += line->length;
    given->text[given->used++] = '|';
    given->text[given->used] = '\0';
}

static const char *read_lines(const char *bytes, size_t length, bool begun, bool ends)
{
    static struct given given;
    struct line_source source = {.at = bytes,
                                 .end = bytes + length,
                                 .plain = line_is_plain(bytes, length),
                                 .begun = begun,
                                 .ends = ends};
    struct line line;

    given.used = 0;
    given.text[0] = '\0';
    while (line_next(&source, &line))
        add_line(&given, &line);
    assert_ptr_equal(source.at, source.end);
    return given.text;
}

static void expect(const char *bytes, const char *expected)
{
    assert_string_equal(read_lines(bytes, strlen(bytes), false, true), expected);
}

static void test_lines(void **state)
{
    (void)state;
    expect("one\ntwo\n", "F:one|F:two|");
    expect("\n\n", "F:|F:|");
    expect("no end", "F:no end|");
    expect("", "");
    expect("a\r\nb\xff\xfe\x1b[31m\n", "F:a\r|F:b\xff\xfe\x1b[31m|");
}

static void test_a_line_in_two_reads(void **state)
{
    (void)state;
    assert_string_equal(read_lines("one\nhalf", 8, false, false), "F:one|P:half|");
    assert_string_equal(read_lines(" of it\ntwo\n", 11, true, false), "F: of it|F:two|");
    assert_string_equal(read_lines("\n", 1, true, false), "F:|");
    assert_string_equal(read_lines("", 0, true, true), "F:|");
    assert_string_equal(read_lines("", 0, true, false), "");
    assert_string_equal(read_lines("end", 3, true, true), "F:end|");
}

static void test_marker(void **state)
{
    (void)state;
    expect("last\n" MARKER_PREFIX "web-1 died\nfirst\n", "F:last|F:bulkhead: web-1 died|F:first|");
    expect("unfinished" MARKER_PREFIX "web-1 died\nfirst\n",
           "F:unfinished|F:bulkhead: web-1 died|F:first|");
    expect(MARKER_PREFIX "\n", "F:bulkhead: |");
    assert_string_equal(read_lines(MARKER_PREFIX "x\n", sizeof(MARKER_PREFIX) + 1, true, false),
                        "F:|F:bulkhead: x|");
}

static void test_what_only_looks_like_a_marker(void **state)
{
    (void)state;
    expect("bulkhead: I am a service\n", "F:bulkhead: I am a service|");
    expect("\x1e\x1e"
           "bulkhea\n",
           "F:\x1e\x1e"
           "bulkhea|");
    expect("\x1e" MARKER_PREFIX "x\n", "F:\x1e|F:bulkhead: x|");
}

/* A line of `length` letters with `tail` behind it. */
static char *long_line(size_t length, const char *tail)
{
    char *bytes = malloc(length + strlen(tail) + 1);
    size_t i;

    assert_non_null(bytes);
    for (i = 0; i < length; i++)
        bytes[i] = (char)('a' + i % 26);
    strcpy(bytes + length, tail);
    return bytes;
}

/* The parts of one line joined again are what was written. */
static void test_long_lines_come_whole_in_parts(void **state)
{
    static const size_t lengths[] = {LINE_PART_MAX - 1, LINE_PART_MAX, LINE_PART_MAX + 1,
                                     3 * LINE_PART_MAX, 100001};
    static const size_t parts[] = {0, 0, 1, 2, 6};

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        char *bytes = long_line(lengths[i], "\nnext\n");
        char *given = strdup(read_lines(bytes, strlen(bytes), false, false));
        char *joined = calloc(1, strlen(given) + 1), *part;
        size_t count = 0;

        assert_non_null(joined);
        for (part = strtok(given, "|"); part; part = strtok(NULL, "|")) {
            count += part[0] == 'P';
            strcat(joined, part + 2);
            strcat(joined, part[0] == 'F' ? "\n" : "");
        }
        assert_string_equal(joined, bytes);
        assert_int_equal(count, parts[i]);
        free(joined);
        free(given);
        free(bytes);
    }
}

/* Wherever the bound of a part falls in or beside the marker, it is found. */
static void test_marker_across_the_bound(void **state)
{
    (void)state;
    for (size_t length = LINE_PART_MAX - 40; length < LINE_PART_MAX + 4; length++) {
        char *bytes = long_line(length, MARKER_PREFIX "died\nnext\n");
        const char *given = read_lines(bytes, strlen(bytes), false, false);

        assert_non_null(strstr(given, "|F:bulkhead: died|F:next|"));
        assert_null(strchr(given, '\x1e'));
        free(bytes);
    }
}

static void test_endless_marker_is_text(void **state)
{
    char *bytes = long_line(2 * LINE_PART_MAX, "\n");

    (void)state;
    memcpy(bytes, MARKER_PREFIX, sizeof(MARKER_PREFIX) - 1);
    assert_null(strstr(read_lines(bytes, strlen(bytes), false, false), ":bulkhead: "));
    free(bytes);
}

static void test_what_is_cut(void **state)
{
    (void)state;
    assert_int_equal(line_cut("text", 4), 4);
    assert_int_equal(line_cut("text\x1e", 5), 4);
    assert_int_equal(line_cut("text\x1e\x1e"
                              "bulk",
                              10),
                     4);
    assert_int_equal(line_cut("\x1e\x1e"
                              "bulk",
                              6),
                     6); // better cut than never taken
}

static void test_what_is_plain(void **state)
{
    char bytes[300];

    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    bytes[100] = '\n';
    assert_true(line_is_plain(bytes, sizeof(bytes)));
    assert_true(line_is_plain(bytes, 0));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        char was = bytes[i];

        bytes[i] = '\0';
        assert_false(line_is_plain(bytes, sizeof(bytes)));
        assert_true(line_is_plain(bytes, i));
        bytes[i] = MARKER_PREFIX[0];
        assert_false(line_is_plain(bytes, sizeof(bytes)));
        bytes[i] = was;
    }
}

static void test_format(void **state)
{
    const struct line line = {"a\0b", 3, false}, part = {"", 0, true}, plain = {"abc", 3, false};
    struct line_heads heads;
    struct line_clock clock = {0};
    char time[LINE_TIME_MAX];
    char *out = malloc(LINE_FORMAT_MAX);

    (void)state;
    assert_non_null(out);
    line_time(&clock, INT64_C(1795337460123456789), time);
    assert_string_equal(time, "2026-11-22T08:51:00.123456789Z");
    line_time(&clock, INT64_C(1795337460000000001), time);
    assert_string_equal(time, "2026-11-22T08:51:00.000000001Z");
    line_time(&clock, INT64_C(1795337461000000000), time);
    assert_string_equal(time, "2026-11-22T08:51:01.000000000Z");
    line_time(&clock, INT64_C(1795337460123456789), time);
    line_heads(time, "stdout", &heads);
    out[line_format(out, &heads, &line, false)] = '\0';
    assert_string_equal(out, "2026-11-22T08:51:00.123456789Z stdout F a\\x00b\n");
    out[line_format(out, &heads, &plain, true)] = '\0';
    assert_string_equal(out, "2026-11-22T08:51:00.123456789Z stdout F abc\n");
    line_heads(time, "stderr", &heads);
    out[line_format(out, &heads, &part, true)] = '\0';
    assert_string_equal(out, "2026-11-22T08:51:00.123456789Z stderr P \n");
    free(out);
}

static void test_format_of_the_worst_line_fits(void **state)
{
    struct line_clock clock = {0};
    char time[LINE_TIME_MAX];
    char *out = malloc(LINE_FORMAT_MAX);
    char *zeros = calloc(1, LINE_PART_MAX);
    const struct line line = {zeros, LINE_PART_MAX, false};
    struct line_heads heads;
    size_t length;

    (void)state;
    assert_non_null(out);
    assert_non_null(zeros);
    line_time(&clock, INT64_C(1795337460123456789), time);
    line_heads(time, "stdout", &heads);
    length = line_format(out, &heads, &line, false);
    assert_true(length <= LINE_FORMAT_MAX);
    assert_true(length > LINE_PART_MAX * 4);
    free(zeros);
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_a_line_in_two_reads),
        cmocka_unit_test(test_marker),
        cmocka_unit_test(test_what_only_looks_like_a_marker),
        cmocka_unit_test(test_long_lines_come_whole_in_parts),
        cmocka_unit_test(test_marker_across_the_bound),
        cmocka_unit_test(test_endless_marker_is_text),
        cmocka_unit_test(test_what_is_cut),
        cmocka_unit_test(test_what_is_plain),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_format_of_the_worst_line_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
