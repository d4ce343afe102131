/* A journal replays by itself, and whoever changed it is found out. */
// links: tests/unit/stack.o core
#include "tests/unit/stack.h"

#include <stdlib.h>

#include "core/replay.h"

#define LINES_MAX 400

struct journal {
    char *line[LINES_MAX];
    size_t count;
};

static void add(struct journal *journal, const char *text)
{
    assert_true(journal->count < LINES_MAX);
    journal->line[journal->count] = strdup(text);
    assert_non_null(journal->line[journal->count]);
    journal->line[journal->count][strcspn(text, "\n")] = '\0';
    journal->count++;
}

static void add_head(struct journal *journal, const struct roster *roster)
{
    char line[RECORD_LINE_MAX];

    record_write_head(roster, 1, line);
    add(journal, line);
    for (uint32_t i = 0; i < roster->groups_count; i++) {
        record_write_group(roster, i, line);
        add(journal, line);
    }
    for (uint32_t i = 0; i < roster->members_count; i++) {
        record_write_member(roster, i, line);
        add(journal, line);
    }
    for (uint32_t i = 0; i < roster->members_count; i++)
        for (uint32_t j = 0; j < roster->members[i].needs_count; j++) {
            record_write_need(roster, i, roster->members[i].first_need + j, line);
            add(journal, line);
        }
}

static void happen(struct journal *journal, struct stack *stack, struct event event)
{
    char lines[2 * RECORD_LINE_MAX];

    stack->now_ms += 7;
    event.at = (instant){stack->now_ms * NSEC_PER_MSEC};
    event.wall_ns = event.at.ns + 5;
    if (event_is_fact(event.kind))
        event.generation = (uint32_t)stack->fleet.members[event.member].generation;
    record_write_event(&event, lines);
    add(journal, lines);
    fleet_step(&stack->fleet, &event);
    for (uint32_t i = 0; i < stack->fleet.effects.count; i++) {
        record_write_outcome(&stack->fleet, i, lines);
        add(journal, lines);
        if (*(strchr(lines, '\n') + 1))
            add(journal, strchr(lines, '\n') + 1);
    }
}

/* b needs a; a is born, dies for memory, comes back; all goes down. */
static void tell_story(struct journal *journal, struct stack *stack, bool rotate)
{
    char line[RECORD_LINE_MAX];

    happen(journal, stack, (struct event){.kind = EVENT_BEGIN, .seed = 42});
    happen(journal, stack, (struct event){ASK(START, 1)});
    happen(journal, stack, (struct event){FACT(SPAWNED, 0), .pid = 9, READING(.max = 0)});
    happen(journal, stack, (struct event){FACT(EXECED, 0)});
    happen(journal, stack, (struct event){FACT(SPAWNED, 1), .pid = 10, READING(.max = 0)});
    happen(journal, stack, (struct event){FACT(EXECED, 1)});
    if (rotate) {
        while (journal->count > 0)
            free(journal->line[--journal->count]);
        add_head(journal, &stack->roster);
        for (uint32_t i = 0; i < 2; i++) {
            record_write_state(&stack->fleet, i, line);
            add(journal, line);
        }
    }
    add(journal, "note somebody looked in");
    happen(journal, stack,
           (struct event){FACT(DEAD, 0), .known = 1, .signal = SIGKILL,
                          READING(.oom = 4, .oom_kill = 1, .oom_group_kill = 1)});
    stack->now_ms += 1000;
    happen(journal, stack, (struct event){.kind = EVENT_TICK});
    happen(journal, stack, (struct event){.kind = EVENT_DOWN, .grace_ns = EVENT_GRACE_POLICY});
    happen(journal, stack, (struct event){EXITED(1, 0)});
}

static void write_journal(struct journal *journal, bool rotate)
{
    static struct stack stack;

    stack_init(&stack, 2);
    stack_need(&stack, 1, 0, NEED_STARTED, false);
    stack.members[0].policy.backoff_jitter_milli = 100; // the dice count
    assert_int_equal(fleet_init(&stack.fleet, &stack.roster), 0);
    journal->count = 0;
    add_head(journal, &stack.roster);
    tell_story(journal, &stack, rotate);
    stack_finish(&stack);
}

static void drop_journal(struct journal *journal)
{
    while (journal->count > 0)
        free(journal->line[--journal->count]);
}

/* The first result that is not 0, or replay_end's. */
static int replay(const struct journal *journal, struct replay_count *count)
{
    struct replay *it;
    const char *why = NULL;
    int result = 0;

    assert_int_equal(replay_create(&it), 0);
    for (size_t i = 0; i < journal->count && result == 0; i++)
        result = replay_line(it, journal->line[i], &why);
    if (result == 0)
        result = replay_end(it, &why);
    if (result != 0)
        assert_true(why && *why);
    if (count)
        *count = replay_count(it);
    assert_null(replay_destroy(it));
    return result;
}

static size_t find(const struct journal *journal, const char *words)
{
    for (size_t i = 0; i < journal->count; i++)
        if (strstr(journal->line[i], words))
            return i;
    fail_msg("no line with %s", words);
    return 0;
}

static void change(struct journal *journal, const char *words, const char *from, const char *to)
{
    char **line = &journal->line[find(journal, words)];
    char *at = strstr(*line, from), *changed = malloc(strlen(*line) + strlen(to) + 1);

    if (!at)
        fail_msg("no %s in %s", from, *line);
    assert_non_null(changed);
    sprintf(changed, "%.*s%s%s", (int)(at - *line), *line, to, at + strlen(from));
    free(*line);
    *line = changed;
}

static void drop(struct journal *journal, size_t index)
{
    free(journal->line[index]);
    memmove(&journal->line[index], &journal->line[index + 1],
            (--journal->count - index) * sizeof(journal->line[0]));
}

static void replays_the_same(void **state)
{
    struct journal journal;
    struct replay_count count;

    (void)state;
    write_journal(&journal, false);
    assert_int_equal(replay(&journal, &count), 0);
    assert_int_equal(count.lines, journal.count);
    assert_int_equal(count.events, 10);
    assert_int_equal(count.verdicts, 2);
    assert_true(count.effects > 10);
    drop_journal(&journal);
}

static void replays_from_the_middle(void **state)
{
    struct journal journal;
    struct replay_count count;

    (void)state;
    write_journal(&journal, true);
    assert_int_equal(replay(&journal, &count), 0);
    assert_int_equal(count.events, 4);
    drop_journal(&journal);
}

/* The same stack goes on with a second head, as after a reload. */
static void replays_over_a_second_head(void **state)
{
    struct journal journal, rest;
    struct replay_count count;

    (void)state;
    write_journal(&journal, false);
    write_journal(&rest, true);
    for (size_t i = 0; i < rest.count; i++)
        add(&journal, rest.line[i]);
    assert_int_equal(replay(&journal, &count), 0);
    assert_int_equal(count.events, 14);
    change(&journal, "kind=dead", "oom_kill=1", "oom_kill=0");
    assert_int_equal(replay(&journal, NULL), 2);
    drop_journal(&journal);

    write_journal(&journal, false);
    drop(&journal, journal.count - 1); // a step is not finished
    add(&journal, rest.line[0]);
    assert_int_equal(replay(&journal, NULL), 2);
    drop_journal(&journal);
    drop_journal(&rest);
}

static void a_journal_that_stops_in_a_step(void **state)
{
    struct journal journal;

    (void)state;
    write_journal(&journal, false);
    drop(&journal, journal.count - 1);
    assert_int_equal(replay(&journal, NULL), 3);
    drop_journal(&journal);
}

static void every_missing_outcome_is_found(void **state)
{
    struct journal journal;

    (void)state;
    for (size_t i = 0;; i++) {
        bool is_outcome;
        write_journal(&journal, false);
        if (i >= journal.count)
            break;
        is_outcome =
            journal.line[i][0] == 'e' ? journal.line[i][1] == 'f' : journal.line[i][0] == 'v';
        drop(&journal, i);
        if (is_outcome)
            assert_true(replay(&journal, NULL) >= 2);
        drop_journal(&journal);
    }
    drop_journal(&journal);
}

/* Every digit of an outcome, turned to another. */
static void every_changed_digit_of_an_outcome_is_found(void **state)
{
    struct journal journal;

    (void)state;
    write_journal(&journal, false);
    for (size_t i = 0; i < journal.count; i++) {
        char *line = journal.line[i];
        if (strncmp(line, "effect", 6) != 0 && strncmp(line, "verdict", 7) != 0)
            continue;
        for (char *at = line; *at; at++) {
            char digit = *at;
            if (digit < '0' || digit > '9')
                continue;
            *at = digit == '9' ? '8' : (char)(digit + 1);
            assert_in_range(replay(&journal, NULL), 1, 2);
            *at = digit;
        }
    }
    drop_journal(&journal);
}

static void found(const char *words, const char *from, const char *to, int expected)
{
    struct journal journal;

    write_journal(&journal, false);
    change(&journal, words, from, to);
    assert_int_equal(replay(&journal, NULL), expected);
    drop_journal(&journal);
}

static void tampering_is_found(void **state)
{
    (void)state;
    found("confidence=", "kind=oom", "kind=killed", 2);
    found("kind=dead", "oom_kill=1", "oom_kill=0", 2); // a zero is not written
    found("kind=dead", " oom_kill=1", "", 2);          // and without it: another verdict
    found("kind=dead", "at=", "at=0", 2);              // not as it would be written
    found("kind=dead", "event ", "event  ", 2);        // nor this
    found("kind=dead", "g=1", "g=2", 2);               // a stale fact does nothing
    found("kind=begin", "seed=42", "seed=43", 2);      // other dice, other delays
    found("member i=0", "backoff_initial_ns=100000000", "backoff_initial_ns=200000000", 2);
    found("kind=tick", "at=2", "at=3", 2);
    found("kind=dead", "kind=dead", "kind=dread", 1);
    found("journal", "members=2", "members=3", 1);
    found("journal", "version=5", "version=4", 1);
    found("need i=1", "on=0", "on=2", 1);
}

static void lines_out_of_place(void **state)
{
    static const char *const extra[] = {
        "journal version=5 stack=x members=1 seed=1 groups=0", // another stack's
        "group i=1 name=a parent=0",
        "member i=2 name=c-1 service=c number=1 stop_signal=15",
        "need i=0 on=1 condition=0 optional=0",
        "state i=0 sequence=1",
        "effect kind=kill i=0 g=1",
        "verdict i=0 g=1 kind=oom confidence=certain next=restart",
        "nonsense",
    };
    struct journal journal;

    (void)state;
    for (size_t i = 0; i < sizeof(extra) / sizeof(extra[0]); i++) {
        write_journal(&journal, false);
        add(&journal, extra[i]);
        assert_in_range(replay(&journal, NULL), 1, 2);
        drop_journal(&journal);
    }
    write_journal(&journal, false);
    drop(&journal, 0);
    assert_int_equal(replay(&journal, NULL), 1);
    drop_journal(&journal);
    write_journal(&journal, false);
    drop(&journal, 1); // a member
    assert_int_equal(replay(&journal, NULL), 1);
    drop_journal(&journal);
}

static void what_it_knows_can_be_asked(void **state)
{
    struct journal journal;
    struct replay *it;
    const char *why;

    (void)state;
    write_journal(&journal, false);
    assert_int_equal(replay_create(&it), 0);
    assert_null(replay_roster(it));
    assert_null(replay_fleet(it));
    assert_int_equal(replay_end(it, &why), 0);
    for (size_t i = 0; i < journal.count; i++)
        assert_int_equal(replay_line(it, journal.line[i], &why), 0);
    assert_int_equal(replay_roster(it)->members_count, 2);
    assert_int_equal(replay_fleet(it)->members[0].restarts_all, 1);
    replay_destroy(it);
    assert_null(replay_destroy(NULL));
    drop_journal(&journal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replays_the_same),
        cmocka_unit_test(replays_from_the_middle),
        cmocka_unit_test(replays_over_a_second_head),
        cmocka_unit_test(a_journal_that_stops_in_a_step),
        cmocka_unit_test(every_missing_outcome_is_found),
        cmocka_unit_test(every_changed_digit_of_an_outcome_is_found),
        cmocka_unit_test(tampering_is_found),
        cmocka_unit_test(lines_out_of_place),
        cmocka_unit_test(what_it_knows_can_be_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
