/* Lines out of chunks: every way to cut the same bytes must give the same lines.
 */
// links: recorder/line.o core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/paths.h"
#include "recorder/line.h"

/* What was given out, as text: "F:one|P:two|M:bulkhead: died|". */
struct given {
    size_t used;
    char text[512 * 1024];
};

static void give(void *context, enum line_kind kind, const char *text, size_t length)
{
    struct given *given = context;

    assert_true(length <= LINE_PART_MAX);
    assert_true(given->used + length + 4 < sizeof(given->text));
    given->text[given->used++] = "FPM"[kind];
    given->text[given->used++] = ':';
    memcpy(given->text + given->used, text, length);
    given->used += length;
    given->text[given->used++] = '|';
    given->text[given->used] = '\0';
}

static struct given *lines_of(const char *bytes, size_t length, size_t chunk)
{
    struct given *given = calloc(1, sizeof(*given));
    struct line_stream stream = {0};
    size_t at;

    assert_non_null(given);
    for (at = 0; at < length; at += chunk)
        line_feed(&stream, bytes + at, length - at < chunk ? length - at : chunk, give, given);
    line_end(&stream, give, given);
    assert_null(stream.partial);
    return given;
}

static void expect(const char *bytes, const char *expected)
{
    size_t length = strlen(bytes);
    size_t chunk;

    for (chunk = 1; chunk <= length; chunk++) {
        struct given *given = lines_of(bytes, length, chunk);

        assert_string_equal(given->text, expected);
        free(given);
    }
}

static void test_lines(void **state)
{
    (void)state;
    expect("one\ntwo\n", "F:one|F:two|");
    expect("\n\n", "F:|F:|");
    expect("no end", "F:no end|");
    expect("a\r\nb\xff\xfe\x1b[31m\n", "F:a\r|F:b\xff\xfe\x1b[31m|");
}

static void test_nothing_is_held_between_whole_lines(void **state)
{
    struct given *given = calloc(1, sizeof(*given));
    struct line_stream stream = {0};

    (void)state;
    assert_non_null(given);
    line_feed(&stream, "one\nrest", 8, give, given);
    assert_int_equal(stream.length, 4);
    line_feed(&stream, " of it\n", 7, give, given);
    assert_null(stream.partial);
    assert_int_equal(stream.length, 0);
    assert_string_equal(given->text, "F:one|F:rest of it|");
    free(given);
}

static void test_marker(void **state)
{
    (void)state;
    expect("last\n" MARKER_PREFIX "web-1 died\nfirst\n", "F:last|M:bulkhead: web-1 died|F:first|");
    expect("unfinished" MARKER_PREFIX "web-1 died\nfirst\n",
           "F:unfinished|M:bulkhead: web-1 died|F:first|");
    expect(MARKER_PREFIX "\n", "M:bulkhead: |");
}

static void test_what_only_looks_like_a_marker(void **state)
{
    (void)state;
    expect("bulkhead: I am a service\n", "F:bulkhead: I am a service|");
    expect("\x1e\x1e"
           "bulkhea\n",
           "F:\x1e\x1e"
           "bulkhea|");
    expect("\x1e" MARKER_PREFIX "x\n", "F:\x1e|M:bulkhead: x|");
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

/* The parts of one line joined again, with its last letter of kind. */
static void test_long_lines_come_whole_in_parts(void **state)
{
    static const size_t lengths[] = {LINE_PART_MAX - 1, LINE_PART_MAX, LINE_PART_MAX + 1,
                                     3 * LINE_PART_MAX, 100001};
    static const size_t chunks[] = {1, 7, 4096, 65536, 1 << 20};
    size_t i;
    size_t j;

    (void)state;
    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        char *bytes = long_line(lengths[i], "\nnext\n");

        for (j = 0; j < sizeof(chunks) / sizeof(chunks[0]); j++) {
            struct given *given = lines_of(bytes, strlen(bytes), chunks[j]);
            char *joined = calloc(1, given->used + 1);
            char *part;

            assert_non_null(joined);
            for (part = strtok(given->text, "|"); part; part = strtok(NULL, "|")) {
                assert_true(part[0] == 'F' || part[0] == 'P');
                strcat(joined, part + 2);
                strcat(joined, part[0] == 'F' ? "\n" : "");
            }
            assert_string_equal(joined, bytes);
            free(joined);
            free(given);
        }
        free(bytes);
    }
}

/* Wherever the bound of a part falls in or beside the marker, it is found. */
static void test_marker_across_the_bound(void **state)
{
    size_t length;

    (void)state;
    for (length = LINE_PART_MAX - 40; length < LINE_PART_MAX + 4; length++) {
        char *bytes = long_line(length, MARKER_PREFIX "died\nnext\n");
        struct given *given = lines_of(bytes, strlen(bytes), 1);
        const char *end = strstr(given->text, "|M:bulkhead: died|F:next|");
        size_t i;

        assert_non_null(end);
        assert_true(given->text[0] == 'F' || strstr(given->text, "|F:") < end);
        for (i = 0; i < given->used; i++)
            assert_int_not_equal(given->text[i], '\x1e');
        free(given);
        free(bytes);
    }
}

static void test_endless_marker_is_text(void **state)
{
    char *bytes = long_line(2 * LINE_PART_MAX, "\n");
    struct given *given;

    (void)state;
    memcpy(bytes, MARKER_PREFIX, sizeof(MARKER_PREFIX) - 1);
    given = lines_of(bytes, strlen(bytes), 100);
    assert_null(strstr(given->text, "M:"));
    free(given);
    free(bytes);
}

static void test_format(void **state)
{
    char time[LINE_TIME_MAX];
    char *out = malloc(LINE_FORMAT_MAX);
    size_t length;

    (void)state;
    assert_non_null(out);
    line_time(INT64_C(1795337460123456789), time);
    assert_string_equal(time, "2026-11-22T08:51:00.123456789Z");
    length = line_format(out, time, "stdout", LINE_FULL, "a\0b", 3);
    out[length] = '\0';
    assert_string_equal(out, "2026-11-22T08:51:00.123456789Z stdout F a\\x00b\n");
    length = line_format(out, time, "stderr", LINE_PART, "", 0);
    out[length] = '\0';
    assert_string_equal(out, "2026-11-22T08:51:00.123456789Z stderr P \n");
    free(out);
}

static void test_format_of_the_worst_line_fits(void **state)
{
    char time[LINE_TIME_MAX];
    char *out = malloc(LINE_FORMAT_MAX);
    char *zeros = calloc(1, LINE_PART_MAX);
    size_t length;

    (void)state;
    assert_non_null(out);
    assert_non_null(zeros);
    line_time(INT64_C(1795337460123456789), time);
    length = line_format(out, time, "stdout", LINE_MARKER, zeros, LINE_PART_MAX);
    assert_true(length <= LINE_FORMAT_MAX);
    assert_true(length > LINE_PART_MAX * 4);
    free(zeros);
    free(out);
}

static void test_plain_lines_come_out_the_same(void **state)
{
    static const char text[] = "one\n\ntwo \xff\nthe rest";
    char time[LINE_TIME_MAX], head[LINE_HEAD_BYTES], out[512], wanted[512];
    size_t used, length = 0;

    (void)state;
    line_time(INT64_C(1795337460123456789), time);
    line_head(time, "stderr", head);
    length += line_format(wanted, time, "stderr", LINE_FULL, "one", 3);
    length += line_format(wanted + length, time, "stderr", LINE_FULL, "", 0);
    /* The third has no room, */
    assert_int_equal(line_format_plain(out, length + 44, head, text, sizeof(text) - 1, &used), 5);
    assert_int_equal(used, length);
    assert_memory_equal(out, wanted, length);
    /* and what has no end is left. */
    length += line_format(wanted + length, time, "stderr", LINE_FULL, "two \xff", 5);
    assert_int_equal(line_format_plain(out, length, head, text, sizeof(text) - 1, &used), 11);
    assert_int_equal(used, length);
    assert_memory_equal(out, wanted, length);
    assert_int_equal(line_format_plain(out, 0, head, text, sizeof(text) - 1, &used), 0);
}

static void test_what_is_not_plain(void **state)
{
    char *longest = malloc(LINE_PART_MAX + 1), *out = malloc(LINE_FORMAT_MAX);
    char head[LINE_HEAD_BYTES] = {0};
    size_t used;

    (void)state;
    assert_true(line_is_plain("a\nb", 3));
    assert_false(line_is_plain("", 0));
    assert_false(line_is_plain("a\0b", 3));
    assert_false(line_is_plain("a" MARKER_PREFIX "b", 3));
    assert_non_null(longest);
    assert_non_null(out);
    memset(longest, 'x', LINE_PART_MAX);
    longest[LINE_PART_MAX] = '\n';
    assert_int_equal(
        line_format_plain(out, LINE_FORMAT_MAX, head, longest, LINE_PART_MAX + 1, &used), 0);
    longest[LINE_PART_MAX - 1] = '\n';
    assert_int_equal(line_format_plain(out, LINE_FORMAT_MAX, head, longest, LINE_PART_MAX, &used),
                     LINE_PART_MAX);
    free(longest);
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_nothing_is_held_between_whole_lines),
        cmocka_unit_test(test_marker),
        cmocka_unit_test(test_what_only_looks_like_a_marker),
        cmocka_unit_test(test_long_lines_come_whole_in_parts),
        cmocka_unit_test(test_marker_across_the_bound),
        cmocka_unit_test(test_endless_marker_is_text),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_format_of_the_worst_line_fits),
        cmocka_unit_test(test_plain_lines_come_out_the_same),
        cmocka_unit_test(test_what_is_not_plain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
