/* Journal lines: what is written is read again, and no other line passes for one. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/health.h"
#include "core/record.h"
#include "core/restart.h"

static uint64_t dice = 1;

static int64_t below(uint64_t count)
{
    return (int64_t)(random_next(&dice) % count);
}

/* Numbers of every size; often 0, which a line leaves out. */
static int64_t number(void)
{
    return below(3) == 0 ? 0 : (int64_t)(random_next(&dice) >> (1 + below(62)));
}

static struct reading random_reading(void)
{
    return (struct reading){.known = below(2),
                            .max = number(),
                            .high = number(),
                            .oom = number(),
                            .oom_kill = number(),
                            .oom_group_kill = number(),
                            .tree_oom_kill = number(),
                            .enclosing_oom = {number(), number()},
                            .peak_bytes = number(),
                            .populated = below(2)};
}

static struct event random_event(void)
{
    return (struct event){.kind = (enum event_kind)below(EVENTS_COUNT),
                          .member = (uint32_t)below(INSTANCES_MAX),
                          .generation = (uint32_t)number(),
                          .at = {number()},
                          .wall_ns = number(),
                          .seed = number(),
                          .grace_ns = number() - 1,
                          .signal = below(65),
                          .more = below(2),
                          .pid = below(INT32_MAX),
                          .step = below(SPAWN_STEPS_COUNT),
                          .error = below(4096),
                          .born = below(2),
                          .known = below(2),
                          .code = below(256),
                          .core = below(2),
                          .alone = below(2),
                          .serial = below(UINT32_MAX),
                          .hook = below(AIDE_KINDS),
                          .index = below(HOOKS_MAX),
                          .reading = random_reading()};
}

static struct verdict random_verdict(void)
{
    return (struct verdict){.kind = (enum verdict_kind)below(VERDICTS_COUNT),
                            .confidence = (enum confidence)below(CONFIDENCE_UNKNOWN + 1),
                            .exit_code = (int32_t)below(256) - 1,
                            .signal = (int32_t)below(65),
                            .core_dumped = below(2),
                            .step = (enum spawn_step)below(SPAWN_STEPS_COUNT),
                            .error = (int32_t)below(4096),
                            .oom = number(),
                            .oom_kill = number(),
                            .oom_group_kill = number(),
                            .enclosing = (int32_t)below(5) - 1,
                            .peak_bytes = number(),
                            .limit_bytes = number(),
                            .uptime = {number()},
                            .next = (enum next)below(NEXTS_COUNT),
                            .delay = {number()},
                            .hook = (uint32_t)below(AIDE_KINDS),
                            .hook_index = (uint32_t)below(HOOKS_MAX),
                            .group = {below(2) ? 'g' : '\0'}};
}

static int read_line(const char *text, struct record *ret)
{
    char line[RECORD_LINE_MAX];
    const char *why = NULL;
    int result;

    snprintf(line, sizeof(line), "%s", text);
    line[strcspn(line, "\n")] = '\0';
    result = record_read(line, ret, &why);
    assert_in_range(result, 0, 1);
    if (result)
        assert_non_null(why);
    return result;
}

static void same_bytes(const void *a, const void *b, size_t size)
{
    assert_memory_equal(a, b, size);
}

/* --- round trips -------------------------------------------------------------------------- */

static void events_come_through(void **state)
{
    char line[RECORD_LINE_MAX], again[RECORD_LINE_MAX];
    struct record record;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct event event = random_event();
        size_t length = record_write_event(&event, line);
        assert_int_equal(strlen(line), length);
        assert_int_equal(line[length - 1], '\n');
        assert_int_equal(read_line(line, &record), 0);
        assert_int_equal(record.kind, RECORD_EVENT);
        assert_int_equal(record.event.kind, event.kind);
        assert_int_equal(record.event.generation, event.generation);
        same_bytes(&record.event.reading, &event.reading, sizeof(event.reading));
        record_write_event(&record.event, again);
        assert_string_equal(again, line);
    }
}

static void verdicts_come_through(void **state)
{
    char line[RECORD_LINE_MAX], again[RECORD_LINE_MAX];
    struct record record;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct verdict verdict = random_verdict();
        record_write_verdict(3, 4, &verdict, line);
        assert_int_equal(read_line(line, &record), 0);
        assert_int_equal(record.member, 3);
        assert_int_equal(record.generation, 4);
        assert_int_equal(record.verdict.kind, verdict.kind);
        assert_true(record.verdict.delay.ns == verdict.delay.ns);
        record_write_verdict(3, 4, &record.verdict, again);
        assert_string_equal(again, line);
    }
}

static void effects_come_through(void **state)
{
    char line[RECORD_LINE_MAX], again[RECORD_LINE_MAX];
    struct record record;

    (void)state;
    for (int round = 0; round < 1000; round++) {
        struct effect effect = {.kind = (enum effect_kind)below(EFFECTS_COUNT),
                                .member = (uint32_t)below(INSTANCES_MAX),
                                .generation = (uint32_t)number(),
                                .signal = (int32_t)below(65),
                                .serial = (uint32_t)number(),
                                .hook = (uint16_t)below(AIDE_KINDS),
                                .index = (uint16_t)below(HOOKS_MAX),
                                .from = (uint16_t)below(HEALTHS_COUNT),
                                .to = (uint16_t)below(HEALTHS_COUNT),
                                .deadline = below(2) ? INSTANT_NEVER : (instant){number()}};
        record_write_effect(&effect, line);
        assert_int_equal(read_line(line, &record), 0);
        assert_int_equal(record.effect.kind, effect.kind);
        record_write_effect(&record.effect, again);
        assert_string_equal(again, line);
    }
}

static void heads_come_through(void **state)
{
    struct need need = {.member = 7, .condition = NEED_HEALTHY, .optional = 1, .restart = 1};
    struct member member = {.name = "web-1", .service_length = 3, .number = 1, .group = 1};
    struct stack_group groups[] = {{"", 0, 0}, {"back.end-1", 0, INT64_MAX}};
    struct roster roster = {.stack = "shop",
                            .members = &member,
                            .members_count = 1,
                            .needs = &need,
                            .needs_count = 1,
                            .groups = groups,
                            .groups_count = 2};
    char line[RECORD_LINE_MAX];
    struct record record;

    (void)state;
    member.policy = policy_default();
    member.policy.health = 1;
    member.policy.pre_stop = 2;
    member.policy.restart_window_ns = 5;
    member.policy.intensity[CAUSE_OOM] = (struct intensity){32, 7, THEN_STOP_STACK};
    member.policy.success = (struct exits){.codes = {1, -1, 0, INT64_MIN}, .signals = INT64_MIN};
    exits_add_signal(&member.policy.prevent, 64);
    record_write_head(&roster, UINT64_MAX, line);
    assert_int_equal(read_line(line, &record), 0);
    assert_int_equal(record.kind, RECORD_HEAD);
    assert_true(record.seed == UINT64_MAX);
    assert_string_equal(record.stack, "shop");
    assert_int_equal(record.groups, 2);
    for (uint32_t i = 0; i < 2; i++) {
        record_write_group(&roster, i, line);
        assert_int_equal(read_line(line, &record), 0);
        assert_int_equal(record.kind, RECORD_GROUP);
        assert_int_equal(record.member, i);
        assert_string_equal(record.group.name, groups[i].name);
        assert_int_equal(record.group.parent, groups[i].parent);
        assert_true(record.group.limit_bytes == groups[i].limit_bytes);
    }
    record_write_member(&roster, 0, line);
    assert_int_equal(read_line(line, &record), 0);
    assert_int_equal(record.roster_member.group, 1);
    assert_string_equal(record.roster_member.name, "web-1");
    assert_int_equal(record.roster_member.service_length, 3);
    same_bytes(&record.roster_member.policy, &member.policy, sizeof(member.policy));
    record_write_need(&roster, 0, 0, line);
    assert_int_equal(read_line(line, &record), 0);
    same_bytes(&record.need, &need, sizeof(need));
}

static struct kept kept;

static void random_state(struct fleet *fleet, struct incarnation *self, struct spent *spent)
{
    *spent = (struct spent){.at_ns = {{number(), number()}, {0}, {[31] = number()}}};
    kept = (struct kept){number() - 99, -number(), below(99), below(UINT32_MAX)};
    *self = (struct incarnation){.state = below(STATES_COUNT),
                                 .want = below(2),
                                 .again = below(2),
                                 .generation = below(UINT32_MAX),
                                 .pid = below(INT32_MAX),
                                 .alive = below(2),
                                 .populated = below(2),
                                 .entered_ns = number(),
                                 .deadline_ns = INT64_MAX,
                                 .started_ns = number(),
                                 .started_wall = number(),
                                 .ended_ns = number(),
                                 .grace_ns = number() - 1,
                                 .sent_signal = below(65),
                                 .stop_asked = below(2),
                                 .oom_seen = below(2),
                                 .step = below(SPAWN_STEPS_COUNT),
                                 .step_error = below(4096),
                                 .told_ns = number(),
                                 .judged = below(2),
                                 .failures = below(99),
                                 .restarts = below(99),
                                 .restarts_all = below(99),
                                 .changed = below(99),
                                 .alone = below(2),
                                 .together = below(2),
                                 .ready = below(2),
                                 .health = below(HEALTHS_COUNT),
                                 .health_failures = below(99),
                                 .aide = 7,
                                 .aide_serial = 7,
                                 .aide_kind = below(AIDE_KINDS),
                                 .aide_index = below(HOOKS_MAX),
                                 .aide_since_ns = number(),
                                 .aide_ended = below(2),
                                 .aide_ns = number(),
                                 .blame = below(BLAMES_COUNT),
                                 .blame_hook = below(AIDE_KINDS),
                                 .blame_index = below(HOOKS_MAX),
                                 .blame_code = below(256) - 1,
                                 .blame_signal = below(65),
                                 .blame_error = below(4096),
                                 .base = random_reading(),
                                 .seen = random_reading(),
                                 .last = random_verdict()};
    *fleet = (struct fleet){.members = self,
                            .spent = spent,
                            .kept = &kept,
                            .random = random_next(&dice),
                            .sequence = below(99),
                            .ending = below(2),
                            .finished = below(2)};
}

static void states_come_through(void **state)
{
    char line[RECORD_LINE_MAX], again[RECORD_LINE_MAX];
    struct record record;

    (void)state;
    for (int round = 0; round < 1000; round++) {
        struct incarnation self;
        struct spent spent;
        struct fleet fleet;
        random_state(&fleet, &self, &spent);
        record_write_state(&fleet, 0, line);
        assert_int_equal(read_line(line, &record), 0);
        assert_true(record.seed == fleet.random && record.sequence == fleet.sequence &&
                    record.ending == fleet.ending && record.finished == fleet.finished);
        same_bytes(&record.state, &self, offsetof(struct incarnation, last));
        same_bytes(&record.spent, &spent, sizeof(spent));
        same_bytes(&record.kept, &kept, sizeof(kept));
        fleet.members = &record.state;
        fleet.spent = &record.spent;
        record_write_state(&fleet, 0, again);
        assert_string_equal(again, line);
    }
}

/* The longest line that there can be is not cut. */
static void the_longest_state_fits(void **state)
{
    struct incarnation self;
    struct spent spent;
    struct fleet fleet = {.members = &self,
                          .spent = &spent,
                          .kept = &kept,
                          .random = UINT64_MAX,
                          .sequence = INT64_MAX / 2,
                          .ending = true,
                          .finished = true};
    char line[RECORD_LINE_MAX];
    struct record record;

    (void)state;
    memset(&self, 0x3f, offsetof(struct incarnation, last)); // numbers of 19 digits
    memset(&spent, 0x3f, sizeof(spent));
    memset(&kept, 0x3f, sizeof(kept));
    self.last = (struct verdict){.kind = VERDICT_SPAWN_FAILED,
                                 .confidence = CONFIDENCE_PROBABLE,
                                 .next = NEXT_RESTART,
                                 .oom = INT64_MAX,
                                 .oom_kill = INT64_MAX,
                                 .oom_group_kill = INT64_MAX,
                                 .peak_bytes = INT64_MAX,
                                 .limit_bytes = INT64_MAX,
                                 .uptime = {INT64_MAX},
                                 .delay = {INT64_MAX}};
    assert_true(record_write_state(&fleet, 0, line) < RECORD_LINE_MAX - 200);
    assert_int_equal(read_line(line, &record), 1); // mad, but whole: a state 4557430888798830399
}

/* --- hostile lines ------------------------------------------------------------------------ */

static void refused(void **state)
{
    static const char *const lines[] = {
        "",
        " ",
        "events at=1",
        "event at=1 at",
        "event at=1 kind=sneeze",
        "event at=99999999999999999999",
        "event at=-1 kind=tick",
        "event at=1 kind=dead oom_kill=-1",
        "event at=1 kind=dead known=2",
        "event at=1 kind=dead signal=65",
        "event at=1 kind=dead i=4096",
        "event at=1 kind=dead g=4294967296",
        "event at=1 kind=spawn-failed step=99",
        "event at=1 unknown=1",
        "event at=1 a-key-that-is-longer-than-any-key-can-be=1",
        "journal version=2 stack=x members=1 seed=1 groups=1",
        "journal version=5 stack=x members=1 seed=1 groups=65",
        "group i=1 name=a parent=64",
        "group i=1 name=a parent=0 limit=-1",
        "member i=0 name=web-1 service=web number=1 stop_signal=15 group=64",
        "verdict i=0 g=1 kind=oom-group group=a/b",
        "other i=0 g=1 of=4096 current=1",
        "other i=0 g=1 of=1 current=-1",
        "journal version=5 members=1",
        "journal version=5 stack=x members=4097",
        "member i=0 service=web name=web-1 number=1",
        "member i=0 name=web-1 service=db number=1",
        "member i=0 name=web-1 service=web number=1 restart=9 stop_signal=15",
        "member i=0 name=web-1 service=web number=1 restart=1 stop_signal=0",
        "member i=0 name=web-1 service=web number=1 stop_signal=15 backoff_max_ns=-1",
        "need i=0 on=1 condition=3 optional=0",
        "need i=0 on=1 condition=0 optional=0 restart=2",
        "need i=0 on=5000",
        "state i=0 sequence=1 m.state=12",
        "state i=0 sequence=1 m.state=1 m.health=4",
        "state i=0 sequence=1 m.state=1 m.aide=2 m.aide_serial=1",
        "effect kind=health i=0 g=1 from=STARTING to=RUNNING",
        "effect kind=hook i=0 g=1 hook=pre_lunch index=0 serial=1",
        "effect kind=hook i=0 g=1 hook=pre_stop index=16 serial=1",
        "member i=0 name=web-1 service=web number=1 stop_signal=15 health=1",
        "member i=0 name=web-1 service=web number=1 stop_signal=15 pre_start=9 pre_stop=8",
        "state i=0 sequence=-1 m.state=1",
        "state i=0 sequence=1 m.state=1 m.want=2",
        "state i=0 sequence=1 m.state=1 base.oom=-5",
        "state i=0 sequence=1 m.state=1 m.failures=9223372036854775807",
        "effect kind=explode i=0 g=1",
        "effect kind=shift i=0 g=1 from=KILLING to=NOWHERE",
        "verdict i=0 g=1 kind=oom confidence=perhaps",
        "verdict i=0 g=1 kind=oom enclosing=4",
    };
    struct record record;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (read_line(lines[i], &record) != 1)
            fail_msg("taken: %s", lines[i]);
}

static void others_come_through(void **state)
{
    const struct record_other other = {7, INT64_C(1) << 40, 4096, -5};
    char line[RECORD_LINE_MAX];
    struct record record;

    (void)state;
    record_write_other(3, 9, &other, line);
    assert_int_equal(read_line(line, &record), 0);
    assert_int_equal(record.kind, RECORD_OTHER);
    assert_int_equal(record.member, 3);
    assert_int_equal(record.generation, 9);
    assert_int_equal(record.other.member, other.member);
    assert_int_equal(record.other.current_bytes, other.current_bytes);
    assert_int_equal(record.other.peak_bytes, other.peak_bytes);
    assert_int_equal(record.other.growth, other.growth);
}

static void notes_are_for_people(void **state)
{
    struct record record;
    const char *why;

    (void)state;
    assert_int_equal(record_read("note rotated: key=value \x01 anything", &record, &why), 0);
    assert_string_equal(record.text, "rotated: key=value \x01 anything");
    assert_int_equal(record_read("note", &record, &why), 0);
    assert_string_equal(record.text, "");
}

static void too_long_a_line(void **state)
{
    static char line[RECORD_LINE_MAX + 2];
    struct record record;
    const char *why;

    (void)state;
    memset(line, ' ', RECORD_LINE_MAX);
    memcpy(line, "note", 4);
    assert_int_equal(record_read(line, &record, &why), 1);
}

/* Cut or damaged anywhere, from memory of just its size. */
static void every_truncation_and_damage_is_survived(void **state)
{
    struct incarnation self;
    struct spent spent;
    struct fleet fleet;
    char line[RECORD_LINE_MAX];

    (void)state;
    for (int round = 0; round < 8; round++) {
        struct event event = random_event();
        size_t length = record_write_event(&event, line);
        struct record record;
        const char *why;
        if (round % 2) {
            random_state(&fleet, &self, &spent);
            length = record_write_state(&fleet, 0, line);
        }
        for (size_t cut = 0; cut < length; cut++) {
            char *copy = strndup(line, cut);
            assert_non_null(copy);
            assert_in_range(record_read(copy, &record, &why), 0, 1);
            for (int value = 1; cut && value < 256; value += 7) {
                copy[cut - 1] = (char)value;
                assert_in_range(record_read(copy, &record, &why), 0, 1);
            }
            free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_through),
        cmocka_unit_test(verdicts_come_through),
        cmocka_unit_test(effects_come_through),
        cmocka_unit_test(heads_come_through),
        cmocka_unit_test(states_come_through),
        cmocka_unit_test(the_longest_state_fits),
        cmocka_unit_test(refused),
        cmocka_unit_test(others_come_through),
        cmocka_unit_test(notes_are_for_people),
        cmocka_unit_test(too_long_a_line),
        cmocka_unit_test(every_truncation_and_damage_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
