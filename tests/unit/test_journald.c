/* Lines for the system's journal: their form, and what becomes of those that it does not take. */
// links: recorder/journald.o recorder/rotate.o recorder/line.o core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "recorder/journald.h"

#define TIME "2026-11-22T08:51:00.123456789Z"

static char out[JOURNALD_BYTES_MAX];

static const char *format(const char *line)
{
    size_t size = journald_format("shop", "my-web-12", line, strlen(line), out);

    out[size] = '\0';
    return out;
}

static void test_fields(void **state)
{
    (void)state;
    assert_string_equal(format(TIME " stdout F hello = world"),
                        "PRIORITY=6\nSYSLOG_IDENTIFIER=my-web-12\nSYSLOG_TIMESTAMP=" TIME
                        "\nBULKHEAD_STACK=shop\nBULKHEAD_SERVICE=my-web\nBULKHEAD_INSTANCE=12\n"
                        "BULKHEAD_STREAM=stdout\nMESSAGE=hello = world\n");
    assert_non_null(strstr(format(TIME " stderr F x"), "PRIORITY=3\n"));
    assert_non_null(strstr(format(TIME " stderr F x"), "BULKHEAD_STREAM=stderr\n"));
    assert_non_null(strstr(format(TIME " stderr F bulkhead: died"), "PRIORITY=4\n"));
    assert_non_null(strstr(format(TIME " stdout P x"), "CONTAINER_PARTIAL_MESSAGE=true\n"));
    assert_null(strstr(format(TIME " stdout F x"), "PARTIAL"));
    assert_non_null(strstr(format(TIME " stdout F "), "\nMESSAGE=\n"));
}

static void test_what_is_no_line_is_refused(void **state)
{
    static const char *const lines[] = {"", " ", "x", TIME, TIME " stdout", TIME " stdout F"};

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_string_equal(format(lines[i]), "");
    assert_int_equal(journald_format("shop", "web", TIME " stdout F x", 43, out), 0);
}

static void test_the_longest_line_fits(void **state)
{
    static char line[LINE_FORMAT_MAX];
    char zeros[LINE_PART_MAX] = "";
    const struct line part = {zeros, sizeof(zeros), true};
    struct line_heads heads;
    size_t length;
    char stack[NAME_BYTES_MAX + 1], member[INSTANCE_NAME_MAX];

    (void)state;
    line_heads(TIME, "stdout", &heads);
    length = line_format(line, &heads, &part, false) - 1;
    memset(stack, 's', sizeof(stack) - 1);
    stack[sizeof(stack) - 1] = '\0';
    memset(member, 'm', sizeof(member) - 1);
    memcpy(member + sizeof(member) - 6, "-9999", 5);
    member[sizeof(member) - 1] = '\0';
    assert_true(journald_format(stack, member, line, length, out) > length);
}

static void test_losses_are_counted_and_told(void **state)
{
    const struct rotate_limits limits = {.file_bytes = 1000, .files = 1};
    const char lines[] = TIME " stdout F one\n" TIME " stdout F two\n";
    struct journald journald = {.socket = -1, .stack = "shop"};
    struct rotate log;
    int pair[2], sent = 0;
    ssize_t length;

    (void)state;
    rotate_init(&log, -1, "web-1", &limits);
    journald_write(&journald, &log, false, TIME, lines, sizeof(lines) - 1);
    assert_int_equal(log.lost, 2);
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
    journald.socket = pair[0];
    for (;;) { // told once, then until it takes no more
        journald_write(&journald, &log, false, TIME, lines, sizeof(lines) - 1);
        assert_true(sent++ < 10000);
        if (log.lost > 0)
            break;
        assert_int_equal(log.told, 2);
    }
    assert_true(journald.stuffed);
    assert_int_equal(log.lost_error, ROTATE_JOURNALD);
    length = recv(pair[1], out, sizeof(out) - 1, 0);
    assert_true(length > 0);
    out[length] = '\0';
    assert_non_null(strstr(out, "\nMESSAGE=bulkhead: 2 lines lost: "));
    length = recv(pair[1], out, sizeof(out) - 1, 0);
    out[length > 0 ? length : 0] = '\0';
    assert_non_null(strstr(out, "\nMESSAGE=one\n"));
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_what_is_no_line_is_refused),
        cmocka_unit_test(test_the_longest_line_fits),
        cmocka_unit_test(test_losses_are_counted_and_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
