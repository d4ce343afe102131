/* Numbers and strings to bytes and back. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/pack.h"

static void what_is_packed_comes_out(void **state)
{
    unsigned char bytes[64];
    struct packer packer = {bytes, sizeof(bytes), 0, false};
    struct unpacker unpacker = {bytes, 0, 0, false};

    (void)state;
    pack_u32(&packer, 0xfffefdfc);
    pack_u64(&packer, UINT64_C(0x0102030405060708));
    pack_i64(&packer, INT64_MIN);
    pack_string(&packer, "");
    pack_string(&packer, "h\xc3\xa9");
    assert_false(packer.failed);
    assert_int_equal(bytes[0], 0xfc); // little-endian
    unpacker.size = packer.used;
    assert_int_equal(unpack_u32(&unpacker), 0xfffefdfc);
    assert_true(unpack_u64(&unpacker) == UINT64_C(0x0102030405060708));
    assert_true(unpack_i64(&unpacker) == INT64_MIN);
    assert_string_equal(unpack_string(&unpacker), "");
    assert_false(unpacked_all(&unpacker));
    assert_string_equal(unpack_string(&unpacker), "h\xc3\xa9");
    assert_true(unpacked_all(&unpacker));
}

static void counting_takes_no_memory(void **state)
{
    struct packer counter = {0};

    (void)state;
    pack_u32(&counter, 1);
    pack_i64(&counter, 1);
    pack_string(&counter, "abc");
    assert_int_equal(counter.used, 4 + 8 + 4 + 3 + 1);
    assert_false(counter.failed);
}

static void too_little_room_is_sticky(void **state)
{
    unsigned char bytes[8] = {0};
    struct packer packer = {bytes, 6, 0, false};

    (void)state;
    pack_u64(&packer, ~UINT64_C(0));
    assert_true(packer.failed);
    pack_u32(&packer, 7);
    assert_true(packer.failed);
    assert_int_equal(packer.used, 0);
    assert_int_equal(bytes[6] | bytes[7], 0);
}

static void reading_past_the_end_gives_nothing(void **state)
{
    const unsigned char bytes[] = {1, 0, 0};
    struct unpacker unpacker = {bytes, sizeof(bytes), 0, false};

    (void)state;
    assert_int_equal(unpack_u32(&unpacker), 0);
    assert_true(unpacker.failed);
    assert_string_equal(unpack_string(&unpacker), "");
    assert_int_equal(unpack_u64(&unpacker), 0);
    assert_false(unpacked_all(&unpacker));
}

static void refuses(const unsigned char *bytes, size_t size)
{
    struct unpacker unpacker = {bytes, size, 0, false};

    assert_string_equal(unpack_string(&unpacker), "");
    assert_true(unpacker.failed);
}

static void strings_are_bounded_and_whole(void **state)
{
    static const unsigned char no_end[] = {2, 0, 0, 0, 'a', 'b', 'c'};
    static const unsigned char end_inside[] = {2, 0, 0, 0, 'a', 0, 0};
    static const unsigned char endless[] = {0xff, 0xff, 0xff, 0xff, 'a', 0};
    static const unsigned char cut[] = {2, 0, 0, 0, 'a', 'b'};

    (void)state;
    refuses(no_end, sizeof(no_end));
    refuses(end_inside, sizeof(end_inside));
    refuses(endless, sizeof(endless));
    refuses(cut, sizeof(cut));
    refuses(cut, 0);
}

static void counts_have_a_most(void **state)
{
    static const unsigned char bytes[] = {5, 0, 0, 0, 5, 0, 0, 0};
    struct unpacker unpacker = {bytes, sizeof(bytes), 0, false};

    (void)state;
    assert_int_equal(unpack_count(&unpacker, 5), 5);
    assert_int_equal(unpack_count(&unpacker, 4), 0);
    assert_true(unpacker.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_comes_out),
        cmocka_unit_test(counting_takes_no_memory),
        cmocka_unit_test(too_little_room_is_sticky),
        cmocka_unit_test(reading_past_the_end_gives_nothing),
        cmocka_unit_test(strings_are_bounded_and_whole),
        cmocka_unit_test(counts_have_a_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
