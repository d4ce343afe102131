/* A snapshot comes through the journal as it was taken; a forged one is refused. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/record.h"
#include "core/snapshot_note.h"

static const struct snapshot_note some = {
    .name = "web-1",
    .generation = 7,
    .wall_ns = INT64_C(1795000000000000000),
    .process = {.pid = 812,
                .comm = "worker",
                .heap_bytes = 1,
                .stacks_bytes = 2,
                .anon_bytes = 3,
                .shmem_bytes = 4,
                .file_bytes = INT64_MAX},
};

static void a_snapshot_comes_through(void **state)
{
    char text[SNAPSHOT_NOTE_MAX];
    struct snapshot_note is;

    (void)state;
    snapshot_note_write(&some, text);
    assert_string_equal(text, "snapshot name=web-1 g=7 at=1795000000000000000 pid=812 comm=worker "
                              "heap=1 stacks=2 anon=3 shmem=4 file=9223372036854775807");
    assert_true(snapshot_note_read(text, &is));
    assert_string_equal(is.name, some.name);
    assert_int_equal(is.generation, some.generation);
    assert_int_equal(is.wall_ns, some.wall_ns);
    assert_int_equal(is.process.pid, 812);
    assert_string_equal(is.process.comm, "worker");
    assert_int_equal(is.process.heap_bytes, 1);
    assert_int_equal(is.process.stacks_bytes, 2);
    assert_int_equal(is.process.anon_bytes, 3);
    assert_int_equal(is.process.shmem_bytes, 4);
    assert_int_equal(is.process.file_bytes, INT64_MAX);
}

/* A process calls itself what it likes. */
static void every_name_comes_through(void **state)
{
    char text[SNAPSHOT_NOTE_MAX];
    struct snapshot_note note = some, is;
    struct record record;
    const char *why;
    char line[SNAPSHOT_NOTE_MAX + 8];

    (void)state;
    memset(note.name, 'n', INSTANCE_NAME_MAX - 1);
    for (int byte = 1; byte < 256; byte++) {
        memset(note.process.comm, byte, SNAPSHOT_COMM_MAX - 1);
        snapshot_note_write(&note, text);
        for (const char *at = text; *at; at++)
            assert_true((unsigned char)*at >= ' ' && (unsigned char)*at < 0x7f);
        assert_true(snapshot_note_read(text, &is));
        assert_string_equal(is.process.comm, note.process.comm);
        strcpy(stpcpy(line, "note "), text);
        assert_int_equal(record_read(line, &record, &why), 0);
        assert_true(snapshot_note_read(record.text, &is));
    }
    note.process.comm[0] = '\0';
    snapshot_note_write(&note, text);
    assert_true(snapshot_note_read(text, &is));
    assert_string_equal(is.process.comm, "?");
}

static void what_is_cut_or_changed_is_refused(void **state)
{
    char text[SNAPSHOT_NOTE_MAX], cut[SNAPSHOT_NOTE_MAX];
    struct snapshot_note is;

    (void)state;
    snapshot_note_write(&some, text);
    for (size_t length = 0; length < strlen(text) - 19;
         length++) { // the last number may be shorter
        memcpy(cut, text, length);
        cut[length] = '\0';
        assert_false(snapshot_note_read(cut, &is));
    }
    assert_false(snapshot_note_read(strcat(text, "0"), &is)); // more than there can be
    assert_false(snapshot_note_read("probe i=3 g=7 said=snapshot", &is));
    assert_false(snapshot_note_read("snapshot name=a g=4294967296 at=1 pid=1 comm=a heap=1 "
                                    "stacks=1 anon=1 shmem=1 file=1",
                                    &is));
    assert_false(snapshot_note_read("snapshot name=a g=1 at=1 pid=1 comm=\\x2 heap=1 "
                                    "stacks=1 anon=1 shmem=1 file=1",
                                    &is));
    assert_false(snapshot_note_read("snapshot name=a g=1 at=1 pid=1 comm=a heap=-1 "
                                    "stacks=1 anon=1 shmem=1 file=1",
                                    &is));
    assert_false(snapshot_note_read("snapshot name=a g=1 at=1 pid=1 comm=a heap=1 "
                                    "stacks=1 anon=1 shmem=1 file=1 more=1",
                                    &is));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_snapshot_comes_through),
        cmocka_unit_test(every_name_comes_through),
        cmocka_unit_test(what_is_cut_or_changed_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
