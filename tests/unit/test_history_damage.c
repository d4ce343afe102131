/* history.db damaged, foreign, hostile: it is found out, and nothing else happens. */
// links: tests/unit/world.o supervisor/journal.o supervisor/sys/memory.o history core -lsqlite3 -lm
#include "tests/unit/world.h"

static void fill(struct world *world)
{
    world_live_and_die(world);
    world_begin(world, KEEP_BYTES);
    world_write_samples(world, 1, 0, 2000);
    world_take_in(world);
    world_end(world);
}

static int try_to_read(struct world *world)
{
    struct past *past;
    int failed = past_open(world->folder, &past);

    if (failed != 0)
        return failed;
    failed = past_events(past, ALL_TIME, world_tell_event, world);
    if (failed == 0)
        failed = past_samples(past, NULL, ALL_TIME, world_count_sample, world);
    past_close(past);
    return failed;
}

static void overwrite(struct world *world, off_t at, const void *bytes, size_t size)
{
    int file = openat(world->dir, "history.db", O_RDWR | O_CREAT, 0600);

    assert_int_equal(pwrite(file, bytes, size, at), size);
    close(file);
}

static void test_no_history_is_no_damage(void **state)
{
    struct world *world = *state;
    struct past *past;

    assert_int_equal(past_open(world->folder, &past), -ENOENT);
}

static void test_a_truncated_file_is_found_out(void **state)
{
    struct world *world = *state;
    struct stat status;
    int file;

    fill(world);
    file = openat(world->dir, "history.db", O_RDWR);
    assert_int_equal(fstat(file, &status), 0);
    assert_int_equal(ftruncate(file, status.st_size / 2), 0);
    assert_int_equal(try_to_read(world), DATABASE_DAMAGED);
    assert_int_equal(ftruncate(file, 50), 0);
    assert_int_equal(try_to_read(world), DATABASE_DAMAGED);
    close(file);
}

static void test_damage_anywhere_is_survived(void **state)
{
    struct world *world = *state;
    unsigned char bytes[64];
    unsigned seed = 1;
    int damaged = 0;

    fill(world);
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (unsigned char)rand_r(&seed);
        overwrite(world, 4096 + rand_r(&seed) % 120000, bytes, sizeof(bytes));
        world->told[0] = '\0';
        damaged += try_to_read(world) != 0;
        if (damaged > 20)
            break;
    }
    assert_true(damaged > 0);
}

static void test_garbage_makes_room_for_a_new_one(void **state)
{
    struct world *world = *state;
    const struct retention limits = {KEEP_AGE_NS, KEEP_BYTES};
    struct stat status;

    overwrite(world, 0, "This is no database, but somebody's diary.", 42);
    assert_int_equal(keep_open(&world->keep, world->folder, &limits), DATABASE_DAMAGED);
    assert_int_equal(history_set_aside(world->folder), 0);
    assert_int_equal(fstatat(world->dir, "history.db.aside", &status, 0), 0);
    assert_int_equal(status.st_size, 42);
    fill(world);
    assert_string_equal(world_events(world), LIFE);
}

static void test_another_version_and_another_schema_are_refused(void **state)
{
    static const char *const changes[] = {
        "PRAGMA user_version = 2",
        "PRAGMA user_version = 1; PRAGMA application_id = 1",
        "PRAGMA application_id = 1651206244; CREATE TABLE more(a)",
        "DROP TABLE more; DROP VIEW told; CREATE VIEW told AS SELECT 1",
    };
    struct world *world = *state;
    struct database *database;
    struct past *past;
    char path[128];

    fill(world);
    snprintf(path, sizeof(path), "%s/history.db", world->folder);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        assert_int_equal(database_open(path, DATABASE_WRITE, 64, &database), 0);
        assert_int_equal(database_run(database, changes[i]), 0);
        database_close(database);
        assert_int_equal(past_open(world->folder, &past), 1);
    }
}

static void test_a_link_is_not_followed(void **state)
{
    struct world *world = *state;
    struct past *past;

    fill(world);
    assert_int_equal(renameat(world->dir, "history.db", world->dir, "history.db.aside"), 0);
    assert_int_equal(symlinkat("history.db.aside", world->dir, "history.db"), 0);
    assert_int_equal(past_open(world->folder, &past), -ELOOP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(test_##name, world_set_up, world_tear_down)
        CASE(no_history_is_no_damage),
        CASE(a_truncated_file_is_found_out),
        CASE(damage_anywhere_is_survived),
        CASE(garbage_makes_room_for_a_new_one),
        CASE(another_version_and_another_schema_are_refused),
        CASE(a_link_is_not_followed),
#undef CASE
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
