/* See world.h. */
#include "tests/unit/world.h"

int world_set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    snprintf(world->folder, sizeof(world->folder), "/tmp/bulkhead-history.XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    world->dir = open(world->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    strcpy(world->member.name, "web-1");
    world->member.service_length = 3;
    world->member.number = 1;
    world->member.policy = policy_default();
    world->member.policy.restart = RESTART_ALWAYS;
    world->member.policy.restart_max = 7;
    world->roster = (struct roster){.stack = "test", .members = &world->member, .members_count = 1};
    world->now_ns = NSEC_PER_SEC;
    follow_samples_begin(&world->samples);
    assert_int_equal(fleet_init(&world->fleet, &world->roster), 0);
    assert_int_equal(journal_open(&world->journal, world->dir, &world->fleet, 7), 0);
    *state = world;
    return 0;
}

int world_tear_down(void **state)
{
    static const char *const names[] = {"journal",
                                        "journal.1",
                                        "samples",
                                        "history.db",
                                        "history.db-wal",
                                        "history.db-shm",
                                        "history.db.aside",
                                        "history.db.aside-wal",
                                        "history.db.aside-shm"};
    struct world *world = *state;

    follow_journal_finish(&world->follow);
    follow_samples_finish(&world->samples);
    keep_close(&world->keep);
    journal_close(&world->journal);
    fleet_finish(&world->fleet);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)unlinkat(world->dir, names[i], 0);
    close(world->dir);
    assert_int_equal(rmdir(world->folder), 0); // nothing else was left behind
    free(world);
    return 0;
}

/* --- what happens ------------------------------------------------------------------------- */

void world_step(struct world *world, struct event event)
{
    world->now_ns += NSEC_PER_MSEC;
    event.at = (instant){world->now_ns};
    event.wall_ns = world->now_ns;
    event.generation = event_is_fact(event.kind) ? (uint32_t)world->fleet.members[0].generation : 0;
    journal_event(&world->journal, &event);
    fleet_step(&world->fleet, &event);
    journal_outcomes(&world->journal, &world->fleet);
    journal_flush(&world->journal);
}

/* One life, killed by the kernel. */
void world_live_and_die(struct world *world)
{
    world_step(world, (struct event){.kind = EVENT_START});
    world_step(world, (struct event){.kind = EVENT_SPAWNED, .pid = 4711});
    world_step(world, (struct event){.kind = EVENT_EXECED});
    world->now_ns += 3 * NSEC_PER_SEC;
    world_step(world, (struct event){.kind = EVENT_DEAD,
                                     .known = 1,
                                     .signal = SIGKILL,
                                     .reading = {.known = 1,
                                                 .oom = world->fleet.members[0].generation,
                                                 .oom_kill = world->fleet.members[0].generation,
                                                 .peak_bytes = 64 << 20}});
    world_step(world, (struct event){.kind = EVENT_EMPTY, .reading = {.known = 1}});
    world->now_ns += 3600 * NSEC_PER_SEC;
    world_step(world, (struct event){.kind = EVENT_STOP});
}

void world_rotate(struct world *world)
{
    world->journal.size_max = 0;
    assert_int_equal(journal_turn(&world->journal, &world->fleet, (instant){world->now_ns}), 0);
}

/* --- following ---------------------------------------------------------------------------- */

void world_begin(struct world *world, int64_t bytes)
{
    const struct retention limits = {KEEP_AGE_NS, bytes};

    assert_int_equal(keep_open(&world->keep, world->folder, &limits), 0);
    assert_int_equal(follow_journal_begin(&world->follow, world->dir, &world->keep), 0);
}

void world_take_in(struct world *world)
{
    assert_int_equal(keep_begin(&world->keep), 0);
    assert_int_equal(follow_journal_turn(&world->follow, &world->keep), 0);
    assert_int_equal(follow_samples_turn(&world->samples, world->dir, &world->keep, world->now_ns),
                     0);
    assert_int_equal(keep_retire(&world->keep, world->now_ns), 0);
    assert_int_equal(keep_end(&world->keep), 0);
}

void world_end(struct world *world)
{
    follow_journal_finish(&world->follow);
    follow_samples_finish(&world->samples);
    follow_samples_begin(&world->samples);
    keep_close(&world->keep);
}

int world_tell_event(void *context, const struct user_event *event)
{
    struct world *world = context;
    char word[64];

    snprintf(word, sizeof(word), "%s%s ", action_name(event->action),
             event->action == ACTION_DIE ? event->verdict.kind == VERDICT_OOM ? ":oom" : ":?" : "");
    strncat(world->told, word, sizeof(world->told) - strlen(world->told) - 1);
    assert_string_equal(event->member->name, "web-1");
    assert_int_equal(event->member->service_length, 3);
    assert_int_equal(event->policy->restart_max, 7);
    if (event->action == ACTION_START)
        assert_int_equal(event->pid, 4711);
    if (event->action == ACTION_DIE)
        assert_int_equal(event->verdict.peak_bytes, 64 << 20);
    return 0;
}

const char *world_events(struct world *world)
{
    struct past *past;

    world->told[0] = '\0';
    assert_int_equal(past_open(world->folder, &past), 0);
    assert_int_equal(past_events(past, ALL_TIME, world_tell_event, world), 0);
    assert_int_equal(past_malformed(past), 0);
    past_close(past);
    return world->told;
}

static int count_note(void *context, const struct past_note *note)
{
    struct world *world = context;

    world->numbers += strcmp(note->kind, PAST_GAP) == 0;
    return 0;
}

int64_t world_gaps(struct world *world)
{
    struct past *past;

    world->numbers = 0;
    assert_int_equal(past_open(world->folder, &past), 0);
    assert_int_equal(past_notes(past, ALL_TIME, count_note, world), 0);
    past_close(past);
    return world->numbers;
}

/* --- samples ------------------------------------------------------------------------------ */

void world_write_samples(struct world *world, uint64_t epoch, uint64_t from, uint64_t to)
{
    int file = openat(world->dir, PATH_SAMPLES, O_RDWR | O_CREAT, 0600);
    const struct sample_head head = {epoch, to};
    unsigned char bytes[SAMPLE_HEAD_BYTES];
    unsigned char place[SAMPLE_PLACE_BYTES];

    assert_int_equal(ftruncate(file, SAMPLE_FILE_BYTES), 0);
    sample_head_write(&head, bytes);
    assert_int_equal(pwrite(file, bytes, sizeof(bytes), 0), sizeof(bytes));
    for (uint64_t number = from; number < to; number++) {
        struct sample sample = {.wall_ns = (int64_t)(epoch * 1000000 + number),
                                .at_ns = 1,
                                .generation = 1,
                                .current_bytes = (int64_t)number,
                                .limit_bytes = SAMPLE_NONE};

        snprintf(sample.name, sizeof(sample.name), "web-%d", (int)(number % 2) + 1);
        sample_write(&sample, number, place);
        assert_int_equal(pwrite(file, place, sizeof(place), (off_t)sample_offset(number)),
                         sizeof(place));
    }
    close(file);
}

int world_count_sample(void *context, const struct sample *sample)
{
    struct world *world = context;

    assert_int_equal(sample->current_bytes, sample->wall_ns % 1000000);
    assert_int_equal(sample->limit_bytes, SAMPLE_NONE);
    world->numbers++;
    return 0;
}

int64_t world_samples(struct world *world, const char *name)
{
    struct past *past;

    world->numbers = 0;
    assert_int_equal(past_open(world->folder, &past), 0);
    assert_int_equal(past_samples(past, name, ALL_TIME, world_count_sample, world), 0);
    past_close(past);
    return world->numbers;
}
