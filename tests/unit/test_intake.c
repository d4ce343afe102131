/* From the FIFOs into the ring: the order of what two incarnations have written into two FIFOs. */
// links: recorder/intake.o recorder/take.o recorder/crew.o recorder/journald.o recorder/store.o recorder/ring.o recorder/tap.o recorder/pace.o recorder/writer.o recorder/rotate.o recorder/line.o core -lpthread
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <fcntl.h>

#include "core/breaks.h"
#include "core/paths.h"
#include "recorder/intake.h"

#define MARKER MARKER_PREFIX "died\n"

static struct {
    struct store store;
    struct intake intake;
    struct place place;
    int writer[STREAMS];
    uint32_t key;
    char text[65536];
} world;

static int set_up(void **state)
{
    struct source *source;
    uint32_t slot;
    bool fresh;

    (void)state;
    memset(&world, 0, sizeof(world));
    world.place = (struct place){.runtime = -1, .state = -1, .logs = -1, .journal = -1};
    if (store_init(&world.store, &world.place, -1, &fresh) != 0 ||
        intake_init(&world.intake, &world.store) != 0)
        return -1;
    world.store.crew.writing = true; // somebody else: it stays in the ring
    (void)store_add(&world.store, STORE_OWN_NAME, &LOGGING_DEFAULT, &slot);
    source = store_add(&world.store, "web-1", &LOGGING_DEFAULT, &slot);
    world.key = slot * STREAMS;
    for (int stream = OUT; stream < STREAMS; stream++) {
        int ends[2];

        if (pipe2(ends, O_NONBLOCK) < 0)
            return -1;
        source->fd[stream] = ends[0];
        world.writer[stream] = ends[1];
    }
    return 0;
}

static int tear_down(void **state)
{
    struct source *source = world.store.slots[world.key / STREAMS];

    (void)state;
    for (int stream = OUT; stream < STREAMS; stream++) {
        close(source->fd[stream]);
        close(world.writer[stream]);
    }
    intake_finish(&world.intake);
    store_finish(&world.store);
    return 0;
}

static void say(int stream, const char *text)
{
    assert_int_equal(write(world.writer[stream], text, strlen(text)), strlen(text));
}

static void put_break(int stream, uint32_t number, const char *marker)
{
    char bytes[BREAK_BYTES + 64];

    break_write(number, bytes);
    memcpy(bytes + BREAK_BYTES, marker, strlen(marker));
    assert_int_equal(write(world.writer[stream], bytes, BREAK_BYTES + strlen(marker)),
                     BREAK_BYTES + strlen(marker));
}

/* Reads until nothing is left, `first` before the other stream. */
static void read_all(int first)
{
    for (int i = 0; i < 64; i++) {
        intake_ready(&world.intake, world.key + (uint32_t)first);
        intake_turns(&world.intake);
    }
    for (int i = 0; i < 64; i++) {
        intake_ready(&world.intake, world.key + (uint32_t)(first ^ 1));
        intake_turns(&world.intake);
    }
}

/* What the writer would see: bytes of all records, with a '$' where one ends an unfinished line. */
static const char *recorded(void)
{
    const struct ring_record *record;
    size_t used = 0;

    while ((record = ring_first(&world.store.ring))) {
        memcpy(world.text + used, record->bytes, record->length);
        used += record->length;
        if (record->ends)
            world.text[used++] = '$';
        ring_release(&world.store.ring);
    }
    world.text[used] = '\0';
    return world.text;
}

static void before(const char *text, const char *first, const char *second)
{
    const char *a = strstr(text, first), *b = strstr(text, second);

    if (!a || !b || a > b)
        fail_msg("\"%s\" is not before \"%s\" in:\n%s", first, second, text);
}

static void expect_order(const char *text)
{
    before(text, "old out\n", MARKER);
    before(text, "old err\n", MARKER);
    before(text, MARKER, "new out\n");
    before(text, MARKER, "new err\n");
    assert_null(strstr(text, "break"));
}

static void test_what_is_old_comes_before_what_is_new(void **state)
{
    (void)state;
    for (int first = OUT; first < STREAMS; first++) {
        say(OUT, "old out\n");
        say(ERR, "old err\n");
        put_break(ERR, (uint32_t)first + 1, MARKER);
        put_break(OUT, (uint32_t)first + 1, "");
        say(OUT, "new out\n");
        say(ERR, "new err\n");
        read_all(first);
        expect_order(recorded());
    }
}

static void test_unfinished_lines_end_at_a_break(void **state)
{
    (void)state;
    for (int first = OUT; first < STREAMS; first++) {
        const char *text;

        say(OUT, "half out");
        say(ERR, "half err");
        put_break(ERR, (uint32_t)first + 1, MARKER);
        put_break(OUT, (uint32_t)first + 1, "");
        say(OUT, "new\n");
        read_all(first);
        text = recorded();
        before(text, "half out$", MARKER);
        before(text, "half err$", MARKER);
        before(text, MARKER, "new\n");
    }
}

/* A long line is in the ring already, without its end. */
static void test_what_is_in_the_ring_ends_at_a_break(void **state)
{
    static char half[LINE_PART_MAX + 1];
    const char *text;

    (void)state;
    memset(half, 'x', LINE_PART_MAX);
    say(OUT, half);
    read_all(OUT);
    put_break(ERR, 1, MARKER);
    put_break(OUT, 1, "");
    say(OUT, "new\n");
    read_all(OUT);
    text = recorded();
    before(text, "x$", MARKER);
    before(text, MARKER, "new\n");
}

static void test_two_deaths_while_nobody_read(void **state)
{
    (void)state;
    for (int first = OUT; first < STREAMS; first++) {
        uint32_t number = (uint32_t)first * 2;
        const char *text;

        say(OUT, "AA\n");
        put_break(ERR, number + 1, MARKER_PREFIX "one\n");
        put_break(OUT, number + 1, "");
        say(OUT, "BB\n");
        say(ERR, "CC\n");
        put_break(ERR, number + 2, MARKER_PREFIX "two\n");
        put_break(OUT, number + 2, "");
        say(OUT, "DD\n");
        say(ERR, "EE\n");
        read_all(first);
        text = recorded();
        before(text, "AA\n", "one\n");
        before(text, "one\n", "BB\n");
        before(text, "one\n", "CC\n");
        before(text, "BB\n", "two\n");
        before(text, "CC\n", "two\n");
        before(text, "two\n", "DD\n");
        before(text, "two\n", "EE\n");
    }
}

/* A full FIFO has not taken it. */
static void test_a_break_that_is_missing(void **state)
{
    const char *text;

    (void)state;
    say(OUT, "old out\n");
    put_break(ERR, 1, MARKER); // none in stdout
    read_all(ERR);
    say(OUT, "new out\n");
    read_all(OUT);
    text = recorded();
    before(text, "old out\n", MARKER);
    before(text, MARKER, "new out\n");
    say(OUT, "old out\n");
    put_break(OUT, 2, ""); // none in stderr
    say(OUT, "new out\n");
    say(ERR, "err\n");
    read_all(OUT);
    before(recorded(), "old out\n", "new out\n");
    say(OUT, "old out\n");
    say(ERR, "old err\n");
    put_break(ERR, 3, MARKER); // and both again
    put_break(OUT, 3, "");
    say(OUT, "new out\n");
    say(ERR, "new err\n");
    read_all(OUT);
    expect_order(recorded());
}

/* The recorder was killed when it had passed the break in one of the two. */
static void test_a_break_that_another_recorder_has_passed(void **state)
{
    const char *text;

    (void)state;
    put_break(OUT, 7, "");
    say(OUT, "new out\n");
    say(ERR, "new err\n");
    put_break(ERR, 8, MARKER);
    put_break(OUT, 8, "");
    say(OUT, "newer\n");
    read_all(OUT);
    text = recorded();
    before(text, "new out\n", MARKER);
    before(text, "new err\n", MARKER);
    before(text, MARKER, "newer\n");
}

static void test_breaks_as_text(void **state)
{
    char bytes[BREAK_BYTES + 1] = "";
    uint32_t number;
    size_t at;

    (void)state;
    break_write(0x1234abcd, bytes);
    assert_string_equal(bytes, "\x1e\x1e"
                               "break 1234abcd\n");
    assert_true(break_find(bytes, BREAK_BYTES, &at, &number));
    assert_int_equal(at, 0);
    assert_int_equal(number, 0x1234abcd);
    for (size_t i = 0; i < BREAK_BYTES; i++)
        assert_false(break_find(bytes, i, &at, &number));
    assert_false(break_find("\x1e\x1e"
                            "break 1234ABCD\n",
                            BREAK_BYTES, &at, &number));
    assert_false(break_find("\x1e\x1e"
                            "break 1234abcd ",
                            BREAK_BYTES, &at, &number));
    assert_true(break_find("\x1e\x1e\x1e"
                           "break 00000001\n",
                           BREAK_BYTES + 1, &at, &number));
    assert_int_equal(at, 1);
    assert_true(break_is_past(1, 0xffffffff));
    assert_false(break_is_past(0xffffffff, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_old_comes_before_what_is_new, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_unfinished_lines_end_at_a_break, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_in_the_ring_ends_at_a_break, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_two_deaths_while_nobody_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_break_that_is_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_break_that_another_recorder_has_passed, set_up,
                                        tear_down),
        cmocka_unit_test(test_breaks_as_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
