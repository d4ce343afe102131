/* Two threads and a disk that hangs: who is held up is relieved, and nothing is lost. */
// links: recorder/crew.o recorder/journald.o recorder/store.o recorder/ring.o recorder/writer.o recorder/rotate.o recorder/line.o core -lpthread
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "recorder/store.h"

#define BYTES 40000 // two records are more than a pipe holds

static struct {
    struct store store;
    struct place place;
    struct source *source;
    char folder[64];
    uint32_t slot;
    int disk; // what was written comes out here
    pthread_t readers[2];
    int reads;
    size_t used;
    char text[4 * BYTES];
} world;

static int set_up(void **state)
{
    struct logging logging = LOGGING_DEFAULT;
    bool fresh;

    (void)state;
    memset(&world, 0, sizeof(world));
    strcpy(world.folder, "/tmp/bulkhead-test-crew.XXXXXX");
    if (!mkdtemp(world.folder))
        return -1;
    world.place = (struct place){.runtime = -1, .state = -1, .journal = -1};
    world.place.logs = open(world.folder, O_RDONLY | O_DIRECTORY);
    if (store_init(&world.store, &world.place, -1, &fresh) != 0)
        return -1;
    (void)store_add(&world.store, STORE_OWN_NAME, &LOGGING_DEFAULT, &world.slot);
    world.source = store_add(&world.store, "web-1", &logging, &world.slot);
    if (mkfifoat(world.place.logs, "web-1.log", 0600) < 0)
        return -1;
    world.disk = openat(world.place.logs, "web-1.log", O_RDWR | O_NONBLOCK);
    return world.disk < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_finish(&world.store);
    close(world.disk);
    unlinkat(world.place.logs, "web-1.log", 0);
    close(world.place.logs);
    return rmdir(world.folder);
}

/* One line. */
static void publish(char letter, size_t length)
{
    struct ring_record *record;

    pthread_mutex_lock(&world.store.ring.lock);
    record = ring_reserve(&world.store.ring, length);
    assert_non_null(record);
    memset(record->bytes, letter, length - 1);
    record->bytes[length - 1] = '\n';
    record->time_ns = 0;
    record->lost = 0;
    record->slot = world.slot;
    record->stream = OUT;
    record->begun = record->ends = record->again = record->plain = 0;
    snprintf(record->name, sizeof(record->name), "web-1");
    ring_publish(&world.store.ring, record, length);
    world.source->queued += record->size;
    pthread_mutex_unlock(&world.store.ring.lock);
}

/* Takes what was written, until that is in it. */
static void thaw_until(const char *wanted)
{
    while (!strstr(world.text, wanted)) {
        ssize_t got =
            read(world.disk, world.text + world.used, sizeof(world.text) - 1 - world.used);

        if (got > 0)
            world.used += (size_t)got;
        else
            usleep(1000);
    }
}

/* The first one hangs in what it writes itself. */
static int read_and_hang(void *context)
{
    int number = world.reads++;

    (void)context;
    world.readers[number] = pthread_self();
    if (number == 0) {
        publish('a', BYTES);
        publish('b', BYTES);
        assert_false(crew_write(&world.store));
        return CREW_RELIEVED;
    }
    publish('c', 10);
    assert_true(crew_write(&world.store)); // by who hangs, when it can
    assert_false(crew_is_stuck(&world.store));
    thaw_until("ccccccccc\n");
    return 42;
}

static void test_who_hangs_is_relieved(void **state)
{
    const char *b, *c;
    int result;

    (void)state;
    assert_int_equal(crew_run(&world.store, read_and_hang, NULL, &result), 0);
    assert_int_equal(result, 42);
    assert_int_equal(world.reads, 2);
    assert_false(pthread_equal(world.readers[0], world.readers[1]));
    assert_int_equal(ring_used(&world.store.ring), 0);
    b = strstr(world.text, " bb");
    c = strstr(world.text, " cc");
    assert_true(b && c && b < c);
}

/* A disk that answers: who reads finds all written, unless a busy machine has made another one of
 * it.
 */
static int read_and_write(void *context)
{
    (void)context;
    while (world.reads < 100) {
        world.reads++;
        publish('x', 100);
        if (!crew_write(&world.store))
            return CREW_RELIEVED;
    }
    publish('z', 100); // is written all the same
    return 7;
}

static void test_who_reads_writes(void **state)
{
    int result, lines = 0;

    (void)state;
    assert_int_equal(crew_run(&world.store, read_and_write, NULL, &result), 0);
    assert_int_equal(result, 7);
    thaw_until("zzz\n");
    for (const char *at = world.text; (at = strstr(at, "xx\n")); at++)
        lines++;
    assert_int_equal(lines, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_who_hangs_is_relieved, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_reads_writes, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
