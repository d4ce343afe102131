/* Mappings are told apart: the heap, the stacks of threads, and the rest. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/smaps.h"

static struct smaps read_all(const char *const *lines)
{
    struct smaps smaps = {0};

    for (; *lines; lines++)
        smaps_line(&smaps, *lines);
    return smaps;
}

static void heaps_and_stacks_are_known(void **state)
{
    static const char *const lines[] = {
        "55d000000000-55d000001000 r-xp 00000000 fe:01 1311   /usr/bin/worker",
        "Size:                  4 kB",
        "Rss:                   1 kB",
        "55d000100000-55d000200000 rw-p 00000000 00:00 0      [heap]",
        "Rss:                  10 kB",
        "Pss:                9999 kB",
        "VmFlags: rd wr mr mw me ac sd",
        "7f0000000000-7f0000200000 rw-p 00000000 00:00 0 ", // a heap of a thread
        "Rss:                 100 kB",
        "7f0000200000-7f0004000000 ---p 00000000 00:00 0 ", // the rest of its 64 MiB: no guard
        "Rss:                   0 kB",
        "7f0004001000-7f0004101000 rw-p 00000000 00:00 0 ", // something else
        "Rss:                   7 kB",
        "7f0010000000-7f0010001000 ---p 00000000 00:00 0 ",
        "Rss:                   0 kB",
        "7f0010001000-7f0010801000 rw-p 00000000 00:00 0 ", // behind a guard: a stack
        "Rss:                1000 kB",
        "7f0010801000-7f0010901000 rw-p 00000000 00:00 0 ", // right behind that: none
        "Rss:                   7 kB",
        "7f0020001000-7f0020002000 rw-p 00000000 00:00 0      [anon: glibc: malloc arena]",
        "Rss:                   5 kB",
        "7f0020003000-7f0020004000 rw-p 00000000 00:00 0      [anon: glibc: pthread stack: 7]",
        "Rss:                2000 kB",
        "7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0      [stack]",
        "Rss:               10000 kB",
        NULL,
    };
    struct smaps is = read_all(lines);

    (void)state;
    assert_int_equal(is.bytes[SMAPS_HEAP], 115 * 1024);
    assert_int_equal(is.bytes[SMAPS_STACK], 13000 * 1024);
    assert_int_equal(is.bytes[SMAPS_OTHER], 15 * 1024);
}

static void hostile_lines_are_survived(void **state)
{
    static const char *const lines[] = {
        "",
        "Rss:",
        "Rss: kB",
        "Rss: 99999999999999999999999999999999 kB",
        "Rss: 99999999999999999999999999999999 kB",
        "-",
        "1-",
        "1-2",
        "1-2 ",
        "1-2 rw-p",
        "2-1 rw-p 00000000 00:00 0 [heap]",
        "11111111111111111111111111111111-2 rw-p 0 0 0 [heap]",
        "1-2 rw-p 0",
        NULL,
    };
    struct smaps is = read_all(lines);

    (void)state;
    assert_int_equal(is.bytes[SMAPS_HEAP], 0);
    assert_int_equal(is.bytes[SMAPS_STACK], 0);
    assert_true(is.bytes[SMAPS_OTHER] > 0);
    for (int i = 0; i < 1 << 15; i++)
        smaps_line(&is, "Rss: 99999999999999999999999999999999 kB");
    assert_true(is.bytes[SMAPS_OTHER] > 0); // no wrap
}

/* The name of a file is its owner's to choose. */
static void a_file_called_heap_is_none(void **state)
{
    static const char *const lines[] = {
        "1000-2000 rw-p 00000000 fe:01 1311   /tmp/[heap]",
        "Rss: 1 kB",
        "2000-3000 rw-s 00000000 00:01 1311   /dev/shm/stack heap malloc",
        "Rss: 1 kB",
        NULL,
    };
    struct smaps is = read_all(lines);

    (void)state;
    assert_int_equal(is.bytes[SMAPS_HEAP] + is.bytes[SMAPS_STACK], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heaps_and_stacks_are_known),
        cmocka_unit_test(hostile_lines_are_survived),
        cmocka_unit_test(a_file_called_heap_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
