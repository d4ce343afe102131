/* Samples come through the ring as they were; what is torn, foreign or overwritten is not there. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/sample.h"

static struct sample some(void)
{
    struct sample sample = {.wall_ns = INT64_C(1795000000000000000),
                            .at_ns = 77,
                            .name = "web-1",
                            .generation = UINT32_MAX};
    int64_t value = INT64_C(1) << 40;

#define FILL(field, name) sample.field = value++;
    SAMPLE_NUMBERS(FILL)
    sample.limit_bytes = SAMPLE_NONE;
    return sample;
}

static void a_sample_comes_through(void **state)
{
    unsigned char place[SAMPLE_PLACE_BYTES];
    struct sample was = some(), is;

    (void)state;
    memset(was.name, 'n', INSTANCE_NAME_MAX - 1); // the longest one fits
    sample_write(&was, 123456789, place);
    memset(&is, 0x55, sizeof(is));
    assert_int_equal(sample_read(place, 123456789, &is), 0);
    assert_int_equal(is.wall_ns, was.wall_ns);
    assert_int_equal(is.at_ns, was.at_ns);
    assert_int_equal(is.generation, was.generation);
    assert_string_equal(is.name, was.name);
#define SAME(field, name) assert_int_equal(is.field, was.field);
    SAMPLE_NUMBERS(SAME)
}

/* One byte after the other replaced by an older one: a place that is just being written. */
static void a_torn_place_is_not_there(void **state)
{
    unsigned char old[SAMPLE_PLACE_BYTES], new[SAMPLE_PLACE_BYTES];
    struct sample sample = some(), is;

    (void)state;
    sample_write(&sample, 5, old);
    sample.current_bytes++;
    sample_write(&sample, 5 + SAMPLE_PLACES, new);
    assert_int_equal(sample_read(old, 5 + SAMPLE_PLACES, &is), 1);
    for (size_t written = 0; written < 32; written++) {
        memcpy(old, new, written);
        assert_int_equal(sample_read(old, 5 + SAMPLE_PLACES, &is), 1);
    }
    assert_int_equal(sample_read(new, 5 + SAMPLE_PLACES, &is), 0);
    assert_int_equal(sample_read(new, 5, &is), 1); // overwritten
}

static void every_bit_counts(void **state)
{
    unsigned char place[SAMPLE_PLACE_BYTES], head[SAMPLE_HEAD_BYTES];
    struct sample sample = some(), is;
    struct sample_head has = {.epoch = 9, .next = 10}, read;

    (void)state;
    sample_write(&sample, 5, place);
    sample_head_write(&has, head);
    for (size_t bit = 0; bit < 8 * SAMPLE_PLACE_BYTES; bit++) {
        place[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_int_equal(sample_read(place, 5, &is), 1);
        place[bit / 8] ^= (unsigned char)(1 << bit % 8);
        head[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_int_equal(sample_head_read(head, &read), 1);
        head[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    assert_int_equal(sample_read(place, 5, &is), 0);
    assert_int_equal(sample_head_read(head, &read), 0);
}

/* With a right checksum, but of no sense. */
static void what_makes_no_sense_is_refused(void **state)
{
    unsigned char place[SAMPLE_PLACE_BYTES] = {0}, head[SAMPLE_HEAD_BYTES] = {0};
    struct sample sample = some(), is;
    struct sample_head read;

    (void)state;
    assert_int_equal(sample_read(place, 0, &is), 1); // a place that was never written
    assert_int_equal(sample_head_read(head, &read), 1);
    sample.name[0] = '\x1b';
    sample_write(&sample, 1, place);
    assert_int_equal(sample_read(place, 1, &is), 1);
    sample.name[0] = '\0';
    sample_write(&sample, 1, place);
    assert_int_equal(sample_read(place, 1, &is), 1);
    sample = some();
    sample.anon_bytes = -2;
    sample_write(&sample, 1, place);
    assert_int_equal(sample_read(place, 1, &is), 1);
    sample = some();
    sample.at_ns = -1;
    sample_write(&sample, 1, place);
    assert_int_equal(sample_read(place, 1, &is), 1);
}

static void the_head_comes_through(void **state)
{
    const struct sample_head was = {.epoch = UINT64_MAX, .next = UINT64_MAX / 2};
    unsigned char bytes[SAMPLE_HEAD_BYTES];
    struct sample_head is;

    (void)state;
    sample_head_write(&was, bytes);
    assert_int_equal(sample_head_read(bytes, &is), 0);
    assert_int_equal(is.epoch, was.epoch);
    assert_int_equal(is.next, was.next);
}

static void a_reader_counts_what_it_missed(void **state)
{
    const struct sample_head young = {.next = 10}, old = {.next = SAMPLE_PLACES + 10};
    uint64_t missed = 99;

    (void)state;
    assert_int_equal(sample_first(&young, 0, &missed), 0);
    assert_int_equal(missed, 0);
    assert_int_equal(sample_first(&young, 10, &missed), 10);
    assert_int_equal(missed, 0);
    assert_int_equal(sample_first(&old, 3, &missed), 10);
    assert_int_equal(missed, 7);
    assert_int_equal(sample_first(&old, 10, &missed), 10);
    assert_int_equal(missed, 0);
    assert_int_equal(sample_first(&young, 11, &missed), 0); // more than there ever was
    assert_int_equal(missed, 0);
    assert_int_equal(sample_offset(0), SAMPLE_HEAD_BYTES);
    assert_int_equal(sample_offset(SAMPLE_PLACES), SAMPLE_HEAD_BYTES);
    assert_int_equal(sample_offset(SAMPLE_PLACES - 1), SAMPLE_FILE_BYTES - SAMPLE_PLACE_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sample_comes_through), cmocka_unit_test(a_torn_place_is_not_there),
        cmocka_unit_test(every_bit_counts),       cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(the_head_comes_through), cmocka_unit_test(a_reader_counts_what_it_missed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
