/* The buffer between reader and writer: order, bounds, and what a killed process leaves. */
// links: recorder/ring.o core -lpthread
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "recorder/ring.h"

static bool put(struct ring *ring, uint32_t number, size_t length)
{
    struct ring_record *record = ring_reserve(ring, length);

    if (!record)
        return false;
    memset(record->bytes, (int)(number & 0xff), length);
    record->slot = number;
    record->stream = record->again = record->ends = 0;
    record->lost = 0;
    snprintf(record->name, sizeof(record->name), "web-1");
    ring_publish(ring, record, length);
    pthread_cond_signal(&ring->work);
    return true;
}

static void expect(struct ring *ring, uint32_t number, size_t length)
{
    struct ring_record *record = ring_first(ring);
    size_t i;

    assert_non_null(record);
    assert_int_equal(record->slot, number);
    assert_int_equal(record->length, length);
    for (i = 0; i < length; i++)
        assert_int_equal((unsigned char)record->bytes[i], number & 0xff);
    ring_release(ring);
}

static void open_ring(struct ring *ring, int fd, bool fresh)
{
    bool is_fresh;

    memset(ring, 0, sizeof(*ring));
    assert_int_equal(ring_open(ring, fd, &is_fresh), 0);
    assert_int_equal(is_fresh, fresh);
}

static size_t length_of(uint32_t number)
{
    return (size_t)number * 2654435761u % 65000;
}

static void test_in_order_round_and_round(void **state)
{
    struct ring ring;
    uint32_t in = 0, out = 0;

    (void)state;
    open_ring(&ring, -1, true);
    while (out < 2000) {
        while (in < 2000 && put(&ring, in, length_of(in)))
            in++;
        assert_true(ring_used(&ring) <= RING_BYTES_MIN);
        do {
            expect(&ring, out, length_of(out));
            out++;
        } while (out < in && out % 7 != 0);
    }
    assert_null(ring_first(&ring));
    assert_int_equal(ring_used(&ring), 0);
    ring_close(&ring);
}

static void test_full_and_larger(void **state)
{
    struct ring ring;
    uint32_t in = 0;

    (void)state;
    open_ring(&ring, -1, true);
    while (put(&ring, in, 60000))
        in++;
    assert_int_equal(in, RING_BYTES_MIN / (60000 + sizeof(struct ring_record)));
    ring_grow(&ring, RING_BYTES_MIN * 2);
    assert_true(put(&ring, in, 60000));
    ring_grow(&ring, 1);
    assert_int_equal(ring_free(&ring) + ring_used(&ring), RING_BYTES_MIN * 2);
    ring_close(&ring);
}

static void test_the_next_process_goes_on(void **state)
{
    int fd = memfd_create("ring", MFD_CLOEXEC);
    struct ring before, after;
    struct ring_record *record = NULL;
    uint32_t in = 0, out, found = 0;

    (void)state;
    open_ring(&before, fd, true);
    while (put(&before, in, length_of(in)))
        in++;
    for (out = 0; out < 5; out++)
        expect(&before, out, length_of(out));
    while (put(&before, in, length_of(in))) // these have turned to the beginning
        in++;
    assert_non_null(ring_first(&before)); // and is at work when it is killed
    open_ring(&after, fd, false);
    while ((record = ring_next(&after, record)))
        found++;
    assert_int_equal(found, in - out);
    assert_int_equal(ring_first(&after)->again, 1);
    while (out < in) {
        expect(&after, out, length_of(out));
        out++;
    }
    assert_null(ring_first(&after));
    ring_close(&after);
    ring_close(&before);
    close(fd);
}

/* Whatever is in it, what comes out lies within. */
static void test_damage_is_survived(void **state)
{
    int fd = memfd_create("ring", MFD_CLOEXEC);
    struct ring before, after;
    size_t at;

    (void)state;
    for (at = 0; at < 700; at++) {
        unsigned char byte;
        struct ring_record *record = NULL;
        bool fresh;

        assert_int_equal(ftruncate(fd, 0), 0);
        open_ring(&before, fd, true);
        assert_true(put(&before, 1, 100));
        assert_true(put(&before, 2, 200));
        ring_close(&before);
        assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
        byte ^= 0xff;
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
        memset(&after, 0, sizeof(after));
        assert_int_equal(ring_open(&after, fd, &fresh), 0);
        while ((record = ring_next(&after, record)))
            assert_true(record->length <= 1000);
        ring_close(&after);
    }
    close(fd);
}

static void *take_all(void *context)
{
    struct ring *ring = context;
    uint32_t out = 0;
    uint64_t sum = 0;

    pthread_mutex_lock(&ring->lock);
    while (out < 20000) {
        struct ring_record *record = ring_first(ring);

        if (!record) {
            ring_shrink(ring);
            pthread_cond_wait(&ring->work, &ring->lock);
            continue;
        }
        pthread_mutex_unlock(&ring->lock);
        sum += record->slot == out && record->bytes[0] == (char)(out & 0xff);
        out++;
        pthread_mutex_lock(&ring->lock);
        ring_release(ring);
    }
    pthread_mutex_unlock(&ring->lock);
    return (void *)(uintptr_t)sum;
}

static void test_two_threads(void **state)
{
    struct ring ring;
    pthread_t taker;
    void *sum;
    uint32_t in;

    (void)state;
    open_ring(&ring, -1, true);
    assert_int_equal(pthread_create(&taker, NULL, take_all, &ring), 0);
    pthread_mutex_lock(&ring.lock);
    for (in = 0; in < 20000; in++)
        while (!put(&ring, in, 1 + length_of(in) / 16))
            pthread_cond_wait(&ring.room, &ring.lock);
    pthread_mutex_unlock(&ring.lock);
    pthread_join(taker, &sum);
    assert_int_equal((uintptr_t)sum, 20000);
    ring_close(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order_round_and_round),
        cmocka_unit_test(test_full_and_larger),
        cmocka_unit_test(test_the_next_process_goes_on),
        cmocka_unit_test(test_damage_is_survived),
        cmocka_unit_test(test_two_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
