/* Which of those that do not end are stuck, and what a journal says of them. */
// links: core

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/quarantine_note.h"
#include "core/stuck.h"

#define LOOK(...)                             \
    (const struct stuck_task[]){__VA_ARGS__}, \
        sizeof((struct stuck_task[]){__VA_ARGS__}) / sizeof(struct stuck_task)

static void one_that_does_not_move(void **state)
{
    size_t first = 9;

    (void)state;
    assert_true(stuck_judge(LOOK({1, 1, 'D', 7}), LOOK({1, 1, 'D', 7}), &first));
    assert_int_equal(first, 0);
}

static void one_that_moves(void **state)
{
    size_t first = 9;

    (void)state;
    assert_false(stuck_judge(LOOK({1, 1, 'D', 7}), LOOK({1, 1, 'D', 8}), &first)); // a slow disk
    assert_false(stuck_judge(LOOK({1, 1, 'R', 7}), LOOK({1, 1, 'D', 7}), &first));
    assert_false(stuck_judge(LOOK({1, 1, 'D', 7}), LOOK({1, 1, 'R', 7}), &first)); // much to free
    assert_false(stuck_judge(LOOK({1, 1, 'D', -1}), LOOK({1, 1, 'D', -1}), &first));
    assert_false(stuck_judge(LOOK({2, 1, 'D', 7}), LOOK({1, 1, 'D', 7}), &first)); // the PID again
    assert_int_equal(first, 9);
}

/* Its main thread is dead, another one hangs. */
static void one_of_several(void **state)
{
    size_t first = 9;

    (void)state;
    assert_true(stuck_judge(LOOK({1, 1, 'Z', 7}, {1, 2, 'D', 3}),
                            LOOK({1, 1, 'Z', 7}, {1, 2, 'D', 3}), &first));
    assert_int_equal(first, 1);
    assert_true(stuck_judge(LOOK({5, 5, 'S', 1}, {1, 2, 'D', 3}), LOOK({1, 2, 'D', 3}), &first));
    assert_int_equal(first, 0);
    assert_false(stuck_judge(LOOK({1, 2, 'D', 3}, {5, 5, 'R', 1}),
                             LOOK({1, 2, 'D', 3}, {5, 5, 'R', 1}), &first));
}

static void nobody(void **state)
{
    size_t first = 9;

    (void)state;
    assert_false(stuck_judge(NULL, 0, NULL, 0, &first));
    assert_false(stuck_judge(NULL, 0, LOOK({1, 1, 'D', 7}), &first));
    assert_false(stuck_judge(LOOK({1, 1, 'D', 7}), LOOK({1, 1, 'Z', 7}), &first));
    assert_int_equal(first, 9);
}

/* --- notes -------------------------------------------------------------------------------- */

static void notes_come_back(void **state)
{
    struct quarantine_note read, note = {.name = "web-1",
                                         .generation = UINT32_MAX,
                                         .text = "process 8 (a\033b) is in state D"};
    char text[QUARANTINE_NOTE_MAX];

    (void)state;
    for (int i = 0; i < QUARANTINE_ABOUTS_COUNT; i++) {
        note.about = (enum quarantine_about)i;
        quarantine_note_write(&note, text);
        assert_true(quarantine_note_read(text, &read));
        assert_string_equal(read.name, "web-1");
        assert_int_equal(read.generation, UINT32_MAX);
        assert_int_equal(read.about, i);
        assert_string_equal(read.text, "process 8 (a?b) is in state D");
    }
}

static void notes_that_are_none(void **state)
{
    static const char *const texts[] = {
        "",
        "quarantine",
        "quarantine name= g=1 about=stuck x",
        "quarantine name=a g= about=stuck x",
        "quarantine name=a g=4294967296 about=stuck x",
        "quarantine name=a g=1x about=stuck x",
        "quarantine name=a g=1 about=nothing x",
        "quarantine name=a g=1 about=stuck",
        "snapshot name=a g=1 at=2",
    };
    struct quarantine_note note;
    char longer[400] = "quarantine name=a g=1 about=stuck ";

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(quarantine_note_read(texts[i], &note));
    memset(longer + strlen(longer), 'x', QUARANTINE_TEXT_MAX);
    assert_false(quarantine_note_read(longer, &note));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_does_not_move), cmocka_unit_test(one_that_moves),
        cmocka_unit_test(one_of_several),         cmocka_unit_test(nobody),
        cmocka_unit_test(notes_come_back),        cmocka_unit_test(notes_that_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
