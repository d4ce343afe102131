/* history.db: what is followed is in it once, whoever stops in between; and the oldest goes. */
// links: tests/unit/world.o supervisor/journal.o supervisor/sys/memory.o history core -lsqlite3 -lm
#include "tests/unit/world.h"

static void test_what_the_journal_tells_is_there(void **state)
{
    struct world *world = *state;

    world_live_and_die(world);
    world_begin(world, KEEP_BYTES);
    world_take_in(world);
    assert_string_equal(world_events(world), LIFE);
    world_live_and_die(world);
    world_take_in(world);
    world_take_in(world);
    assert_string_equal(world_events(world), LIFE LIFE);
}

static void test_whoever_comes_later_goes_on_where_it_was(void **state)
{
    struct world *world = *state;

    world_live_and_die(world);
    world_begin(world, KEEP_BYTES);
    world_take_in(world);
    world_end(world);
    world_live_and_die(world);
    world_rotate(world);
    world_live_and_die(world);
    world_begin(world, KEEP_BYTES);
    world_take_in(world);
    assert_string_equal(world_events(world), LIFE LIFE LIFE);
    world_end(world);
    world_begin(world, KEEP_BYTES);
    world_take_in(world);
    assert_string_equal(world_events(world), LIFE LIFE LIFE);
    assert_int_equal(world_gaps(world), 0);
}

static void test_what_was_given_up_is_taken_in_again(void **state)
{
    struct world *world = *state;

    world_live_and_die(world);
    world_begin(world, KEEP_BYTES);
    assert_int_equal(keep_begin(&world->keep), 0);
    assert_int_equal(follow_journal_turn(&world->follow, &world->keep), 0);
    keep_give_up(&world->keep);
    world_end(world);
    world_begin(world, KEEP_BYTES);
    world_take_in(world);
    assert_string_equal(world_events(world), LIFE);
}

static void test_a_journal_that_nobody_read_is_a_gap(void **state)
{
    struct world *world = *state;

    world_live_and_die(world);
    world_begin(world, KEEP_BYTES);
    world_take_in(world);
    world_live_and_die(world); // and this one is lost
    world_rotate(world);
    world_rotate(world);
    world_live_and_die(world);
    world_take_in(world);
    assert_string_equal(world_events(world), LIFE LIFE);
    assert_int_equal(world_gaps(world), 1);
}

static void test_another_run_begins_anew(void **state)
{
    struct world *world = *state;

    world_live_and_die(world);
    world_begin(world, KEEP_BYTES);
    world_take_in(world);
    world_end(world);
    journal_close(&world->journal);
    assert_int_equal(unlinkat(world->dir, "journal", 0), 0); // and its inode may come again
    assert_int_equal(journal_open(&world->journal, world->dir, &world->fleet, 8), 0);
    world_live_and_die(world);
    world_begin(world, KEEP_BYTES);
    world_take_in(world);
    assert_string_equal(world_events(world), LIFE LIFE);
}

static void test_samples_are_taken_in_once(void **state)
{
    struct world *world = *state;

    world_begin(world, KEEP_BYTES);
    world_take_in(world); // there is no ring yet
    world_write_samples(world, 1, 0, 100);
    world_take_in(world);
    world_take_in(world);
    assert_int_equal(world_samples(world, NULL), 100);
    assert_int_equal(world_samples(world, "web-2"), 50);
    world_end(world);
    world_write_samples(world, 1, 100,
                        4200); // around the end of the ring, and nothing written over unread
    world_begin(world, KEEP_BYTES);
    world_take_in(world);
    assert_int_equal(world_samples(world, NULL), 4196); // places 100 to 103 were
    assert_int_equal(world_gaps(world), 1);
    world_write_samples(world, 2, 0, 10);
    world_take_in(world);
    assert_int_equal(world_samples(world, NULL), 4206);
}

static void test_samples_make_room(void **state)
{
    struct world *world = *state;
    struct stat status;

    world_begin(world, 128 * 1024);
    world_live_and_die(world);
    for (uint64_t epoch = 1; epoch < 20; epoch++) {
        world_write_samples(world, epoch, 0, SAMPLE_PLACES);
        world_take_in(world);
    }
    world_end(world);
    assert_int_equal(fstatat(world->dir, "history.db", &status, 0), 0);
    assert_true(status.st_size < 1024 * 1024);
    assert_true(world_samples(world, NULL) < 3 * SAMPLE_PLACES);
    assert_string_equal(world_events(world), LIFE);
}

static void test_what_is_old_goes(void **state)
{
    struct world *world = *state;

    world_live_and_die(world);
    world_begin(world, KEEP_BYTES);
    world_take_in(world);
    world->now_ns += KEEP_AGE_NS;
    world_live_and_die(world);
    world_take_in(world);
    world_take_in(world);
    assert_string_equal(world_events(world), LIFE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(test_##name, world_set_up, world_tear_down)
        CASE(what_the_journal_tells_is_there),
        CASE(whoever_comes_later_goes_on_where_it_was),
        CASE(what_was_given_up_is_taken_in_again),
        CASE(a_journal_that_nobody_read_is_a_gap),
        CASE(another_run_begins_anew),
        CASE(samples_are_taken_in_once),
        CASE(samples_make_room),
        CASE(what_is_old_goes),
#undef CASE
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
