/* Whatever of a journal is there, the fleet that comes out of it is the one of its last whole step;
 * and what is missing in its last step is found. */
// links: tests/unit/stack.o core
#include "tests/unit/stack.h"

#include <signal.h>
#include <stdlib.h>

#include "core/restore.h"

#define TEXT_MAX (1 << 20)

struct tape {
    char text[TEXT_MAX];
    size_t size;
    size_t steps[64]; // where each step ends, and how the fleet stood then
    char *states[64];
    size_t steps_count;
};

static struct tape tape;
static struct stack stack;

static void put(const char *line)
{
    size_t length = strlen(line);

    assert_true(tape.size + length < TEXT_MAX);
    memcpy(tape.text + tape.size, line, length + 1);
    tape.size += length;
}

/* All that is known of a fleet, as text. */
static char *state_of(const struct fleet *fleet)
{
    char line[RECORD_LINE_MAX], *text = malloc(4 * RECORD_LINE_MAX);

    assert_non_null(text);
    *text = '\0';
    for (uint32_t i = 0; i < fleet->roster->members_count; i++) {
        record_write_state(fleet, i, line);
        strcat(text, line);
    }
    return text;
}

static void end_step(void)
{
    tape.steps[tape.steps_count] = tape.size;
    tape.states[tape.steps_count++] = state_of(&stack.fleet);
}

static void put_head(bool with_states)
{
    char line[RECORD_LINE_MAX];

    record_write_head(&stack.roster, 1, line);
    put(line);
    for (uint32_t i = 0; i < stack.roster.members_count; i++) {
        record_write_member(&stack.roster, i, line);
        put(line);
    }
    for (uint32_t i = 0; i < stack.roster.members_count; i++)
        for (uint32_t j = 0; j < stack.roster.members[i].needs_count; j++) {
            record_write_need(&stack.roster, i, stack.roster.members[i].first_need + j, line);
            put(line);
        }
    for (uint32_t i = 0; with_states && i < stack.roster.members_count; i++) {
        record_write_state(&stack.fleet, i, line);
        put(line);
    }
}

static void happen(struct event event)
{
    char lines[2 * RECORD_LINE_MAX];

    stack.now_ms += 7;
    event.at = (instant){stack.now_ms * NSEC_PER_MSEC};
    event.wall_ns = event.at.ns + 5;
    if (event_is_fact(event.kind))
        event.generation = (uint32_t)stack.fleet.members[event.member].generation;
    record_write_event(&event, lines);
    put(lines);
    fleet_step(&stack.fleet, &event);
    for (uint32_t i = 0; i < stack.fleet.effects.count; i++) {
        record_write_outcome(&stack.fleet, i, lines);
        put(lines);
    }
    end_step();
}

static void put_kept(uint32_t member)
{
    char line[RECORD_LINE_MAX];

    stack.fleet.kept[member].marked = stack.fleet.members[member].generation;
    stack.fleet.kept[member].breaks++;
    stack.fleet.kept[member].hash = -77;
    record_write_kept(&stack.fleet, member, line);
    put(line);
    end_step();
}

/* b needs a; a is born, dies for memory and comes back; a head in between. */
static int set_up(void **state)
{
    (void)state;
    memset(&tape, 0, sizeof(tape));
    memset(&stack, 0, sizeof(stack));
    stack_init(&stack, 2);
    stack_need(&stack, 1, 0, NEED_STARTED, false);
    stack.members[0].policy.backoff_jitter_milli = 100; // the dice count
    assert_int_equal(fleet_init(&stack.fleet, &stack.roster), 0);
    put_head(false);
    end_step();
    happen((struct event){.kind = EVENT_BEGIN, .seed = 42});
    happen((struct event){ASK(START, 1)});
    happen((struct event){FACT(SPAWNED, 0), .pid = 9, READING(.max = 0)});
    happen((struct event){FACT(EXECED, 0)});
    happen((struct event){FACT(SPAWNED, 1), .pid = 10, READING(.max = 0)});
    put("note somebody looked in\n");
    end_step();
    happen((struct event){FACT(EXECED, 1)});
    put_head(true);
    end_step();
    happen((struct event){FACT(DEAD, 0), .known = 1, .signal = SIGKILL,
                          READING(.oom = 4, .oom_kill = 1, .oom_group_kill = 1)});
    put_kept(0);
    stack.now_ms += 1000;
    happen((struct event){.kind = EVENT_TICK});
    put_head(true);
    end_step();
    happen((struct event){.kind = EVENT_ADOPT, .pid = 77});
    happen((struct event){.kind = EVENT_DOWN, .grace_ns = EVENT_GRACE_POLICY});
    happen((struct event){EXITED(1, 0)});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    while (tape.steps_count > 0)
        free(tape.states[--tape.steps_count]);
    stack_finish(&stack);
    return 0;
}

static int restore(size_t size, struct restored *ret, const char **ret_why)
{
    char *text = malloc(size + 1);
    int result;

    assert_non_null(text);
    memcpy(text, tape.text, size);
    result = restore_fleet(text, size, ret, ret_why);
    free(text);
    return result;
}

/* The step that the restored fleet has come to; SIZE_MAX: none. */
static size_t find_step(const struct fleet *fleet, size_t from)
{
    char *text = state_of(fleet);
    size_t found = SIZE_MAX;

    for (size_t i = from; found == SIZE_MAX && i < tape.steps_count; i++)
        if (strcmp(text, tape.states[i]) == 0)
            found = i;
    free(text);
    return found;
}

static void test_whole(void **state)
{
    struct restored restored;
    const char *why;

    (void)state;
    assert_int_equal(restore(tape.size, &restored, &why), 0);
    assert_int_equal(restored.whole, tape.size);
    assert_null(restored.missing);
    assert_false(restored.needs_head);
    assert_int_equal(find_step(&restored.fleet, tape.steps_count - 1), tape.steps_count - 1);
    assert_int_equal(restored.fleet.kept[0].hash, -77);
    assert_int_equal(restored.fleet.kept[0].marked, 1);
    assert_true(restored.fleet.effects.count > 0); // what the last step wanted done
    assert_true(restored.head_bytes > 0);
    restored_finish(&restored);
}

/* Cut at any byte: the fleet is one that was, of the last step whose event is whole; with the
 * missing lines the text is what its writer would have written; and it can be gone on with. */
static void test_cut_anywhere(void **state)
{
    size_t head = tape.steps[0], step = 0;

    (void)state;
    for (size_t size = 0; size <= tape.size; size++) {
        struct restored restored;
        const char *why = NULL;
        int result = restore(size, &restored, &why);
        size_t missing, found;

        while (step + 1 < tape.steps_count && tape.steps[step] <= size)
            step++;
        if (size < head) { // the first head is there as a whole, or it is nobody's
            assert_true(result == 0 || why);
            restored_finish(&restored);
            continue;
        }
        assert_int_equal(result, 0);
        assert_true(restored.whole <= size && size - restored.whole < RECORD_LINE_MAX);
        found = find_step(&restored.fleet, step > 0 ? step - 1 : 0);
        assert_true(found != SIZE_MAX && found <= step);
        missing = restored.missing ? strlen(restored.missing) : 0;
        assert_true(restored.whole + missing <= tape.size);
        if (missing > 0)
            assert_memory_equal(tape.text + restored.whole, restored.missing, missing);
        if (!restored.needs_head) { // the same text, gone on with, is the same journal
            size_t at = restored.whole + missing;
            assert_true(at >= tape.steps[found] || tape.steps[found] - at < RECORD_LINE_MAX);
        }
        restored_finish(&restored);
    }
}

/* A head that its writer did not live to finish: the one before it counts, another one is needed.
 */
static void test_head_not_whole(void **state)
{
    const char *head = strstr(strstr(tape.text + 8, "\njournal ") + 1, "\nstate i=1");
    struct restored restored;
    const char *why;

    (void)state;
    assert_non_null(head);
    assert_int_equal(restore((size_t)(head + 1 - tape.text), &restored, &why), 0);
    assert_true(restored.needs_head);
    assert_int_equal(restored.fleet.effects.count, 0);
    assert_null(restored.missing);
    assert_int_equal(restored.whole, (size_t)(head + 1 - tape.text));
    restored_finish(&restored);
}

/* Such a head followed by a whole one replays. */
static void test_replays_over_it(void **state)
{
    struct replay *replay;
    const char *why = "";
    char *rest = tape.text, *line;

    (void)state;
    assert_int_equal(replay_create(&replay), 0);
    put("journal version=5 stack=test members=2 seed=1 groups=0\n");
    put_head(true);
    happen((struct event){.kind = EVENT_ADOPT, .pid = 78});
    while ((line = strsep(&rest, "\n")) && *line)
        if (replay_line(replay, line, &why) != 0)
            fail_msg("%s: %s", line, why);
    assert_int_equal(replay_end(replay, &why), 0);
    replay_destroy(replay);
}

/* What another build has decided otherwise is gone on with, behind a head of our own. */
static void test_decided_otherwise(void **state)
{
    char *at = strstr(tape.text, "kind=spawn i=0 g=2");
    struct restored restored;
    const char *why;

    (void)state;
    assert_non_null(at);
    while (at[-1] != '\n')
        at--;
    memcpy(at, "effect kind=kill ", 17);
    *strstr(at, "\njournal ") = '\0';
    tape.size = strlen(tape.text);
    put("\n");
    assert_int_equal(restore(tape.size, &restored, &why), 0);
    assert_true(restored.needs_head);
    assert_int_equal(restored.fleet.members[0].generation, 2);
    restored_finish(&restored);
}

static void refuse(const char *text)
{
    struct restored restored;
    const char *why = NULL;
    char *copy = strdup(text);

    assert_non_null(copy);
    assert_int_equal(restore_fleet(copy, strlen(text), &restored, &why), 1);
    assert_non_null(why);
    restored_finish(&restored);
    free(copy);
}

static void test_refused(void **state)
{
    struct restored restored;
    const char *why;

    (void)state;
    refuse("");
    refuse("hello\n");
    refuse("note nothing else\n");
    refuse("journal version=5 stack=test members=1 seed=1 groups=0\n");
    refuse("journal version=3 stack=test members=0 seed=1 groups=0\n");
    tape.text[tape.steps[1] + 3] = '\0';
    assert_int_equal(restore(tape.steps[3], &restored, &why), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cut_anywhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_head_not_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_replays_over_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_decided_otherwise, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
