/* Logs read across rotations, while they are written and rotated. */
// links: cli/history/log_reader.o history/rotated.o cli/history/logline.o cli/show/times.o core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/history/log_reader.h"

struct place {
    char path[64];
    int folder;
    struct rotated log;
};

static int make_place(void **state)
{
    static struct place place;

    strcpy(place.path, "/tmp/bulkhead-test-logs.XXXXXX");
    if (!mkdtemp(place.path))
        return -1;
    place.folder = open(place.path, O_RDONLY | O_DIRECTORY);
    log_reader_init(&place.log, place.folder, "web-1");
    *state = &place;
    return place.folder < 0 ? -1 : 0;
}

static int drop_place(void **state)
{
    static const char *const names[] = {"web-1.log", "web-1.log.1", "web-1.log.2"};
    struct place *place = *state;
    size_t i;

    rotated_finish(&place->log);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlinkat(place->folder, names[i], 0);
    close(place->folder);
    return rmdir(place->path);
}

static void append(struct place *place, const char *name, const char *bytes)
{
    int fd = openat(place->folder, name, O_WRONLY | O_APPEND | O_CREAT, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
    close(fd);
}

/* A line of the log at second `number`. */
static const char *line(int number, char kind, const char *text)
{
    static char buffers[4][128];
    static int next;
    char *buffer = buffers[next++ % 4];

    snprintf(buffer, sizeof(buffers[0]), "2026-11-22T08:51:%02d.000000000Z stdout %c %s\n", number,
             kind, text);
    return buffer;
}

static void put(struct place *place, int number, const char *text)
{
    append(place, "web-1.log", line(number, 'F', text));
}

static void rotate(struct place *place)
{
    renameat(place->folder, "web-1.log.1", place->folder, "web-1.log.2");
    renameat(place->folder, "web-1.log", place->folder, "web-1.log.1");
}

/* All that can be read now, joined with spaces. */
static void expect(struct place *place, const char *expected)
{
    char text[256] = "";
    struct logline read;
    int got;

    while ((got = log_reader_next(&place->log, &read)) == 1) {
        strncat(text, read.text, read.length);
        strcat(text, " ");
    }
    assert_int_equal(got, 0);
    assert_string_equal(text, expected);
}

static void test_nothing_there_yet(void **state)
{
    struct place *place = *state;

    expect(place, "");
    put(place, 1, "one");
    expect(place, "one ");
    expect(place, "");
}

static void test_oldest_file_first(void **state)
{
    struct place *place = *state;

    put(place, 1, "one");
    rotate(place);
    put(place, 2, "two");
    rotate(place);
    put(place, 3, "three");
    expect(place, "one two three ");
}

static void test_rotated_while_read(void **state)
{
    struct place *place = *state;

    put(place, 1, "one");
    expect(place, "one ");
    put(place, 2, "two");
    rotate(place);
    expect(place, "two ");
    put(place, 3, "three");
    rotate(place);
    put(place, 4, "four");
    expect(place, "three four ");
    rotate(place);
    put(place, 5, "five");
    rotate(place); // "four" went two files up meanwhile, and is known
    put(place, 6, "six");
    expect(place, "five six ");
}

static void test_a_line_is_given_when_it_is_whole(void **state)
{
    struct place *place = *state;

    append(place, "web-1.log", "2026-11-22T08:51:01.000000000Z stdout F ha");
    expect(place, "");
    append(place, "web-1.log", "lf\n");
    expect(place, "half ");
}

static void test_a_torn_end_is_taken_back(void **state)
{
    struct place *place = *state;
    int fd;

    put(place, 1, "one");
    append(place, "web-1.log", "2026-11-22T08:51:01.000000000Z stdout F torn");
    expect(place, "one ");
    fd = openat(place->folder, "web-1.log", O_WRONLY);
    assert_int_equal(ftruncate(fd, (off_t)strlen(line(1, 'F', "one"))), 0);
    close(fd);
    put(place, 2, "two");
    expect(place, "two ");
}

static void test_an_unfinished_line_before_a_rotation(void **state)
{
    struct place *place = *state;

    append(place, "web-1.log", "2026-11-22T08:51:01.000000000Z stdout F torn");
    expect(place, "");
    rotate(place);
    put(place, 2, "two");
    expect(place, "torn two ");
}

static void expect_tail(struct place *place, int64_t lines, int64_t until_ns, const char *expected)
{
    assert_int_equal(log_reader_tail(&place->log, lines, until_ns), 0);
    expect(place, expected);
}

static void test_tail(void **state)
{
    struct place *place = *state;

    put(place, 1, "one");
    put(place, 2, "two");
    rotate(place);
    put(place, 3, "three");
    append(place, "web-1.log", line(4, 'P', "fo"));
    append(place, "web-1.log", line(4, 'F', "ur"));
    expect_tail(place, 0, INT64_MAX, "");
    expect_tail(place, 1, INT64_MAX, "fo ur ");
    expect_tail(place, 2, INT64_MAX, "three fo ur ");
    expect_tail(place, 3, INT64_MAX, "two three fo ur ");
    expect_tail(place, 99, INT64_MAX, "one two three fo ur ");
    /* those after the bound do not count; leaving them out is the printer's business */
    expect_tail(place, 1, logline_time("2026-11-22T08:51:02.500000000Z"), "two three fo ur ");
}

static void test_tail_of_a_long_file(void **state)
{
    struct place *place = *state;
    char expected[64];
    char text[16];
    int i;

    for (i = 0; i < 3000; i++) { // more than one block
        snprintf(text, sizeof(text), "%04d", i);
        put(place, i % 60, text);
    }
    assert_int_equal(log_reader_tail(&place->log, 2500, INT64_MAX), 0);
    for (i = 500; i < 2998; i++) {
        struct logline read;

        assert_int_equal(log_reader_next(&place->log, &read), 1);
        snprintf(expected, sizeof(expected), "%04d", i);
        assert_memory_equal(read.text, expected, 4);
    }
    expect(place, "2998 2999 ");
}

static void test_damaged_lines_are_given_whole(void **state)
{
    struct logline read;

    (void)state;
    read = logline_read("garbage", 7);
    assert_int_equal(read.wall_ns, 0);
    assert_int_equal(read.length, 7);
    read = logline_read("2026-11-22T08:51:01.000000000Z stdxxx F hello", 45);
    assert_null(read.time);
    read = logline_read("2026-99-22T08:51:01.000000000Z stdout F hello", 45);
    assert_null(read.time);
    read = logline_read("2026-11-22T08:51:01.000000000Z stderr P bulkhead: x", 51);
    assert_true(read.error && read.part && logline_is_marker(&read));
    assert_false(logline_is_of_hook(&read));
    read = logline_read("2026-11-22T08:51:01.000000000Z stderr F bulkhead: hook on_oom x", 63);
    assert_true(logline_is_marker(&read) && logline_is_of_hook(&read));
    read = logline_read("2026-11-22T08:51:01.000000000Z stdout F bulkhead: x", 51);
    assert_false(read.error || read.part || logline_is_marker(&read));
    read = logline_read("2026-11-22T08:51:01.000000000Z stdout F ", 40);
    assert_int_equal(read.length, 0);
    assert_non_null(read.time);
}

/* A file that is no log: bounded memory, everything comes out. */
static void test_a_line_without_end(void **state)
{
    struct place *place = *state;
    char *bytes = malloc(700001);
    struct logline read;
    size_t total = 0;

    assert_non_null(bytes);
    memset(bytes, 'x', 700000);
    bytes[700000] = '\0';
    append(place, "web-1.log", bytes);
    free(bytes);
    while (log_reader_next(&place->log, &read) == 1) {
        assert_true(read.length <= 256 * 1024);
        total += read.length;
    }
    assert_int_equal(total, 512 * 1024); // the rest is no line yet
}

#define PLACED(test) cmocka_unit_test_setup_teardown(test, make_place, drop_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACED(test_nothing_there_yet),
        PLACED(test_oldest_file_first),
        PLACED(test_rotated_while_read),
        PLACED(test_a_line_is_given_when_it_is_whole),
        PLACED(test_a_torn_end_is_taken_back),
        PLACED(test_an_unfinished_line_before_a_rotation),
        PLACED(test_tail),
        PLACED(test_tail_of_a_long_file),
        cmocka_unit_test(test_damaged_lines_are_given_whole),
        PLACED(test_a_line_without_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
