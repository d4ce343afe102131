// clang-format off
// links: cli/plan/planner.o cli/plan/planner_groups.o cli/plan/planner_order.o cli/plan/planner_policy.o cli/plan/planner_aides.o cli/plan/planner_hash.o cli/plan/planner_launch.o cli/plan/controls.o cli/host/program.o cli/host/surroundings.o cli/host/users.o cli/host/cgfile.o core -lm
// clang-format on
/* Probes and hooks in a plan, and the hashes by which a running member is compared with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/plan/planner.h"
#include "cli/plan/planner_hash.h"
#include "cli/host/surroundings.h"

#define AT(number) ((struct mark){"a.yaml", number, 5})
#define WORDS(...)                                                    \
    {                                                                 \
        true, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), \
            (const char *[]){__VA_ARGS__, NULL}, AT(3)                \
    }

static struct plan plan;
static struct faults faults;
static struct host host;

void host_controller_trouble(const struct host *of, enum controller controller, char *why,
                             size_t why_size, char *remedy, size_t remedy_size)
{
    (void)of, (void)controller;
    snprintf(why, why_size, "-");
    snprintf(remedy, remedy_size, "-");
}

static int make(const struct spec_service *services, size_t count)
{
    struct spec spec = {.name = "shop",
                        .project_dir = "/tmp",
                        .file = "a.yaml",
                        .services = services,
                        .services_count = count};
    struct planner_request request = {.spec = &spec,
                                      .host = &host,
                                      .environment = (char *const[]){NULL},
                                      .runtime_dir = "/run/bulkhead/shop",
                                      .state_dir = "/var/lib/bulkhead/shop",
                                      .may_raise = true};

    plan_finish(&plan);
    memset(&plan, 0, sizeof(plan));
    faults_init(&faults);
    return planner_make(&request, &plan, &faults);
}

static int tear_down(void **state)
{
    (void)state;
    plan_finish(&plan);
    memset(&plan, 0, sizeof(plan));
    memset(&host, 0, sizeof(host));
    return 0;
}

static struct spec_env service_env[] = {{"A", "1", {0}}, {"C", "1", {0}}};
static struct spec_env hook_env[] = {{"B", "2", {0}}, {"C", "2", {0}}};

static void check_policy_and_labels(const struct plan_member *member)
{
    assert_int_equal(member->policy.health, 1);
    assert_int_equal(member->policy.health_interval_ns, 7);
    assert_int_equal(member->policy.health_retries, 3);
    assert_int_equal(member->policy.on_unhealthy, UNHEALTHY_NONE);
    assert_int_equal(member->policy.pre_start, 1);
    assert_int_equal(member->policy.post_start, 0);
    assert_int_equal(member->policy.pre_stop, 1);
    assert_string_equal(member->launch.labels[0], "tier=front");
    assert_null(member->launch.labels[1]);
    assert_true(member->launch.tty);
}

static void test_aides(void **state)
{
    struct spec_hook pre = {.command = WORDS("true", "pre"),
                            .working_dir = {"/", AT(8)},
                            .environment = hook_env,
                            .environment_count = 2};
    struct spec_hook stop = {.command = WORDS("true", "stop"), .user = {"1:1", AT(9)}};
    struct spec_label label = {"tier", "front", AT(4)};
    struct spec_service service = {
        .name = "a",
        .command = WORDS("true", "main"),
        .environment = service_env,
        .environment_count = 2,
        .mem_limit_bytes = {true, 1 << 30, AT(4)},
        .healthcheck = {.set = true,
                        .test = WORDS("true", "probe"),
                        .interval_ns = {true, 7, AT(5)},
                        .retries = {true, 0, AT(5)}},
        .on_unhealthy = SPEC_UNHEALTHY_NONE,
        .hooks = {[SPEC_PRE_START] = {&pre, 1}, [SPEC_PRE_STOP] = {&stop, 1}},
        .labels = &label,
        .labels_count = 1,
        .tty = true,
        .scale = {true, 2, AT(5)},
    };
    const struct plan_member *member;
    const struct launch *launch;

    (void)state;
    assert_int_equal(make(&service, 1), 0);
    member = &plan.members[0];
    assert_int_equal(member->aides_count, 3);
    assert_int_equal(member->aides[0].kind, AIDE_PROBE);
    assert_int_equal(member->aides[1].kind, AIDE_PRE_START);
    assert_int_equal(member->aides[2].kind, AIDE_PRE_STOP);
    check_policy_and_labels(member);

    launch = &member->aides[0].launch;
    assert_string_equal(launch->argv[1], "probe");
    assert_string_equal(surroundings_get(launch->envp, "C"), "1");
    assert_true(launch->keep_identity);
    assert_false(launch->tty);
    launch = &member->aides[1].launch;
    assert_string_equal(launch->directory, "/");
    assert_string_equal(surroundings_get(launch->envp, "A"), "1");
    assert_string_equal(surroundings_get(launch->envp, "B"), "2");
    assert_string_equal(surroundings_get(launch->envp, "C"), "2");
    launch = &member->aides[2].launch;
    assert_int_equal(launch->uid, 1);
    assert_int_equal(launch->controls_count, 4);
    assert_string_equal(launch->controls[0].file, "pids.max");
    assert_string_equal(launch->controls[0].value, "32");
    assert_string_equal(launch->controls[3].file, "memory.max");
    assert_string_equal(launch->controls[3].value, "67108864");

    host.controllers[CONTROLLER_MEMORY] = CONTROLLER_ON_V1;
    service.mem_limit_bytes.set = false;
    assert_int_equal(make(&service, 1), 0);
    assert_int_equal(plan.members[0].aides[0].launch.controls_count, 1);
}

static void test_who_is_told(void **state)
{
    struct spec_service service = {
        .name = "a",
        .command = WORDS("true", "main"),
        .entrypoint = WORDS("true"),
        .user = {"7:7", AT(3)},
        .tty = true,
        .report_hooks = {[SPEC_ON_OOM] = {.set = true,
                                          .command = WORDS("true", "oom"),
                                          .at = AT(5)},
                         [SPEC_ON_HOLD] = {.set = true,
                                           .command = WORDS("true", "hold"),
                                           .user = {"1:1", AT(6)},
                                           .timeout_ns = {true, 5, AT(6)},
                                           .mem_limit_bytes = {true, 4096, AT(6)},
                                           .at = AT(6)}},
    };
    const struct plan_aide *aides;

    (void)state;
    assert_int_equal(make(&service, 1), 0);
    assert_int_equal(plan.members[0].policy.on_oom, 1);
    assert_int_equal(plan.members[0].policy.on_hold, 1);
    assert_int_equal(plan.members[0].aides_count, 2);
    aides = plan.members[0].aides;
    assert_int_equal(aides[0].kind, AIDE_ON_OOM);
    assert_int_equal(aides[0].timeout_ns, 30 * NSEC_PER_SEC);
    assert_string_equal(aides[0].launch.argv[1], "oom");
    assert_int_equal(aides[0].launch.uid, 7);
    assert_false(aides[0].launch.tty);
    assert_string_equal(aides[0].launch.controls[3].value, "67108864");
    assert_int_equal(aides[1].kind, AIDE_ON_HOLD);
    assert_int_equal(aides[1].timeout_ns, 5);
    assert_int_equal(aides[1].launch.uid, 1);
    assert_string_equal(aides[1].launch.controls[3].file, "memory.max");
    assert_string_equal(aides[1].launch.controls[3].value, "4096");

    host.controllers[CONTROLLER_MEMORY] = CONTROLLER_ON_V1; // a written limit is kept or refused
    assert_int_equal(make(&service, 1), 1);
    assert_int_equal(faults.errors, 1);
    assert_int_equal(faults.item[0].at.line, 6);
    service.report_hooks[SPEC_ON_HOLD].mem_limit_bytes.set = false;
    assert_int_equal(make(&service, 1), 0);
}

static void test_what_a_hook_makes_may_be_missing(void **state)
{
    struct spec_hook hook = {.command = WORDS("/absent/hook")};
    struct spec_service service = {.name = "a", .command = WORDS("/absent/main")};

    (void)state;
    service.hooks[SPEC_POST_START] = (struct spec_hooks){&hook, 1};
    assert_int_equal(make(&service, 1), 1);
    assert_int_equal(faults.errors, 1); // not once more for the hook
    service.hooks[SPEC_PRE_START] = (struct spec_hooks){&hook, 1};
    assert_int_equal(make(&service, 1), 1);
    assert_int_equal(faults.errors, 1);
    assert_non_null(strstr(faults.item[1].what, "/absent/hook"));
}

static void test_healthy_needs_a_probe(void **state)
{
    struct spec_dependency on = {.service = "b", .condition = SPEC_SERVICE_HEALTHY, .at = AT(7)};
    struct spec_service services[] = {
        {.name = "a", .command = WORDS("true"), .depends_on = &on, .depends_on_count = 1},
        {.name = "b", .command = WORDS("true")}};

    (void)state;
    assert_int_equal(make(services, 2), 1);
    assert_int_equal(faults.item[0].at.line, 7);
    services[1].healthcheck = (struct spec_healthcheck){.set = true, .test = WORDS("true")};
    on.restart = true;
    assert_int_equal(make(services, 2), 0);
    assert_int_equal(plan.members[1].needs[0].condition, NEED_HEALTHY);
    assert_int_equal(plan.members[1].needs[0].restart, 1);
}

static void hash_of(const struct spec_service *service, uint64_t *hash, uint64_t *limits)
{
    assert_int_equal(make(service, 1), 0);
    *hash = plan.members[0].hash;
    *limits = plan.members[0].limits_hash;
}

/* What changes neither hash, only the limits' or the whole one. */
static void test_hash(void **state)
{
    struct spec_hook hook = {.command = WORDS("true")};
    struct spec_service service = {.name = "a", .command = WORDS("true", "x")};
    uint64_t hash, limits, hash2, limits2;

    (void)state;
    hash_of(&service, &hash, &limits);
    assert_int_equal(limits, UINT64_C(0xcbf29ce484222325)); // of nothing
    service.stop_grace_period_ns = (struct spec_int){true, 77, AT(4)};
    service.restart_set = true;
    service.restart = SPEC_RESTART_ALWAYS;
    service.hooks[SPEC_PRE_STOP] = (struct spec_hooks){&hook, 1};
    service.report_hooks[SPEC_ON_OOM] =
        (struct spec_report_hook){.set = true, .command = WORDS("true")};
    hash_of(&service, &hash2, &limits2);
    assert_int_equal(hash2, hash);
    assert_int_equal(limits2, limits);

    service.mem_limit_bytes = (struct spec_int){true, 1 << 24, AT(4)};
    service.pids_limit = (struct spec_int){true, 9, AT(4)};
    hash_of(&service, &hash2, &limits2);
    assert_int_equal(hash2, hash);
    assert_int_not_equal(limits2, limits);

    service.environment = service_env;
    service.environment_count = 1;
    hash_of(&service, &hash2, &limits);
    assert_int_not_equal(hash2, hash);
    assert_int_equal(limits2, limits);
    service.hooks[SPEC_POST_START] = (struct spec_hooks){&hook, 1};
    hash_of(&service, &hash, &limits);
    assert_int_not_equal(hash2, hash);
    service.healthcheck = (struct spec_healthcheck){.set = true, .test = WORDS("true")};
    hash_of(&service, &hash2, &limits);
    assert_int_not_equal(hash2, hash);
    service.healthcheck.interval_ns = (struct spec_int){true, 5, AT(4)};
    hash_of(&service, &hash, &limits);
    assert_int_equal(hash2, hash);
}

/* "ab" "c" is not "a" "bc". */
static void test_hash_keeps_words_apart(void **state)
{
    struct spec_service one = {.name = "a", .command = WORDS("true", "ab", "c")};
    struct spec_service other = {.name = "a", .command = WORDS("true", "a", "bc")};
    uint64_t hash, hash2, limits;

    (void)state;
    hash_of(&one, &hash, &limits);
    hash_of(&other, &hash2, &limits);
    assert_int_not_equal(hash, hash2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_aides, tear_down),
        cmocka_unit_test_teardown(test_who_is_told, tear_down),
        cmocka_unit_test_teardown(test_what_a_hook_makes_may_be_missing, tear_down),
        cmocka_unit_test_teardown(test_healthy_needs_a_probe, tear_down),
        cmocka_unit_test_teardown(test_hash, tear_down),
        cmocka_unit_test_teardown(test_hash_keeps_words_apart, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
