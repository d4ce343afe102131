/* What a probe said comes through the journal as it was, and harmless. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/probe_note.h"

static struct probe_note pass(const char *said, size_t length, char text[PROBE_NOTE_MAX])
{
    struct probe_note note = {0};

    probe_note_write(3, 7, said, length, text);
    assert_true(probe_note_read(text, &note));
    assert_int_equal(note.member, 3);
    assert_int_equal(note.generation, 7);
    return note;
}

static void lines_come_through(void **state)
{
    char text[PROBE_NOTE_MAX], line[64];
    struct probe_note note;

    (void)state;
    note = pass("one\n\n\ttwo\\n\x1b[31m\0x\n", 19, text);
    assert_string_equal(text, "probe i=3 g=7 said=one\\n\\n\\ttwo\\\\n\\x1b[31m\\x00x\\n");
    assert_true(probe_note_line(&note.said, line, sizeof(line)));
    assert_string_equal(line, "one");
    assert_true(probe_note_line(&note.said, line, sizeof(line)));
    assert_string_equal(line, "");
    assert_true(probe_note_line(&note.said, line, sizeof(line)));
    assert_string_equal(line, "\ttwo\\n\\x1b[31m\\x00x");
    assert_false(probe_note_line(&note.said, line, sizeof(line)));
}

/* Every byte is safe in a line of the journal, and the longest note fits into one. */
static void hostile_bytes_are_bounded(void **state)
{
    char said[PROBE_SAID_MAX], text[PROBE_NOTE_MAX], line[8];
    struct probe_note note;
    int lines = 0;

    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        memset(said, byte, sizeof(said));
        note = pass(said, sizeof(said), text);
        assert_true(strlen(text) + strlen("note \n") < RECORD_LINE_MAX);
        for (const char *at = text; *at; at++)
            assert_true((unsigned char)*at >= ' ' && *at != 0x7f);
        lines = 0;
        while (probe_note_line(&note.said, line, sizeof(line)))
            lines++;
        assert_int_equal(lines > 1, byte == '\n');
    }
}

static void other_notes_are_not_taken(void **state)
{
    static const char *const others[] = {
        "",
        "probe",
        "probe i=1",
        "probe i= g=1 said=x",
        "probe i=4294967296 g=1 said=x",
        "probe i=99999999999999999999999 g=1 said=x",
        "probe i=-1 g=1 said=x",
        "probe i=1 g=1 say=x",
        "probe-1: cannot kill",
    };
    struct probe_note note;

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(probe_note_read(others[i], &note));
    assert_true(probe_note_read("probe i=4294967295 g=0 said=", &note));
    assert_int_equal(note.member, UINT32_MAX);
    assert_string_equal(note.said, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_through),
        cmocka_unit_test(hostile_bytes_are_bounded),
        cmocka_unit_test(other_notes_are_not_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
