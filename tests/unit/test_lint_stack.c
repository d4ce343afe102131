// clang-format off
// links: cli/plan/lint_stack.o cli/plan/lint_limits.o cli/plan/lint_budgets.o cli/plan/lint_life.o cli/plan/lint_health.o cli/plan/lint_command.o cli/plan/planner_policy.o cli/plan/controls.o cli/show/render.o cli/show/times.o cli/show/table.o core -lm
// clang-format on
/* What the linter says of a service, and what it leaves alone. Specs are written by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/plan/lint_stack.h"
#include "cli/host/host.h"

#define AT(number) ((struct mark){"a.yaml", number, 5})
#define MIB        ((int64_t)1 << 20)
#define GIB        ((int64_t)1 << 30)

static struct faults faults;
static struct lint_host machine = {8 * GIB, 2 * GIB, 4000};

void host_controller_trouble(const struct host *host, enum controller controller, char *why,
                             size_t why_size, char *remedy, size_t remedy_size)
{
    (void)host, (void)controller;
    snprintf(why, why_size, "-");
    snprintf(remedy, remedy_size, "-");
}

static size_t lint(const struct spec_service *services, size_t count,
                   const struct selection *selection)
{
    struct spec spec = {.file = "a.yaml", .services = services, .services_count = count};
    struct lint_request request = {&spec, selection, machine};

    faults_init(&faults);
    lint_stack(&request, &faults);
    assert_int_equal(faults.errors, 0);
    return faults.count;
}

/* Exactly one finding, with these words, at that line. */
#define SAYS(service, number, words)                         \
    do {                                                     \
        assert_int_equal(lint(&(service), 1, NULL), 1);      \
        assert_non_null(strstr(faults.item[0].what, words)); \
        assert_int_equal(faults.item[0].at.line, number);    \
    } while (0)
#define SILENT(service) assert_int_equal(lint(&(service), 1, NULL), 0)

#define WORDS(...)                                                    \
    {                                                                 \
        true, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), \
            (const char *[]){__VA_ARGS__, NULL}, AT(3)                \
    }
#define PLAIN .name = "a", .at = AT(2), .command = WORDS("sleep", "1")

static void test_plain(void **state)
{
    struct spec_service plain = {PLAIN};

    (void)state;
    SILENT(plain);
}

static void test_memory(void **state)
{
    struct spec_service bytes = {PLAIN, .mem_limit_bytes = {true, 512, AT(4)}};
    struct spec_service huge = {PLAIN, .mem_limit_bytes = {true, 9 * GIB, AT(4)}};
    struct spec_service high = {PLAIN, .mem_limit_bytes = {true, GIB, AT(4)},
                                .memory_high = {true, true, 80000, AT(5)}};
    struct spec_service least = {PLAIN, .mem_limit_bytes = {true, GIB, AT(4)},
                                 .memory_min = {true, true, 100000, AT(5)}};
    struct spec_service score = {PLAIN, .oom_score_adj = {true, -1000, AT(6)}};

    (void)state;
    SAYS(bytes, 4, "no program starts");
    assert_string_equal(faults.item[0].remedy,
                        "a number without a unit is bytes: did you mean 512m?");
    SAYS(huge, 4, "the limit is never met");
    SAYS(high, 5, "memory_high without swap");
    high.memswap_limit_bytes = (struct spec_int){true, 2 * GIB, AT(7)};
    SILENT(high);
    machine.swap_bytes = 0;
    SAYS(high, 5, "memory_high without swap");
    machine.swap_bytes = GIB;
    SAYS(least, 5, "memory_min is all of mem_limit");
    SAYS(score, 6, "the kernel kills everybody else first");
    score.mem_limit_bytes = (struct spec_int){true, GIB, AT(4)};
    SAYS(score, 6, "nothing may be killed");
    score.oom_score_adj.value = -999;
    SILENT(score);
}

static void test_sums(void **state)
{
    struct spec_service services[] = {
        {PLAIN, .mem_limit_bytes = {true, 3 * GIB, AT(4)}},
        {PLAIN, .mem_limit_bytes = {true, 2 * GIB, AT(8)}},
        {PLAIN, .mem_reservation_bytes = {true, 9 * GIB, AT(12)}},
    };
    bool enabled[] = {true, true, false};
    uint32_t scale[] = {1, 2, 1};
    struct selection selection = {enabled, scale};

    (void)state;
    services[2].at = AT(11);
    assert_int_equal(lint(services, 2, NULL), 0);
    scale[1] = 3;
    assert_int_equal(lint(services, 3, &selection), 1);
    assert_non_null(strstr(faults.item[0].what, "add up to 9.0GiB and this host has 8.0GiB"));
    assert_int_equal(faults.item[0].at.line, 4);
    scale[1] = 1;
    enabled[2] = true;
    assert_int_equal(lint(services, 3, &selection), 2);
    assert_non_null(strstr(faults.item[0].what, "mem_reservation and memory_min add up"));
    assert_int_equal(faults.item[1].at.line, 11);
    assert_non_null(strstr(faults.item[1].what, "1 of 3 services have no mem_limit"));
}

static void test_processes_and_cpu(void **state)
{
    struct spec_rlimit nproc = {"nproc", 64, 64, AT(5)};
    struct spec_service one = {PLAIN, .pids_limit = {true, 1, AT(4)}};
    struct spec_service shell = {.name = "a",
                                 .command = WORDS("/bin/sh", "-c", "exec sleep 1"),
                                 .pids_limit = {true, 2, AT(4)}};
    struct spec_service user = {PLAIN, .ulimits = &nproc, .ulimits_count = 1};
    struct spec_service many = {PLAIN, .cpus_milli = {true, 4500, AT(4)}};
    struct spec_service few = {PLAIN, .cpus_milli = {true, 1, AT(4)}};

    (void)state;
    SAYS(one, 4, "neither a child nor a thread");
    SAYS(shell, 4, "too small for a shell");
    SAYS(user, 5, "on the whole host");
    SAYS(many, 4, "cpus is 4.5 and this host has 4");
    SAYS(few, 4, "hardly anything");
}

static void test_budget(void **state)
{
    struct spec_service service = {.name = "a",
                                   .command = WORDS("sleep", "1"),
                                   .restart = SPEC_RESTART_ON_FAILURE,
                                   .restart_set = true,
                                   .restart_max = 3,
                                   .restart_at = AT(4)};
    struct spec_restart_policy *policy = &service.restart_policy;

    (void)state;
    assert_int_equal(lint(&service, 1, NULL), 2);
    assert_non_null(strstr(faults.item[0].what, "every restart counts"));
    assert_non_null(strstr(faults.item[1].what, "used up after 700ms"));
    *policy = (struct spec_restart_policy){.set = true,
                                           .delay_ns = {true, 5 * NSEC_PER_SEC, AT(7)},
                                           .max_attempts = {true, 3, AT(8)},
                                           .window_ns = {true, 60 * NSEC_PER_SEC, AT(9)}};
    SILENT(service);
    policy->window_ns.value = NSEC_PER_MSEC;
    SAYS(service, 9, "never used up");
    policy->window_ns.value = 60 * NSEC_PER_SEC;
    policy->delay_ns.value = NSEC_PER_SEC;
    SAYS(service, 8, "used up after 3.0s");
}

static void test_intensity(void **state)
{
    struct spec_service service = {PLAIN};
    struct spec_budget *all = &service.intensity.budget[CAUSE_ANY];
    struct spec_budget *oom = &service.intensity.budget[CAUSE_OOM];

    (void)state;
    service.intensity.set = true;
    *all = (struct spec_budget){.set = true,
                                .max_restarts = {true, 5, AT(6)},
                                .window_ns = {true, 60 * NSEC_PER_SEC, AT(7)},
                                .at = AT(5)};
    SAYS(service, 6, "used up after 3.1s");
    all->window_ns.value = 2 * NSEC_PER_SEC; // 3.1 s less 10 %
    SAYS(service, 7, "never used up: with its back-off, 5 restarts take 2.8s");
    all->max_restarts.value = 8; // twice four, with 10 s up between them
    all->window_ns.value = 10 * NSEC_PER_SEC;
    SAYS(service, 7, "8 restarts take 12.7s");
    all->window_ns.value = 60 * NSEC_PER_SEC;
    SILENT(service);
    all->max_restarts.value = 32; // to live for 10 s now and then is quicker than to wait for 60 s
    SAYS(service, 7, "32 restarts take 1m12s");
    all->window_ns.value = 80 * NSEC_PER_SEC;
    SILENT(service);
    all->set = false;
    *oom = (struct spec_budget){.set = true,
                                .max_restarts = {true, 0, AT(6)},
                                .window_ns = {true, 60 * NSEC_PER_SEC, AT(7)},
                                .at = AT(5)};
    SAYS(service, 5, "there is no mem_limit");
    service.mem_limit_bytes = (struct spec_int){true, GIB, AT(9)};
    SILENT(service);
    service.restart = SPEC_RESTART_NO;
    service.restart_set = true;
    SAYS(service, 5, "intensity.oom is never used up: there are no restarts");
}

static void test_backoff(void **state)
{
    struct spec_service service = {PLAIN, .backoff = {.set = true, .initial_ns = {true, 0, AT(5)}}};

    (void)state;
    SAYS(service, 5, "no delay between restarts");
    service.backoff.initial_ns.value = 120 * NSEC_PER_SEC;
    SAYS(service, 5, "the delay is always max");
    service.backoff.initial_ns.value = NSEC_PER_SEC;
    SILENT(service);
    service.backoff.factor_milli = (struct spec_int){true, 500, AT(6)};
    SAYS(service, 6, "the sooner it is restarted");
    service.backoff.factor_milli.set = false;
    service.backoff.reset_after_ns = (struct spec_int){true, 0, AT(7)};
    SAYS(service, 7, "the delay never grows");
    service.backoff.reset_after_ns.set = false;
    service.restart = SPEC_RESTART_NO;
    service.restart_set = true;
    SAYS(service, 5, "backoff without a restart");
}

static void test_nobody_is_held(void **state)
{
    struct spec_service service = {
        PLAIN, .report_hooks[SPEC_ON_HOLD] = {.set = true, .command = WORDS("true"), .at = AT(7)}};

    (void)state;
    SAYS(service, 7, "on_hold is never told");
    service.report_hooks[SPEC_ON_HOLD].shared = true; // there may be others
    SILENT(service);
    service.report_hooks[SPEC_ON_HOLD].shared = false;
    service.intensity.budget[CAUSE_CRASH] = (struct spec_budget){
        .set = true, .max_restarts = {true, 9, AT(8)}, .window_ns = {true, INT64_MAX, AT(8)}};
    SILENT(service);
    service.restart_set = true;
    service.restart = SPEC_RESTART_NO;
    service.intensity.budget[CAUSE_CRASH].set = false;
    SAYS(service, 7, "on_hold is never told");
    service.oom.policy = (struct spec_int){true, OOM_STOP, AT(9)};
    SILENT(service);
}

static void test_stop(void **state)
{
    struct spec_hook hook = {.command = WORDS("true")};
    struct spec_service service = {PLAIN, .stop_grace_period_ns = {true, 0, AT(5)}};

    (void)state;
    SAYS(service, 5, "every stop is a kill");
    service.hooks[SPEC_PRE_STOP] = (struct spec_hooks){&hook, 1};
    SAYS(service, 5, "no time at all");
    service.stop_grace_period_ns.value = 1;
    SILENT(service);
    service.stop_signal = (struct spec_int){true, 9, AT(6)};
    SAYS(service, 6, "stop_signal SIGKILL");
}

static void test_dependencies(void **state)
{
    struct spec_dependency on = {.service = "db", .at = AT(7)};
    struct spec_service services[] = {
        {PLAIN, .depends_on = &on, .depends_on_count = 1},
        {.name = "db", .command = WORDS("/usr/lib/postgresql/15/bin/postgres")},
    };
    bool enabled[] = {true, true};
    uint32_t scale[] = {1, 0};
    struct selection selection = {enabled, scale};

    (void)state;
    assert_int_equal(lint(services, 2, NULL), 1);
    assert_non_null(strstr(faults.item[0].what, "postgres takes a while"));
    services[1].healthcheck = (struct spec_healthcheck){
        .set = true, .start_period_ns = {true, NSEC_PER_SEC, AT(9)}, .test = WORDS("true")};
    assert_int_equal(lint(services, 2, NULL), 1);
    assert_non_null(strstr(faults.item[0].what, "waits only for its start"));
    on.condition = SPEC_SERVICE_HEALTHY;
    assert_int_equal(lint(services, 2, NULL), 0);
    on.condition = SPEC_SERVICE_COMPLETED;
    assert_int_equal(lint(services, 2, NULL), 1);
    assert_non_null(strstr(faults.item[0].what, "as if it were to stay"));
    services[1].restart = SPEC_RESTART_ALWAYS;
    services[1].restart_set = true;
    assert_int_equal(lint(services, 2, NULL), 1);
    assert_non_null(strstr(faults.item[0].what, "it never does"));
    assert_int_equal(faults.item[0].at.line, 7);
    assert_int_equal(lint(services, 2, &selection), 1);
    assert_non_null(strstr(faults.item[0].what, "has no instances"));
    enabled[1] = false;
    assert_int_equal(lint(services, 2, &selection), 0);
}

static void test_health(void **state)
{
    struct spec_service service = {
        PLAIN, .healthcheck = {.set = true, .test = WORDS("/usr/bin/true"), .at = AT(5)}};
    struct spec_healthcheck *check = &service.healthcheck;

    (void)state;
    SILENT(service);
    check->interval_ns = (struct spec_int){true, 2 * NSEC_PER_SEC, AT(6)};
    SAYS(service, 5, "takes longer than 6.0s to start");
    check->start_period_ns = (struct spec_int){true, 60 * NSEC_PER_SEC, AT(7)};
    SILENT(service);
    check->timeout_ns = (struct spec_int){true, 5 * NSEC_PER_SEC, AT(8)};
    SAYS(service, 8, "a probe that hangs");
    check->timeout_ns.value = 600 * NSEC_PER_SEC;
    SAYS(service, 5, "a hang is noticed only after");
    check->timeout_ns.set = false;
    check->interval_ns.value = 10 * NSEC_PER_MSEC;
    SAYS(service, 6, "every probe is a new process");
    check->interval_ns.set = false;
    check->test = (struct spec_words)WORDS("node", "probe.js");
    SAYS(service, 3, "a probe has 64 MiB");
    check->test = (struct spec_words)WORDS("true");
    service.restart = SPEC_RESTART_NO;
    service.restart_set = true;
    service.restart_at = AT(9);
    SAYS(service, 9, "leaves it stopped");
    check->disabled = true;
    SILENT(service);
}

static void test_background(void **state)
{
    struct spec_service service = {.name = "a", .command = WORDS("/usr/sbin/nginx")};

    (void)state;
    SAYS(service, 3, "nginx goes into the background, unless its configuration");
    service.command = (struct spec_words)WORDS("nginx", "-g", "daemon off;");
    SILENT(service);
    service.command = (struct spec_words)WORDS("redis-server");
    SILENT(service);
    service.command = (struct spec_words)WORDS("redis-server", "--daemonize", "yes");
    SAYS(service, 3, "redis-server goes into the background: its end");
    service.command = (struct spec_words)WORDS("redis-server", "--daemonize", "no");
    SILENT(service);
    service.command = (struct spec_words)WORDS("crond", "-f");
    SILENT(service);
}

static void test_shell(void **state)
{
    struct spec_service service = {.name = "a", .command = WORDS("sh", "-c", "a && b")};

    (void)state;
    SAYS(service, 3, "the shell gets the stop signal");
    service.command = (struct spec_words)WORDS("sh", "-c", "a && exec b");
    SILENT(service);
    service.command = (struct spec_words)WORDS("sh", "-c", "b");
    SILENT(service);
    service.command = (struct spec_words)WORDS("python3", "-c", "a; b");
    SILENT(service);
}

static void test_ports(void **state)
{
    static const char *const fixed[][2] = {
        {"--port=8080", "x"}, {"--port", "8080"}, {"0.0.0.0:80", "x"}, {"-p", "80"}};
    static const char *const free_of[][2] = {
        {"http://db:5432", "x"}, {"--workers", "8"}, {"--port", "auto"}, {"-p", "70000"}};
    struct spec_env port = {"PORT", "8080", AT(9)};
    struct spec_service service = {.name = "a"};
    bool enabled[] = {true};
    uint32_t scale[] = {2};
    struct selection selection = {enabled, scale};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        service.command = (struct spec_words)WORDS("web", fixed[i][0], fixed[i][1]);
        assert_int_equal(lint(&service, 1, &selection), 1);
        assert_non_null(strstr(faults.item[0].what, "2 instances"));
        SILENT(service);
        service.command = (struct spec_words)WORDS("web", free_of[i][0], free_of[i][1]);
        assert_int_equal(lint(&service, 1, &selection), 0);
    }
    service.environment = &port;
    service.environment_count = 1;
    assert_int_equal(lint(&service, 1, &selection), 1);
    assert_int_equal(faults.item[0].at.line, 9);
}

#define LIMIT(bytes, line) .mem_limit_bytes = {true, (bytes), AT(line)}

static size_t lint_groups(const struct spec_group *groups, size_t groups_count,
                          struct spec_int stack_limit, const struct spec_service *services,
                          size_t count)
{
    struct spec spec = {.file = "a.yaml",
                        .mem_limit_bytes = stack_limit,
                        .groups = {groups, groups_count},
                        .services = services,
                        .services_count = count};
    struct lint_request request = {&spec, NULL, machine};

    faults_init(&faults);
    lint_stack(&request, &faults);
    return faults.count;
}

static void test_groups(void **state)
{
    const struct spec_int none = {0}, gib = {true, GIB, AT(4)}, huge = {true, 9 * GIB, AT(4)};
    struct spec_group groups[] = {
        {.name = "g", .at = AT(5), LIMIT(GIB, 5)},
        {.name = "in", .at = AT(6), LIMIT(GIB / 2, 6), .parent = {"g", AT(6)}}};
    struct spec_service services[] = {{PLAIN, LIMIT(GIB / 2, 11), .cgroup_parent = {"g", AT(11)}},
                                      {PLAIN, LIMIT(GIB / 2, 12), .cgroup_parent = {"in", AT(12)}}};

    (void)state;
    assert_int_equal(lint_groups(groups, 2, gib, services, 2), 0);
    assert_int_equal(lint_groups(groups, 2, huge, services, 2), 1);
    assert_non_null(strstr(faults.item[0].what, "this host has 8.0GiB: the limit is never met"));
    services[0].mem_limit_bytes.value += MIB;
    assert_int_equal(lint_groups(groups, 2, none, services, 2), 1);
    assert_int_equal(faults.item[0].level, FAULT_NOTICE);
    assert_non_null(strstr(faults.item[0].what, "the memory limits in group g add up to 1.0GiB"));
    services[0].mem_limit_bytes.value = 4 * MIB;
    services[1].mem_limit_bytes.value += MIB;
    assert_int_equal(lint_groups(groups, 2, none, services, 2), 2);
    assert_int_equal(faults.item[1].level, FAULT_WARNING);
    assert_non_null(strstr(faults.item[1].what, "that of group in around it is 512.0MiB"));
    groups[0].mem_limit_bytes.value = 2 * GIB;
    assert_int_equal(lint_groups(groups, 1, gib, services, 1), 2); // and the sum
    assert_non_null(
        strstr(faults.item[1].what, "group g: mem_limit is 2.0GiB and that of the stack"));
    assert_int_equal(lint_groups(groups, 2, none, services, 1), 1);
    assert_non_null(strstr(faults.item[0].what, "nothing is in group in"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_sums),         cmocka_unit_test(test_processes_and_cpu),
        cmocka_unit_test(test_budget),       cmocka_unit_test(test_intensity),
        cmocka_unit_test(test_backoff),      cmocka_unit_test(test_nobody_is_held),
        cmocka_unit_test(test_backoff),      cmocka_unit_test(test_stop),
        cmocka_unit_test(test_dependencies), cmocka_unit_test(test_health),
        cmocka_unit_test(test_background),   cmocka_unit_test(test_shell),
        cmocka_unit_test(test_groups),       cmocka_unit_test(test_ports),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
