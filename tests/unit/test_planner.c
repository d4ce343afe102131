// clang-format off
// links: cli/plan/planner.o cli/plan/planner_groups.o cli/plan/planner_order.o cli/plan/planner_policy.o cli/plan/planner_aides.o cli/plan/planner_hash.o cli/plan/planner_launch.o cli/plan/selection.o cli/show/explain.o cli/plan/controls.o cli/host/program.o cli/host/surroundings.o cli/host/users.o cli/host/cgfile.o core -lm
// clang-format on
/* Spec to plan: order, defaults, the environment, the PATH look-up, and what is refused. Specs are
 * written by hand here, so that the planner is tested without the stack file. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/plan/planner.h"
#include "cli/host/program.h"
#include "cli/host/surroundings.h"

#define AT(number) ((struct mark){"a.yaml", number, 5})

/* The host is of the test's making: the look at the real one is another module. */
void host_controller_trouble(const struct host *host, enum controller controller, char *why,
                             size_t why_size, char *remedy, size_t remedy_size)
{
    (void)host;
    snprintf(why, why_size, "trouble %d", (int)controller);
    snprintf(remedy, remedy_size, "mend");
}

static char folder[64];
static struct plan plan;
static struct faults faults;
static struct host host;
static const struct selection *selection; // of the next make()
static char *const environment[] = {(char[]){"PASSED=on"}, (char[]){"PATH=/elsewhere"}, NULL};

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/bulkhead-test.XXXXXX");
    memset(&host, 0, sizeof(host));
    snprintf(host.root, sizeof(host.root), "/cg/bulkhead");
    faults_init(&faults);
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"run", "data", ""};
    char path[128];

    (void)state;
    selection = NULL;
    plan_finish(&plan);
    memset(&plan, 0, sizeof(plan));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)remove(path);
    }
    return 0;
}

static int make(const struct spec_service *services, size_t count)
{
    struct spec spec = {.name = "shop",
                        .project_dir = folder,
                        .file = "a.yaml",
                        .services = services,
                        .services_count = count};
    struct planner_request request = {.spec = &spec,
                                      .selection = selection,
                                      .host = &host,
                                      .environment = environment,
                                      .runtime_dir = "/run/bulkhead/shop",
                                      .state_dir = "/var/lib/bulkhead/shop",
                                      .may_raise = true};

    plan_finish(&plan);
    memset(&plan, 0, sizeof(plan));
    faults_init(&faults);
    return planner_make(&request, &plan, &faults);
}

static const char *const true_words[] = {"true", "now", NULL};
#define TRUE_COMMAND .command = {true, 2, true_words, {"a.yaml", 3, 5}}

static void touch(const char *name, mode_t mode)
{
    char path[128];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    close(fd);
}

static void test_order(void **state)
{
    struct spec_dependency on_c = {.service = "c", .optional = false, .at = AT(9)};
    struct spec_dependency on_b[] = {
        {.service = "b", .condition = SPEC_SERVICE_COMPLETED, .optional = true, .at = AT(9)},
        {.service = "gone", .optional = true, .at = AT(9)}};
    struct spec_service services[] = {
        {.name = "a", TRUE_COMMAND, .depends_on = on_b, .depends_on_count = 2},
        {.name = "b", TRUE_COMMAND, .depends_on = &on_c, .depends_on_count = 1},
        {.name = "c", TRUE_COMMAND},
        {.name = "d", TRUE_COMMAND},
    };

    (void)state;
    assert_int_equal(make(services, 4), 0);
    assert_string_equal(plan.members[0].service, "c");
    assert_string_equal(plan.members[1].service, "d");
    assert_string_equal(plan.members[2].service, "b");
    assert_string_equal(plan.members[3].service, "a");
    assert_int_equal(plan.members[2].needs_count, 1);
    assert_int_equal(plan.members[2].needs[0].member, 0);
    assert_int_equal(plan.members[3].needs_count, 1);
    assert_int_equal(plan.members[3].needs[0].member, 2);
    assert_int_equal(plan.members[3].needs[0].condition, NEED_COMPLETED);
    assert_int_equal(plan.members[3].needs[0].optional, 1);
    assert_string_equal(plan.cgroup_dir, "/cg/bulkhead/shop");
    assert_int_equal(plan.groups_count, 1);
    assert_int_equal(plan.groups[0].limit_bytes, 0);
}

static void test_circle(void **state)
{
    struct spec_dependency on_b = {.service = "b", .optional = false, .at = AT(9)};
    struct spec_dependency on_a = {.service = "a", .optional = false, .at = AT(9)};
    struct spec_service services[] = {
        {.name = "a", TRUE_COMMAND, .depends_on = &on_b, .depends_on_count = 1},
        {.name = "b", TRUE_COMMAND, .depends_on = &on_a, .depends_on_count = 1},
    };

    (void)state;
    assert_int_equal(make(services, 2), 1);
    assert_non_null(strstr(faults.item[0].what, "circle"));
}

static void test_defaults(void **state)
{
    struct spec_service service = {.name = "a", TRUE_COMMAND};
    const struct plan_member *member;

    (void)state;
    assert_int_equal(make(&service, 1), 0);
    member = &plan.members[0];
    assert_int_equal(member->number, 1);
    assert_int_equal(member->policy.restart, RESTART_ON_FAILURE);
    assert_int_equal(member->policy.restart_max, 0);
    assert_int_equal(member->policy.backoff_initial_ns, 100 * NSEC_PER_MSEC);
    assert_int_equal(member->policy.backoff_factor_milli, 2000);
    assert_int_equal(member->policy.backoff_max_ns, 60 * NSEC_PER_SEC);
    assert_int_equal(member->policy.backoff_jitter_milli, 100);
    assert_int_equal(member->policy.backoff_reset_after_ns, 10 * NSEC_PER_SEC);
    assert_int_equal(member->policy.stop_signal, SIGTERM);
    assert_int_equal(member->policy.stop_grace_ns, 10 * NSEC_PER_SEC);
    assert_int_equal(member->policy.mem_limit_bytes, 0);
    assert_int_equal(member->policy.oom_group, 1);
    assert_true(member->launch.keep_identity);
    assert_int_equal(member->launch.oom_score_adj, 0);
    assert_string_equal(member->launch.directory, folder);
    assert_string_equal(member->launch.argv[0], "true");
    assert_string_equal(member->launch.argv[1], "now");
    assert_null(member->launch.argv[2]);
    assert_int_equal(member->launch.program[0], '/');
    assert_string_equal(member->launch.envp[0], "PATH=" SURROUNDINGS_PATH);
    assert_null(member->launch.envp[1]);
}

static void test_written_policy(void **state)
{
    struct spec_service service = {
        .name = "a",
        TRUE_COMMAND,
        .restart = SPEC_RESTART_ON_FAILURE,
        .restart_set = true,
        .restart_max = 3,
        .mem_limit_bytes = {true, 1 << 20, AT(4)},
        .stop_signal = {true, SIGINT, AT(4)},
        .stop_grace_period_ns = {true, 7, AT(4)},
        .oom_score_adj = {true, 300, AT(4)},
        .backoff = {.set = true, .initial_ns = {true, 0, AT(4)}},
    };

    (void)state;
    assert_int_equal(make(&service, 1), 0);
    assert_int_equal(plan.members[0].policy.restart_max, 3);
    assert_int_equal(plan.members[0].policy.mem_limit_bytes, 1 << 20);
    assert_int_equal(plan.members[0].policy.stop_signal, SIGINT);
    assert_int_equal(plan.members[0].policy.stop_grace_ns, 7);
    assert_int_equal(plan.members[0].policy.backoff_initial_ns, 0);
    assert_int_equal(plan.members[0].policy.backoff_factor_milli, 2000);
    assert_int_equal(plan.members[0].launch.oom_score_adj, 300);
}

static void test_limits_are_never_dropped(void **state)
{
    struct spec_service service = {
        .name = "a",
        TRUE_COMMAND,
        .mem_limit_bytes = {true, 1 << 20, AT(7)},
        .cpus_milli = {true, 500, AT(8)},
    };

    (void)state;
    host.controllers[CONTROLLER_MEMORY] = CONTROLLER_ON_V1;
    host.controllers[CONTROLLER_CPU] = CONTROLLER_NOT_DELEGATED;
    assert_int_equal(make(&service, 1), 1);
    assert_int_equal(faults.errors, 2);
    assert_int_equal(faults.item[0].at.line, 7);
    assert_string_equal(faults.item[0].what,
                        "service \"a\": mem_limit cannot be enforced: trouble 0");
    assert_string_equal(faults.item[0].remedy, "mend, or leave mem_limit out");
    assert_int_equal(faults.item[1].at.line, 8);
    service.mem_limit_bytes.set = false;
    service.cpus_milli.set = false;
    assert_int_equal(make(&service, 1), 0);
    assert_int_equal(plan.members[0].policy.oom_group, 0);
}

static void test_swap_without_accounting(void **state)
{
    struct spec_service service = {
        .name = "a",
        TRUE_COMMAND,
        .mem_limit_bytes = {true, 1 << 20, AT(7)},
        .memswap_limit_bytes = {true, 2 << 20, AT(8)},
    };

    (void)state;
    assert_int_equal(make(&service, 1), 1);
    assert_int_equal(faults.item[0].at.line, 8);
    host.swap_accounting = true;
    assert_int_equal(make(&service, 1), 0);
}

static void test_environment(void **state)
{
    struct spec_env env[] = {{"ABSENT", NULL, AT(1)},
                             {"HOME", "/x", AT(1)},
                             {"NEW", "a=b", AT(1)},
                             {"PASSED", NULL, AT(1)},
                             {"PATH", NULL, AT(1)}};
    struct spec_service service = {.name = "a", .environment = env, .environment_count = 5};
    struct user user = {.name = "www", .home = "/srv", .shell = "/bin/sh"};
    struct arena arena;
    char *const *made;

    (void)state;
    arena_init(&arena, 0);
    made = surroundings_make(&service, &user, environment, &arena);
    assert_string_equal(surroundings_get(made, "PATH"), "/elsewhere");
    assert_string_equal(surroundings_get(made, "HOME"), "/x");
    assert_string_equal(surroundings_get(made, "USER"), "www");
    assert_string_equal(surroundings_get(made, "LOGNAME"), "www");
    assert_string_equal(surroundings_get(made, "SHELL"), "/bin/sh");
    assert_string_equal(surroundings_get(made, "NEW"), "a=b");
    assert_string_equal(surroundings_get(made, "PASSED"), "on");
    assert_null(surroundings_get(made, "ABSENT"));
    assert_null(made[7]);
    arena_finish(&arena);
}

static void test_restart_policy(void **state)
{
    struct spec_service service = {
        .name = "a",
        TRUE_COMMAND,
        .restart_policy = {.set = true,
                           .delay_ns = {true, 90 * NSEC_PER_SEC, AT(4)},
                           .max_attempts = {true, 4, AT(4)},
                           .window_ns = {true, 3 * NSEC_PER_SEC, AT(4)}},
    };
    const struct policy *policy;

    (void)state;
    service.intensity.budget[CAUSE_OOM] = (struct spec_budget){.set = true,
                                                               .max_restarts = {true, 2, AT(5)},
                                                               .window_ns = {true, 7, AT(5)},
                                                               .then = {true, 1, AT(5)}};
    service.start_timeout_ns = (struct spec_int){true, 9, AT(5)};
    service.oom = (struct spec_oom){.set = true,
                                    .policy = {true, OOM_CONTINUE, AT(5)},
                                    .victims = {true, 3, AT(5)},
                                    .within_ns = {true, 8, AT(5)}};
    exits_add_code(&service.success_exit_codes.exits, 3);
    exits_add_signal(&service.restart_prevent_exit_codes.exits, 11);
    assert_int_equal(make(&service, 1), 0);
    policy = &plan.members[0].policy;
    assert_int_equal(policy->intensity[CAUSE_OOM].max_restarts, 2);
    assert_int_equal(policy->intensity[CAUSE_OOM].window_ns, 7);
    assert_int_equal(policy->intensity[CAUSE_OOM].then, THEN_STOP_STACK);
    assert_int_equal(policy->intensity[CAUSE_ANY].window_ns, 0);
    assert_int_equal(policy->oom_policy, OOM_CONTINUE);
    assert_int_equal(policy->oom_victims, 3);
    assert_int_equal(policy->start_timeout_ns, 9);
    assert_int_equal(policy->oom_within_ns, 8);
    assert_int_equal(policy->oom_group, 0);
    assert_true(exits_has_code(&policy->success, 3));
    assert_true(exits_has_signal(&policy->prevent, 11));
    assert_int_equal(policy->restart, RESTART_ALWAYS);
    assert_int_equal(policy->restart_max, 4);
    assert_int_equal(policy->backoff_initial_ns, 90 * NSEC_PER_SEC);
    assert_int_equal(policy->backoff_factor_milli, 1000);
    assert_int_equal(policy->backoff_max_ns, 90 * NSEC_PER_SEC);
    assert_int_equal(policy->restart_window_ns, 3 * NSEC_PER_SEC);
    service.restart_policy.condition_set = true;
    service.restart_policy.condition = SPEC_RESTART_ON_FAILURE;
    assert_int_equal(make(&service, 1), 0);
    assert_int_equal(plan.members[0].policy.restart, RESTART_ON_FAILURE);
}

/* db has no profile, web needs all of its instances; debug and tools are in profiles. */
static void test_selection(void **state)
{
    const char *const profiles[] = {"debug", "more"};
    const char *const active[] = {"more", NULL};
    const char *const all[] = {"*", NULL};
    struct spec_dependency on_db = {.service = "db", .at = AT(9)};
    struct spec_dependency on_tools = {.service = "tools", .at = AT(12)};
    struct spec_service services[] = {
        {.name = "web", TRUE_COMMAND, .depends_on = &on_db, .depends_on_count = 1},
        {.name = "db", TRUE_COMMAND, .scale = {true, 3, AT(5)}},
        {.name = "debug",
         TRUE_COMMAND,
         .depends_on = &on_tools,
         .depends_on_count = 1,
         .profiles = &profiles[0],
         .profiles_count = 2},
        {.name = "tools", TRUE_COMMAND, .profiles = &profiles[0], .profiles_count = 1},
    };
    struct spec spec = {.file = "a.yaml", .services = services, .services_count = 4};
    struct selection chosen;
    struct fault fault;

    (void)state;
    assert_int_equal(selection_init(&chosen, &spec, NULL), 0);
    selection = &chosen;
    assert_int_equal(selection_scale(&chosen, &spec, "web=2", &fault), 0);
    assert_int_equal(make(services, 4), 0);
    assert_int_equal(plan.members_count, 5);
    assert_string_equal(plan.members[2].service, "db");
    assert_int_equal(plan.members[2].number, 3);
    assert_string_equal(plan.members[4].service, "web");
    assert_int_equal(plan.members[4].number, 2);
    assert_int_equal(plan.members[4].needs_count, 3);
    assert_int_equal(plan.members[4].needs[2].member, 2);
    selection_finish(&chosen);

    assert_int_equal(selection_init(&chosen, &spec, active), 0);
    assert_int_equal(make(services, 4), 1);
    assert_int_equal(faults.item[0].at.line, 12);
    assert_non_null(strstr(faults.item[0].what, "none of the active profiles"));
    selection_name(&chosen, &spec, 2);
    assert_true(chosen.enabled[3]);
    assert_int_equal(make(services, 4), 0);
    selection_finish(&chosen);

    assert_int_equal(selection_init(&chosen, &spec, all), 0);
    assert_int_equal(make(services, 4), 0);
    assert_int_equal(plan.members_count, 6);
    assert_int_equal(selection_scale(&chosen, &spec, "db=4094", &fault), 0);
    assert_int_equal(make(services, 4), 1);
    assert_non_null(strstr(faults.item[0].what, "at most 4096 instances"));
    selection_finish(&chosen);
}

static void test_selection_words(void **state)
{
    struct spec_service services[] = {{.name = "web"}, {.name = "db"}};
    struct spec spec = {.file = "a.yaml", .services = services, .services_count = 2};
    static const char *const bad[] = {"web", "=1", "web=", "web=-1", "web=x", "web=4097", "wep=1"};
    struct selection chosen;
    struct fault fault;

    (void)state;
    assert_int_equal(selection_init(&chosen, &spec, NULL), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(selection_scale(&chosen, &spec, bad[i], &fault), 1);
    assert_string_equal(fault.remedy, "did you mean \"web\"?");
    assert_int_equal(selection_scale(&chosen, &spec, "db=0", &fault), 0);
    assert_int_equal(chosen.scale[0], 1);
    assert_int_equal(chosen.scale[1], 0);
    selection_finish(&chosen);
}

static const char *find_program(const char *word, const char *path, bool may_come, int expected)
{
    static char found[256];
    struct program_request request = {word, path, folder, "a", AT(3), may_come};
    struct arena arena;
    const char *ret = "";

    arena_init(&arena, 0);
    faults_init(&faults);
    assert_int_equal(program_find(&request, &arena, &ret, &faults), expected);
    snprintf(found, sizeof(found), "%s", ret);
    arena_finish(&arena);
    return found;
}

static void test_program(void **state)
{
    char expected[128], path[128];

    (void)state;
    touch("run", 0700);
    touch("data", 0600);
    snprintf(path, sizeof(path), "/nowhere:%s:/bin", folder);
    snprintf(expected, sizeof(expected), "%s/run", folder);
    assert_string_equal(find_program("run", path, false, 0), expected);
    assert_string_equal(find_program("run", "/nowhere::/bin", false, 0), expected);
    assert_string_equal(find_program("./run", "/bin", false, 0), "./run");
    find_program("run", "/nowhere", false, 1);
    assert_non_null(strstr(faults.item[0].what, "not in its PATH (/nowhere)"));
    assert_int_equal(faults.item[0].at.line, 3);
    find_program("data", path, false, 1);
    assert_non_null(strstr(faults.item[0].what, "not executable"));
    find_program("/", path, false, 1);
    assert_non_null(strstr(faults.item[0].what, "is a folder"));
    find_program("./absent", path, false, 1);
    find_program("", path, false, 1);
    assert_string_equal(find_program("./absent", path, true, 0), "./absent");
    assert_int_equal(faults.errors, 0);
    assert_int_equal(faults.count, 1);
}

static void test_bad_services(void **state)
{
    struct spec_service no_command = {.name = "a", .at = AT(2)};
    struct spec_service no_folder = {.name = "a", TRUE_COMMAND, .working_dir = {"gone", AT(6)}};
    struct spec_service no_user = {.name = "a", TRUE_COMMAND, .user = {"no such", AT(6)}};
    struct spec_rlimit nofile = {"nofile", 1, SPEC_UNLIMITED, AT(6)};
    struct spec_service no_limit = {
        .name = "a", TRUE_COMMAND, .ulimits = &nofile, .ulimits_count = 1};

    (void)state;
    assert_int_equal(make(&no_command, 1), 1);
    assert_int_equal(faults.item[0].at.line, 2);
    assert_int_equal(make(&no_folder, 1), 1);
    assert_int_equal(faults.item[0].at.line, 6);
    assert_int_equal(make(&no_user, 1), 1);
    assert_non_null(strstr(faults.item[0].what, "no user \"no such\""));
    assert_int_equal(make(&no_limit, 1), 1);
    assert_non_null(strstr(faults.item[0].what, "ulimit nofile"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_circle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_defaults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_written_policy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limits_are_never_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_swap_without_accounting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_restart_policy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_selection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_selection_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_environment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_program, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_services, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
