/* Log files: appended, rotated, and what a full disk costs. */
// links: recorder/rotate.o recorder/line.o core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "recorder/rotate.h"

static const struct rotate_limits small = {.file_bytes = 30, .files = 3};
static const struct rotate_limits single = {.file_bytes = 30, .files = 1};

struct place {
    char path[64];
    int folder;
};

static int make_place(void **state)
{
    static struct place place;

    strcpy(place.path, "/tmp/bulkhead-test-rotate.XXXXXX");
    if (!mkdtemp(place.path))
        return -1;
    place.folder = open(place.path, O_RDONLY | O_DIRECTORY);
    *state = &place;
    return place.folder < 0 ? -1 : 0;
}

static int drop_place(void **state)
{
    static const char *const names[] = {"web-1.log", "web-1.log.1", "web-1.log.2"};
    struct place *place = *state;
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlinkat(place->folder, names[i], 0);
    close(place->folder);
    return rmdir(place->path);
}

static const char *content(const struct place *place, const char *name)
{
    static char text[512];
    int fd = openat(place->folder, name, O_RDONLY);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

    if (fd >= 0)
        close(fd);
    if (got < 0)
        return NULL;
    text[got] = '\0';
    return text;
}

static void put(struct rotate *log, const char *lines)
{
    rotate_write(log, "NOW", lines, strlen(lines));
}

static void test_append_to_what_is_there(void **state)
{
    struct place *place = *state;
    struct rotate log;

    rotate_init(&log, place->folder, "web-1", &small);
    put(&log, "one\n");
    rotate_finish(&log);
    rotate_finish(&log);
    rotate_init(&log, place->folder, "web-1", &small);
    put(&log, "two\n");
    assert_int_equal(log.size_bytes, 8);
    rotate_finish(&log);
    assert_string_equal(content(place, "web-1.log"), "one\ntwo\n");
}

/* As a process that was killed leaves it, with a page and more of a line. */
static void test_a_line_without_end_is_taken_back(void **state)
{
    static const char lines[] = "one\n2026-11-22T08:51";
    struct place *place = *state;
    char torn[9000];
    struct rotate log;
    int fd = openat(place->folder, "web-1.log", O_WRONLY | O_CREAT, 0600);

    assert_true(fd >= 0);
    memset(torn, 'x', sizeof(torn));
    assert_int_equal(write(fd, lines, sizeof(lines) - 1), sizeof(lines) - 1);
    assert_int_equal(write(fd, torn, sizeof(torn)), sizeof(torn));
    close(fd);
    rotate_init(&log, place->folder, "web-1", &small);
    put(&log, "two\n");
    assert_int_equal(log.size_bytes, 8);
    rotate_finish(&log);
    assert_string_equal(content(place, "web-1.log"), "one\ntwo\n");
}

static void test_rotation_keeps_three(void **state)
{
    struct place *place = *state;
    struct rotate log;
    char line[24];
    int i;

    rotate_init(&log, place->folder, "web-1", &small);
    for (i = 0; i < 5; i++) {
        snprintf(line, sizeof(line), "%d0123456789012345678\n", i);
        put(&log, line);
    }
    rotate_finish(&log);
    assert_string_equal(content(place, "web-1.log"), "40123456789012345678\n");
    assert_string_equal(content(place, "web-1.log.1"), "30123456789012345678\n");
    assert_string_equal(content(place, "web-1.log.2"), "20123456789012345678\n");
    assert_null(content(place, "web-1.log.3"));
}

static void test_a_single_file(void **state)
{
    struct place *place = *state;
    struct rotate log;

    rotate_init(&log, place->folder, "web-1", &single);
    put(&log, "0123456789012345678\n");
    put(&log, "a123456789012345678\n");
    rotate_finish(&log);
    assert_string_equal(content(place, "web-1.log"), "a123456789012345678\n");
    assert_null(content(place, "web-1.log.1"));
}

static void test_a_write_larger_than_a_file(void **state)
{
    struct place *place = *state;
    struct rotate log;

    rotate_init(&log, place->folder, "web-1", &small);
    put(&log, "0123456789012345678901234567890123456789\n");
    put(&log, "next\n");
    rotate_finish(&log);
    assert_string_equal(content(place, "web-1.log"), "next\n");
    assert_non_null(content(place, "web-1.log.1"));
}

static void test_full_disk_is_counted_and_told(void **state)
{
    struct place *place = *state;
    struct rotate log;

    assert_int_equal(symlinkat("/dev/full", place->folder, "web-1.log"), 0);
    rotate_init(&log, place->folder, "web-1", &small);
    put(&log, "one\n");
    put(&log, "two\nthree\n");
    assert_int_equal(log.lost, 3);
    unlinkat(place->folder, "web-1.log", 0);
    put(&log, "four\n");
    assert_int_equal(log.lost, 0);
    rotate_finish(&log);
    assert_string_equal(content(place, "web-1.log"),
                        "NOW stderr F bulkhead: 3 lines lost: the disk is full\nfour\n");
}

static void test_losses_are_told_without_new_lines(void **state)
{
    struct place *place = *state;
    struct rotate log;

    assert_int_equal(mkdirat(place->folder, "web-1.log", 0700), 0);
    rotate_init(&log, place->folder, "web-1", &small);
    put(&log, "one\n");
    assert_int_equal(unlinkat(place->folder, "web-1.log", AT_REMOVEDIR), 0);
    put(&log, "");
    rotate_finish(&log);
    assert_string_equal(content(place, "web-1.log"),
                        "NOW stderr F bulkhead: 1 line lost: Is a directory\n");
}

/* RLIMIT_FSIZE is no full disk, but like one it lets a part of a write through. */
static void test_a_torn_line_is_taken_back(void **state)
{
    struct place *place = *state;
    struct rotate log;
    int pipe_ends[2];
    char result;
    pid_t child;

    assert_int_equal(pipe(pipe_ends), 0);
    child = fork();
    if (child == 0) {
        struct rlimit bound = {.rlim_cur = 10, .rlim_max = RLIM_INFINITY};

        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &bound);
        rotate_init(&log, place->folder, "web-1", &small);
        put(&log, "one\ntwo\nthree\nfour\n");
        result = (char)log.lost;
        _exit(write(pipe_ends[1], &result, 1) == 1 ? 0 : 1);
    }
    close(pipe_ends[1]);
    assert_int_equal(read(pipe_ends[0], &result, 1), 1);
    close(pipe_ends[0]);
    waitpid(child, NULL, 0);
    assert_int_equal(result, 2);
    assert_string_equal(content(place, "web-1.log"), "one\ntwo\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_append_to_what_is_there, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_a_line_without_end_is_taken_back, make_place,
                                        drop_place),
        cmocka_unit_test_setup_teardown(test_rotation_keeps_three, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_a_single_file, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_a_write_larger_than_a_file, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_full_disk_is_counted_and_told, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_losses_are_told_without_new_lines, make_place,
                                        drop_place),
        cmocka_unit_test_setup_teardown(test_a_torn_line_is_taken_back, make_place, drop_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
