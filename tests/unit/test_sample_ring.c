/* The ring on a disk: whoever reads finds the last samples, whole, however often it went around. */
// links: supervisor/sample_ring.o core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/paths.h"
#include "supervisor/sample_ring.h"

#define TURN 16

struct place {
    char path[64];
    int dir;
    struct sample_ring ring;
};

static int begin(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    strcpy(place->path, "/tmp/bulkhead-test.XXXXXX");
    assert_non_null(mkdtemp(place->path));
    place->dir = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = place;
    return 0;
}

static int end(void **state)
{
    struct place *place = *state;

    sample_ring_close(&place->ring);
    (void)unlinkat(place->dir, PATH_SAMPLES, 0);
    close(place->dir);
    assert_int_equal(rmdir(place->path), 0); // and nothing else is left
    free(place);
    return 0;
}

static void write_some(struct sample_ring *ring, uint32_t count)
{
    unsigned char places[TURN][SAMPLE_PLACE_BYTES];
    struct sample sample = {.name = "web-1"};

    for (uint32_t i = 0; i < count; i++) {
        sample.at_ns = (int64_t)(ring->head.next + i);
        sample_write(&sample, ring->head.next + i, places[i]);
    }
    assert_int_equal(sample_ring_write(ring, places, count), 0);
}

static struct sample_head read_head(const struct place *place, int file)
{
    unsigned char bytes[SAMPLE_HEAD_BYTES];
    struct sample_head head = {0};

    (void)place;
    assert_int_equal(pread(file, bytes, sizeof(bytes), 0), sizeof(bytes));
    assert_int_equal(sample_head_read(bytes, &head), 0);
    return head;
}

static void a_new_ring_is_whole_and_empty(void **state)
{
    struct place *place = *state;
    struct sample_head head;
    struct stat stat;
    int file;

    assert_int_equal(sample_ring_make(&place->ring, place->dir, 77), 0);
    assert_int_equal(fstatat(place->dir, PATH_SAMPLES, &stat, 0), 0);
    assert_int_equal(stat.st_size, SAMPLE_FILE_BYTES);
    assert_int_equal(stat.st_mode & 0777, 0640);
    assert_true(stat.st_blocks * 512 >= SAMPLE_FILE_BYTES); // no holes
    file = openat(place->dir, PATH_SAMPLES, O_RDONLY | O_CLOEXEC);
    head = read_head(place, file);
    assert_int_equal(head.epoch, 77);
    assert_int_equal(head.next, 0);
    close(file);
}

/* A reader that follows after every turn sees each sample once, one that comes late the last ones.
 */
static void it_goes_around(void **state)
{
    struct place *place = *state;
    unsigned char bytes[SAMPLE_PLACE_BYTES];
    struct sample_head head;
    struct sample sample;
    uint64_t seen = 0, missed = 0;
    int file;

    assert_int_equal(sample_ring_make(&place->ring, place->dir, 1), 0);
    file = openat(place->dir, PATH_SAMPLES, O_RDONLY | O_CLOEXEC);
    for (uint32_t turn = 0; turn < 2 * SAMPLE_PLACES / 7; turn++) { // 7 does not divide the places
        write_some(&place->ring, turn % 2 ? 5 : 9);
        head = read_head(place, file);
        assert_int_equal(sample_first(&head, seen, &missed), seen);
        for (; seen < head.next; seen++) {
            assert_int_equal(pread(file, bytes, sizeof(bytes), (off_t)sample_offset(seen)),
                             sizeof(bytes));
            assert_int_equal(sample_read(bytes, seen, &sample), 0);
            assert_int_equal(sample.at_ns, seen);
        }
    }
    assert_true(seen > SAMPLE_PLACES);
    seen = sample_first(&head, 0, &missed);
    assert_int_equal(missed, head.next - SAMPLE_PLACES);
    for (; seen < head.next; seen++) {
        assert_int_equal(pread(file, bytes, sizeof(bytes), (off_t)sample_offset(seen)),
                         sizeof(bytes));
        assert_int_equal(sample_read(bytes, seen, &sample), 0);
    }
    close(file);
}

static void another_one_replaces_it(void **state)
{
    struct place *place = *state;
    struct sample_ring old;
    int file;

    assert_int_equal(sample_ring_make(&old, place->dir, 1), 0);
    write_some(&old, 3);
    assert_int_equal(sample_ring_make(&place->ring, place->dir, 2), 0);
    file = openat(place->dir, PATH_SAMPLES, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read_head(place, file).epoch, 2);
    assert_int_equal(read_head(place, file).next, 0);
    close(file);
    sample_ring_close(&old);
    sample_ring_close(&old);
}

static void what_fails_leaves_nothing(void **state)
{
    struct place *place = *state;

    assert_int_equal(mkdirat(place->dir, PATH_SAMPLES, 0700), 0); // no file can take its name
    assert_true(sample_ring_make(&place->ring, place->dir, 1) < 0);
    assert_int_equal(place->ring.file, -1);
    assert_int_equal(unlinkat(place->dir, PATH_SAMPLES, AT_REMOVEDIR), 0);
    assert_int_equal(sample_ring_make(&place->ring, -1, 1), -EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_ring_is_whole_and_empty, begin, end),
        cmocka_unit_test_setup_teardown(it_goes_around, begin, end),
        cmocka_unit_test_setup_teardown(another_one_replaces_it, begin, end),
        cmocka_unit_test_setup_teardown(what_fails_leaves_nothing, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
