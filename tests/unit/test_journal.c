/* The journal's files: whatever happens to them, each replays by itself, and no line is cut. */
// links: supervisor/journal.o supervisor/sys/memory.o core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/replay.h"
#include "supervisor/journal.h"

#define MEMBERS 3

struct world {
    char folder[64];
    int dir;
    struct member members[MEMBERS];
    struct need need;
    struct roster roster;
    struct fleet fleet;
    struct journal journal;
    int64_t now_ns;
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    snprintf(world->folder, sizeof(world->folder), "/tmp/bulkhead-journal.XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    world->dir = open(world->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        struct member *member = &world->members[i];
        member->service_length = 3;
        member->number = i + 1;
        snprintf(member->name, sizeof(member->name), "web-%u", i + 1);
        member->policy = policy_default();
        member->policy.restart = RESTART_ALWAYS;
    }
    world->members[2].needs_count = 1;
    world->roster =
        (struct roster){.stack = "test", .members = world->members, .members_count = MEMBERS};
    world->roster.needs = &world->need;
    world->roster.needs_count = 1;
    world->now_ns = NSEC_PER_SEC;
    assert_int_equal(fleet_init(&world->fleet, &world->roster), 0);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    journal_close(&world->journal);
    fleet_finish(&world->fleet);
    (void)unlinkat(world->dir, "journal", 0);
    (void)unlinkat(world->dir, "journal.1", 0);
    close(world->dir);
    assert_int_equal(rmdir(world->folder), 0); // nothing else was left behind
    free(world);
    return 0;
}

static void step(struct world *world, struct event event)
{
    world->now_ns += NSEC_PER_MSEC;
    event.at = (instant){world->now_ns};
    event.wall_ns = world->now_ns;
    (void)journal_turn(&world->journal, &world->fleet, event.at);
    journal_event(&world->journal, &event);
    fleet_step(&world->fleet, &event);
    journal_outcomes(&world->journal, &world->fleet);
    journal_flush(&world->journal);
}

static void begin(struct world *world)
{
    assert_int_equal(journal_open(&world->journal, world->dir, &world->fleet, 0), 0);
    step(world, (struct event){.kind = EVENT_BEGIN, .seed = 42});
    for (uint32_t i = 0; i < MEMBERS; i++)
        step(world, (struct event){.kind = EVENT_START, .member = i, .more = i + 1 < MEMBERS});
}

/* One life and death of a member. */
static void live(struct world *world, uint32_t member)
{
    const struct incarnation *self = &world->fleet.members[member];
    struct event event = {.member = member, .generation = (uint32_t)self->generation};

    if (self->deadline_ns != INSTANT_NEVER.ns && self->deadline_ns > world->now_ns &&
        self->state == STATE_BACKOFF) {
        world->now_ns = self->deadline_ns;
        step(world, (struct event){.kind = EVENT_TICK});
        event.generation = (uint32_t)self->generation;
    }
    event.kind = EVENT_SPAWNED;
    event.pid = 100;
    step(world, event);
    event.kind = EVENT_EXECED;
    event.pid = 0;
    step(world, event);
    event.kind = EVENT_DEAD;
    event.known = 1;
    event.code = 7;
    step(world, event);
}

/* Replays a file; how many of its lines are events. */
static uint64_t replay(const struct world *world, const char *name)
{
    int fd = openat(world->dir, name, O_RDONLY | O_CLOEXEC);
    FILE *file = fdopen(fd, "r");
    struct replay *replay = NULL;
    struct replay_count count;
    char line[RECORD_LINE_MAX];
    const char *why = "";

    assert_non_null(file);
    assert_int_equal(replay_create(&replay), 0);
    while (fgets(line, sizeof(line), file)) {
        assert_non_null(strchr(line, '\n')); // whole lines only
        line[strcspn(line, "\n")] = '\0';
        if (replay_line(replay, line, &why) != 0)
            fail_msg("%s: %s: %s", name, line, why);
    }
    count = replay_count(replay);
    replay_destroy(replay);
    fclose(file);
    return count.events;
}

static off_t size_of(const struct world *world, const char *name)
{
    struct stat status;

    return fstatat(world->dir, name, &status, 0) == 0 ? status.st_size : -1;
}

static void test_first_file(void **state)
{
    struct world *world = *state;

    begin(world);
    live(world, 0);
    live(world, 1);
    journal_note(&world->journal, "free\ntext");
    journal_flush(&world->journal);
    assert_int_equal(replay(world, "journal"), 1 + MEMBERS + 3 + 3);
    assert_int_equal(size_of(world, "journal.1"), -1);
    assert_int_equal(size_of(world, "journal"), world->journal.size);
}

static void test_rotation(void **state)
{
    struct world *world = *state;

    begin(world);
    live(world, 0);
    for (int i = 0; i < 3; i++) {
        world->journal.size_max = 0; // the file is full
        live(world, 0);
        assert_true(world->journal.size_max > JOURNAL_BYTES_MAX);
        assert_true(replay(world, "journal") > 0);
        assert_true(replay(world, "journal.1") > 0);
    }
    assert_int_equal(world->journal.lost, 0);
}

/* However often a stack is changed: what was is still in the same file. */
static void test_reloads(void **state)
{
    struct world *world = *state;

    begin(world);
    for (int i = 0; i < 20; i++) {
        live(world, 0);
        assert_int_equal(journal_reloaded(&world->journal, &world->fleet, (instant){world->now_ns}),
                         0);
    }
    live(world, 1);
    assert_int_equal(size_of(world, "journal.1"), -1);
    assert_true(replay(world, "journal") >= 1 + MEMBERS + 21 * 3);
    world->journal.size_max = 0; // the file is full
    assert_int_equal(journal_reloaded(&world->journal, &world->fleet, (instant){world->now_ns}), 0);
    assert_true(size_of(world, "journal.1") > size_of(world, "journal"));
    assert_int_equal(replay(world, "journal"), 0);
}

/* A bound on the size of files stands for a full disk: writes are cut first, then refused. */
static void bound_files(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_full_disk(void **state)
{
    struct world *world = *state;
    uint64_t events;

    (void)signal(SIGXFSZ, SIG_IGN);
    begin(world);
    bound_files((rlim_t)world->journal.size +
                100); // in the middle of a step, and no room for a head
    for (int i = 0; i < 5; i++)
        live(world, 0);
    bound_files(RLIM_INFINITY);
    assert_true(world->journal.lost > 10);
    assert_true(world->journal.fd < 0);
    events = replay(world, "journal");
    assert_true(events >= 1 + MEMBERS && events < 1 + MEMBERS + 15);

    world->now_ns += 2 * NSEC_PER_SEC;
    live(world, 1);
    assert_true(world->journal.fd >= 0);
    assert_int_equal(replay(world, "journal.1"), events);
    assert_int_equal(replay(world, "journal"), 3);
    assert_int_equal(world->journal.lost, world->journal.lost_told);
}

/* A head of which only a part could be written is not there. */
static void test_no_room_for_a_head(void **state)
{
    struct world *world = *state;
    off_t size;

    (void)signal(SIGXFSZ, SIG_IGN);
    begin(world);
    size = size_of(world, "journal");
    bound_files((rlim_t)size - 1); // not for a new file either
    assert_true(journal_reloaded(&world->journal, &world->fleet, (instant){world->now_ns}) < 0);
    bound_files(RLIM_INFINITY);
    assert_int_equal(size_of(world, "journal"), size);
    assert_int_equal(world->journal.lost, 0);
    world->now_ns += 2 * NSEC_PER_SEC;
    live(world, 0);
    assert_int_equal(replay(world, "journal.1"), 1 + MEMBERS);
    assert_int_equal(replay(world, "journal"), 3);
}

/* A write that failed is said, and nothing is tried before the time for it has come. */
static void test_a_failed_write_waits(void **state)
{
    struct world *world = *state;
    instant now = {world->now_ns};

    (void)signal(SIGXFSZ, SIG_IGN);
    begin(world);
    bound_files((rlim_t)world->journal.size);
    journal_note(&world->journal, "one too many");
    journal_flush(&world->journal);
    bound_files(RLIM_INFINITY);
    assert_true(journal_turn(&world->journal, &world->fleet, now) < 0);
    assert_int_equal(journal_turn(&world->journal, &world->fleet, now), 0);
    assert_int_equal(journal_turn(&world->journal, &world->fleet, instant_add(now, span_ms(999))),
                     0);
    assert_true(world->journal.fd < 0);
    assert_int_equal(journal_turn(&world->journal, &world->fleet, instant_add(now, span_sec(1))),
                     0);
    assert_true(world->journal.fd >= 0);
}

/* It is said once, and tried again at most once a second. */
static void test_trouble_is_told_once(void **state)
{
    struct world *world = *state;
    const instant later = {world->now_ns + 10 * NSEC_PER_SEC};
    int told = 0;

    (void)signal(SIGXFSZ, SIG_IGN);
    begin(world);
    bound_files(100);
    world->journal.size_max = 0;
    for (int64_t ms = 0; ms < 5000; ms += 10)
        told += journal_turn(&world->journal, &world->fleet, instant_add(later, span_ms(ms))) < 0;
    bound_files(RLIM_INFINITY);
    assert_int_equal(told, 1);
    assert_int_equal(journal_turn(&world->journal, &world->fleet, instant_add(later, span_sec(6))),
                     0);
    assert_true(world->journal.fd >= 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_first_file),
        TEST(test_rotation),
        TEST(test_reloads),
        TEST(test_full_disk),
        TEST(test_no_room_for_a_head),
        TEST(test_a_failed_write_waits),
        TEST(test_trouble_is_told_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
