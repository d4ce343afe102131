// links: cli/stack/reconcile.o cli/plan/selection.o cli/show/explain.o core
/* A plan against the table of a running stack: what is to be done with each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/stack/reconcile.h"

/* The file has web, db and debug (in a profile that is not active). */
static const char *const profile[] = {"debug"};
static const struct spec_service services[] = {
    {.name = "web"}, {.name = "db"}, {.name = "debug", .profiles = profile, .profiles_count = 1}};
static const struct spec spec = {.services = services, .services_count = 3};
static struct plan_member members[] = {
    {.service = "db", .number = 1, .hash = 10, .limits_hash = 11},
    {.service = "web", .number = 1, .hash = 20, .limits_hash = 21},
    {.service = "web", .number = 2, .hash = 20, .limits_hash = 21},
};
static const struct plan plan = {.members = members, .members_count = 3};

static struct wire_row rows[8];
static size_t rows_count;
static struct selection selection;
static struct arena arena;
static struct reconcile_step *steps;
static size_t steps_count;

static struct wire_row *row(const char *service, uint32_t number, uint64_t hash, uint64_t limits)
{
    struct wire_row *made = &rows[rows_count];

    *made = (struct wire_row){.member = (uint32_t)rows_count,
                              .service_length = (uint32_t)strlen(service),
                              .number = number,
                              .state = STATE_RUNNING,
                              .want = 1,
                              .generation = 1,
                              .hash = hash,
                              .limits_hash = limits};
    snprintf(made->name, sizeof(made->name), "%s-%u", service, number);
    rows_count++;
    return made;
}

static int set_up(void **state)
{
    (void)state;
    rows_count = 0;
    arena_init(&arena, 0);
    return selection_init(&selection, &spec, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    selection_finish(&selection);
    arena_finish(&arena);
    return 0;
}

static void decide(const bool *named, const bool *asked, struct reconcile_options options)
{
    static const bool all[] = {true, true, true};
    struct reconcile_request request = {.spec = &spec,
                                        .selection = &selection,
                                        .named = named ? named : all,
                                        .asked = asked ? asked : all,
                                        .plan = &plan,
                                        .rows = rows,
                                        .rows_count = rows_count,
                                        .options = options};

    assert_int_equal(reconcile_decide(&request, &arena, &steps, &steps_count), 0);
}

#define IS(number, what, why)                                     \
    do {                                                          \
        assert_int_equal(steps[number].action, RECONCILE_##what); \
        assert_int_equal(steps[number].reason, REASON_##why);     \
    } while (0)

static void test_nothing_runs(void **state)
{
    (void)state;
    decide(NULL, NULL, (struct reconcile_options){0});
    assert_int_equal(steps_count, 3);
    IS(0, START, NEW);
    IS(2, START, NEW);
    assert_string_equal(steps[2].name, "web-2");
    assert_int_equal(steps[2].row, -1);
    decide(NULL, NULL, (struct reconcile_options){.no_start = true});
    IS(0, LEAVE, NEW);
}

static void test_unchanged_changed_and_limits(void **state)
{
    (void)state;
    row("web", 2, 20, 99);
    row("db", 1, 10, 11);
    row("web", 1, 99, 99);
    decide(NULL, NULL, (struct reconcile_options){0});
    IS(0, NONE, NONE);
    IS(1, RESTART, CHANGED);
    IS(2, LIMITS, LIMITS);
    assert_int_equal(steps[0].row, 1);
    assert_int_equal(steps[1].row, 2);
    decide(NULL, NULL, (struct reconcile_options){.keep = true});
    IS(0, NONE, NONE);
    IS(1, KEEP, CHANGED);
    IS(2, KEEP, LIMITS);
    decide(NULL, NULL, (struct reconcile_options){.no_start = true});
    IS(1, KEEP, CHANGED);
    decide(NULL, NULL, (struct reconcile_options){.force = true});
    IS(0, RESTART, FORCED);
    IS(2, RESTART, FORCED);
}

static void test_at_rest_is_started(void **state)
{
    (void)state;
    row("db", 1, 10, 11)->state = STATE_EXITED;
    row("web", 1, 99, 21)->state = STATE_HELD;
    row("web", 2, 20, 21)->want = 0; // about to stop
    decide(NULL, NULL, (struct reconcile_options){0});
    rows[0].state = STATE_CREATED;
    decide(NULL, NULL, (struct reconcile_options){0});
    IS(0, START, NEW);
    rows[0].state = STATE_EXITED;
    decide(NULL, NULL, (struct reconcile_options){0});
    IS(0, START, AT_REST);
    IS(1, START, AT_REST);
    IS(2, START, AT_REST);
    rows[2].want = 1;
    rows[2].state = STATE_BACKOFF;
    decide(NULL, NULL, (struct reconcile_options){0});
    IS(2, NONE, NONE); // the supervisor is at it
}

static void test_named_services(void **state)
{
    const bool named[] = {true, false, false}, asked[] = {true, true, false};
    const bool only_db[] = {false, true, false};

    (void)state;
    row("db", 1, 10, 11);
    row("web", 1, 99, 21);
    row("web", 3, 20, 21);
    decide(named, asked, (struct reconcile_options){.force = true});
    IS(0, NONE, NONE); // needed, not named
    IS(1, RESTART, FORCED);
    decide(named, asked, (struct reconcile_options){.force_needed = true});
    IS(0, RESTART, FORCED);
    decide(only_db, only_db, (struct reconcile_options){0});
    IS(0, NONE, NONE);
    IS(1, KEEP, NOT_ASKED);
    IS(2, LEAVE, NOT_ASKED);
    IS(3, KEEP, NOT_ASKED); // web-3 is one too many, but nobody speaks of web
}

static void test_who_is_left(void **state)
{
    (void)state;
    row("db", 1, 10, 11);
    row("web", 3, 20, 21);
    row("old", 1, 1, 1);
    row("debug", 1, 1, 1);
    decide(NULL, NULL, (struct reconcile_options){0});
    assert_int_equal(steps_count, 6);
    IS(3, STOP, SCALED);
    IS(4, ORPHAN, ORPHAN);
    IS(5, KEEP, PROFILE);
    assert_string_equal(steps[4].name, "old-1");
    assert_int_equal(steps[4].member, -1);
    decide(NULL, NULL, (struct reconcile_options){.remove_orphans = true});
    IS(4, STOP, ORPHAN);
    IS(5, KEEP, PROFILE); // it is in the file: no orphan
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_runs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unchanged_changed_and_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_at_rest_is_started, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_named_services, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_is_left, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
