// clang-format off
// links: cli/host/budget.o cli/plan/planner.o cli/plan/planner_groups.o cli/plan/planner_order.o cli/plan/planner_policy.o cli/plan/planner_aides.o cli/plan/planner_hash.o cli/plan/planner_launch.o cli/plan/selection.o cli/show/explain.o cli/plan/controls.o cli/host/program.o cli/host/surroundings.o cli/host/users.o cli/host/cgfile.o core -lm
// clang-format on
/* From the groups of a stack file to budgets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>

#include <cmocka.h>

#include "cli/host/budget.h"
#include "cli/plan/planner.h"

#define AT(number)   ((struct mark){"a.yaml", number, 5})
#define TRUE_COMMAND .command = {true, 1, true_words, {"a.yaml", 3, 5}}

static const char *const true_words[] = {"true", NULL};

/* The host is of the test's making. */
void host_controller_trouble(const struct host *host, enum controller controller, char *why,
                             size_t why_size, char *remedy, size_t remedy_size)
{
    (void)host;
    snprintf(why, why_size, "trouble %d", (int)controller);
    snprintf(remedy, remedy_size, "mend");
}

static struct plan plan;
static struct faults faults;
static struct host host;
static struct spec_groups groups;
static struct spec_int stack_limit;

static int make(const struct spec_service *services, size_t count)
{
    static char *const environment[] = {NULL};
    struct spec spec = {.name = "shop",
                        .project_dir = "/",
                        .file = "a.yaml",
                        .mem_limit_bytes = stack_limit,
                        .groups = groups,
                        .services = services,
                        .services_count = count};
    struct planner_request request = {.spec = &spec,
                                      .host = &host,
                                      .environment = environment,
                                      .runtime_dir = "/run/bulkhead/shop",
                                      .state_dir = "/var/lib/bulkhead/shop"};

    plan_finish(&plan);
    faults_init(&faults);
    snprintf(host.root, sizeof(host.root), "/cg/bulkhead");
    return planner_make(&request, &plan, &faults);
}

static int tear_down(void **state)
{
    (void)state;
    plan_finish(&plan);
    groups = (struct spec_groups){0};
    stack_limit = (struct spec_int){0};
    memset(&host, 0, sizeof(host));
    return 0;
}

static void test_groups(void **state)
{
    static const struct spec_group written[] = {
        {.name = "inner",
         .at = AT(5),
         .mem_limit_bytes = {true, 64, AT(5)},
         .parent = {"outer", AT(5)}},
        {.name = "outer", .at = AT(6), .mem_limit_bytes = {true, 128, AT(6)}}};
    struct spec_service services[] = {{.name = "a",
                                       TRUE_COMMAND,
                                       .cgroup_parent = {"inner", AT(8)},
                                       .mem_limit_bytes = {true, 32, AT(8)},
                                       .memswap_limit_bytes = {true, 40, AT(8)}},
                                      {.name = "b", TRUE_COMMAND}};
    struct budget budget;
    uint64_t hash;

    (void)state;
    host.swap_accounting = true;
    assert_int_equal(make(services, 2), 0);
    assert_false(budgets_any(&plan));
    hash = plan.members[0].hash;
    groups = (struct spec_groups){written, 2};
    stack_limit = (struct spec_int){true, 1024, AT(4)};
    assert_int_equal(make(services, 2), 0);
    assert_true(budgets_any(&plan));
    assert_int_equal(plan.groups_count, 3);
    assert_true(groups_are_valid(plan.groups, 3));
    assert_string_equal(plan.groups[1].name, "outer");
    assert_int_equal(plan.groups[2].parent, 1);
    assert_int_equal(plan.members[0].group, 2);
    assert_int_equal(plan.members[1].group, GROUP_STACK);
    assert_true(plan.members[0].hash != hash); // it lives somewhere else
    budget_of(&plan, 1, &budget);
    assert_string_equal(budget.path, "g-outer");
    assert_int_equal(budget.limit_bytes, 128);
    assert_int_equal(budget.swap_bytes, 8); // what is in it may have
    budget_of(&plan, GROUP_STACK, &budget);
    assert_int_equal(budget.limit_bytes, 1024);
    services[0].memswap_limit_bytes.value = SPEC_UNLIMITED;
    assert_int_equal(make(services, 2), 0);
    budget_of(&plan, 1, &budget);
    assert_int_equal(budget.swap_bytes, -1);
}

static void test_groups_without_a_controller(void **state)
{
    static const struct spec_group written[] = {
        {.name = "g", .at = AT(5), .mem_limit_bytes = {true, 64, AT(5)}}};
    struct spec_service service = {.name = "a", TRUE_COMMAND};

    (void)state;
    host.controllers[CONTROLLER_MEMORY] = CONTROLLER_ON_V1;
    groups = (struct spec_groups){written, 1};
    stack_limit = (struct spec_int){true, 1024, AT(4)};
    assert_int_equal(make(&service, 1), 1);
    assert_int_equal(faults.errors, 2);
    assert_int_equal(faults.item[0].at.line, 4);
    assert_non_null(strstr(faults.item[0].what, "the mem_limit of the stack cannot be enforced"));
    assert_non_null(strstr(faults.item[1].what, "the mem_limit of group g cannot be enforced"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_groups, tear_down),
        cmocka_unit_test_teardown(test_groups_without_a_controller, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
