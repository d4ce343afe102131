/* Journals to user events, to deaths, to advice: what people are told happened. */
// links: history/event_view.o cli/history/deaths.o cli/history/advice.o cli/show/render.o core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/history/advice.h"
#include "core/fleet.h"

/* A stack of one that is really decided by the fleet: its journal is what the view is fed with. */
struct stage {
    struct roster roster;
    struct member member;
    struct fleet fleet;
    struct event_view view;
    struct deaths deaths;
    int64_t now_ms;
    char told[1024]; // "create start ready " since the last look
    struct user_event last_die;
};

static void feed_lines(struct stage *stage, const char *lines)
{
    char line[RECORD_LINE_MAX];
    struct user_event events[EVENT_VIEW_MAX];
    struct record record;
    const char *why;
    int count;
    int i;

    while (*lines) {
        size_t length = strcspn(lines, "\n");

        memcpy(line, lines, length);
        line[length] = '\0';
        lines += length + 1;
        assert_int_equal(record_read(line, &record, &why), 0);
        count = event_view_feed(&stage->view, &record, events);
        assert_true(count >= 0 && count <= EVENT_VIEW_MAX);
        for (i = 0; i < count; i++) {
            strcat(stage->told, action_name(events[i].action));
            strcat(stage->told, " ");
            assert_string_equal(events[i].member->name, "web-1");
            if (events[i].action == ACTION_DIE)
                stage->last_die = events[i];
            assert_int_equal(deaths_feed(&stage->deaths, &events[i]), 0);
        }
    }
}

/* The lines of a head as a supervisor writes them; with states after a rotation. */
static void feed_head(struct stage *stage, bool rotated)
{
    char line[2 * RECORD_LINE_MAX];

    line[record_write_head(&stage->roster, 7, line)] = '\0';
    feed_lines(stage, line);
    line[record_write_member(&stage->roster, 0, line)] = '\0';
    feed_lines(stage, line);
    if (!rotated)
        return;
    line[record_write_state(&stage->fleet, 0, line)] = '\0';
    feed_lines(stage, line);
}

static void step(struct stage *stage, struct event event)
{
    char lines[2 * RECORD_LINE_MAX];
    uint32_t i;

    stage->now_ms += 10;
    event.at.ns = stage->now_ms * NSEC_PER_MSEC;
    event.wall_ns = event.at.ns + INT64_C(1795337460) * NSEC_PER_SEC;
    lines[record_write_event(&event, lines)] = '\0';
    feed_lines(stage, lines);
    fleet_step(&stage->fleet, &event);
    for (i = 0; i < stage->fleet.effects.count; i++) {
        lines[record_write_outcome(&stage->fleet, i, lines)] = '\0';
        feed_lines(stage, lines);
    }
}

static int raise_stage(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    if (!stage)
        return -1;
    strcpy(stage->member.name, "web-1");
    stage->member.service_length = 3;
    stage->member.number = 1;
    stage->member.policy = policy_default();
    stage->member.policy.mem_limit_bytes = 64 << 20;
    stage->member.policy.restart_max = 2;
    strcpy(stage->roster.stack, "shop");
    stage->roster.members = &stage->member;
    stage->roster.members_count = 1;
    stage->now_ms = 1000;
    event_view_init(&stage->view, false);
    if (fleet_init(&stage->fleet, &stage->roster) != 0)
        return -1;
    feed_head(stage, false);
    step(stage, (struct event){.kind = EVENT_BEGIN, .seed = 7});
    *state = stage;
    return 0;
}

static int clear_stage(void **state)
{
    struct stage *stage = *state;

    fleet_finish(&stage->fleet);
    event_view_finish(&stage->view);
    deaths_finish(&stage->deaths);
    free(stage);
    return 0;
}

static void expect(struct stage *stage, const char *told)
{
    assert_string_equal(stage->told, told);
    stage->told[0] = '\0';
}

static struct event fact(const struct stage *stage, enum event_kind kind)
{
    return (struct event){.kind = kind, .generation = (uint32_t)stage->fleet.members[0].generation};
}

static void be_born(struct stage *stage)
{
    struct event spawned = fact(stage, EVENT_SPAWNED);

    spawned.pid = 4711;
    step(stage, spawned);
    step(stage, fact(stage, EVENT_EXECED));
}

static void start(struct stage *stage)
{
    step(stage, (struct event){.kind = EVENT_START});
    be_born(stage);
    expect(stage, "create start ready ");
}

static void die_of_memory(struct stage *stage)
{
    struct event dead = fact(stage, EVENT_DEAD);

    stage->now_ms += 3000;
    dead.known = 1;
    dead.signal = SIGKILL;
    dead.reading = (struct reading){
        .known = 1, .oom = 1, .oom_kill = 2, .oom_group_kill = 1, .peak_bytes = 64 << 20};
    step(stage, dead);
}

static void pass_back_off(struct stage *stage)
{
    stage->now_ms += 120000;
    step(stage, (struct event){.kind = EVENT_TICK});
}

static void test_oom_is_told_then_one_death(void **state)
{
    struct stage *stage = *state;

    start(stage);
    die_of_memory(stage);
    expect(stage, "oom die ");
    assert_int_equal(stage->last_die.verdict.kind, VERDICT_OOM);
    assert_int_equal(verdict_exit_code(&stage->last_die.verdict), 137);
    pass_back_off(stage);
    be_born(stage);
    expect(stage, "restart create start ready ");
}

static void test_stop_is_kill_die_stop(void **state)
{
    struct stage *stage = *state;
    struct event dead;

    start(stage);
    step(stage, (struct event){.kind = EVENT_STOP, .grace_ns = EVENT_GRACE_POLICY});
    dead = fact(stage, EVENT_DEAD);
    dead.known = 1;
    dead.signal = SIGTERM;
    step(stage, dead);
    expect(stage, "kill die stop ");
    step(stage, (struct event){.kind = EVENT_START});
    expect(stage, "create "); // asked for anew: no restart
}

static void test_restart_on_request(void **state)
{
    struct stage *stage = *state;
    struct event dead;

    start(stage);
    step(stage, (struct event){.kind = EVENT_RESTART, .grace_ns = EVENT_GRACE_POLICY});
    dead = fact(stage, EVENT_DEAD);
    dead.known = 1;
    dead.signal = SIGTERM;
    step(stage, dead);
    expect(stage, "kill die stop restart create ");
}

static void test_what_the_dead_left_is_killed_in_silence(void **state)
{
    struct stage *stage = *state;
    struct event dead;

    start(stage);
    dead = fact(stage, EVENT_DEAD);
    dead.known = 1;
    dead.code = 1;
    dead.reading.known = 1;
    dead.reading.populated = 1;
    step(stage, dead);
    expect(stage, "die ");
    step(stage, fact(stage, EVENT_EMPTY));
    expect(stage, "");
}

static void test_used_up_restarts_end_in_hold(void **state)
{
    struct stage *stage = *state;
    struct advice advice;
    struct death_history history;
    int i;

    start(stage);
    for (i = 0; i < 2; i++) {
        die_of_memory(stage);
        pass_back_off(stage);
        be_born(stage);
    }
    stage->told[0] = '\0';
    die_of_memory(stage);
    expect(stage, "oom die hold ");
    assert_int_equal(stage->deaths.count, 3);
    assert_int_equal(stage->deaths.item[2].verdict.next, NEXT_HOLD);
    assert_true(stage->deaths.item[0].again_wall_ns > stage->deaths.item[0].wall_ns);
    assert_int_equal(stage->deaths.item[2].again_wall_ns, 0);
    history = deaths_history(&stage->deaths, 2, INT64_MAX);
    assert_int_equal(history.alike, 3);
    advice_give(&stage->deaths.item[2], &history, &advice);
    assert_non_null(strstr(advice.text[0], "died 3 times"));
    assert_non_null(strstr(advice.text[advice.count - 1], "bulkhead start web\""));
}

static void test_a_child_killed_for_memory_is_no_death(void **state)
{
    struct stage *stage = *state;
    struct event memory;

    stage->member.policy.oom_group = 0;
    start(stage);
    memory = fact(stage, EVENT_MEMORY);
    memory.reading = (struct reading){.known = 1, .oom = 1, .oom_kill = 1, .tree_oom_kill = 1};
    step(stage, memory);
    expect(stage, "oom ");
    assert_int_equal(stage->deaths.count, 1);
    assert_int_equal(stage->deaths.item[0].verdict.kind, VERDICT_OOM_CHILD);
}

static void test_the_head_after_a_rotation_changes_nothing(void **state)
{
    struct stage *stage = *state;

    start(stage);
    feed_head(stage, true);
    expect(stage, "");
    assert_int_equal(stage->view.members_count, 1);
    assert_true(stage->view.members[0].alive);
    die_of_memory(stage);
    feed_head(stage, true);
    pass_back_off(stage);
    expect(stage, "oom die restart create ");
}

/* After a reload the place of one who died may be another's, and its own may be elsewhere. */
static void test_a_death_belongs_to_a_name(void **state)
{
    struct stage *stage = *state;
    struct view_member other = {.name = "api-1", .service_length = 3, .number = 1};
    struct user_event create = {.action = ACTION_CREATE, .member = &other, .wall_ns = 5};

    start(stage);
    die_of_memory(stage);
    assert_int_equal(deaths_feed(&stage->deaths, &create), 0);
    assert_int_equal(stage->deaths.item[0].again_wall_ns, 0);
    create.member = stage->last_die.member;
    create.index = 1;
    assert_int_equal(deaths_feed(&stage->deaths, &create), 0);
    assert_int_equal(stage->deaths.item[0].again_wall_ns, 5);
    stage->last_die.index = 1;
    assert_int_equal(deaths_feed(&stage->deaths, &stage->last_die), 0);
    assert_int_equal(deaths_history(&stage->deaths, 1, INT64_MAX).alike, 2);
}

/* A crash that leaves something behind which does not end is a crash. */
static void test_quarantine_is_one_death(void **state)
{
    const struct quarantine_note note = {
        .name = "web-1", .generation = 1, .about = QUARANTINE_WHERE, .text = "/mnt (ext4)"};
    struct stage *stage = *state;
    struct event dead, examined;

    start(stage);
    dead = fact(stage, EVENT_DEAD);
    dead.known = 1;
    dead.code = 1;
    dead.reading.known = 1;
    dead.reading.populated = 1;
    step(stage, dead);
    pass_back_off(stage); // the deadline of emptying
    examined = fact(stage, EVENT_EXAMINED);
    examined.known = examined.stuck = examined.held = 1;
    step(stage, examined);
    expect(stage, "die quarantine ");
    assert_int_equal(stage->deaths.count, 1);
    assert_int_equal(stage->deaths.item[0].verdict.kind, VERDICT_FAILED);
    assert_true(stage->deaths.item[0].is_left);
    assert_int_equal(deaths_left(&stage->deaths, stage->deaths.item[0].wall_ns, &note), 0);
    assert_string_equal(deaths_left_said(&stage->deaths, &stage->deaths.item[0], QUARANTINE_WHERE),
                        "/mnt (ext4)");
    assert_null(deaths_left_said(&stage->deaths, &stage->deaths.item[0], QUARANTINE_HELD));
}

static void test_limit_too_small_is_advised(void **state)
{
    struct stage *stage = *state;
    struct death_history history;
    struct advice advice;

    start(stage);
    stage->now_ms -= 3000;
    die_of_memory(stage);
    history = deaths_history(&stage->deaths, 0, INT64_MAX);
    advice_give(&stage->deaths.item[0], &history, &advice);
    assert_non_null(strstr(advice.text[0], "mem_limit: 256m"));
}

static void test_words_choose_members(void **state)
{
    struct stage *stage = *state;
    char *service[] = {(char[]){"web"}};
    char *member[] = {(char[]){"web-1"}};
    char *other[] = {(char[]){"we"}};

    assert_true(view_member_is(&stage->view.members[0], NULL, 0));
    assert_true(view_member_is(&stage->view.members[0], service, 1));
    assert_true(view_member_is(&stage->view.members[0], member, 1));
    assert_false(view_member_is(&stage->view.members[0], other, 1));
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, raise_stage, clear_stage)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(test_oom_is_told_then_one_death),
        STAGED(test_stop_is_kill_die_stop),
        STAGED(test_restart_on_request),
        STAGED(test_what_the_dead_left_is_killed_in_silence),
        STAGED(test_used_up_restarts_end_in_hold),
        STAGED(test_a_child_killed_for_memory_is_no_death),
        STAGED(test_the_head_after_a_rotation_changes_nothing),
        STAGED(test_a_death_belongs_to_a_name),
        STAGED(test_quarantine_is_one_death),
        STAGED(test_limit_too_small_is_advised),
        STAGED(test_words_choose_members),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
