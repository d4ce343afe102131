// links: cli/plan/controls.o core -lm
/* Limits as cgroup files: the conversions against vectors made from the container runtimes' code,
 * and which files come of which keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/plan/controls.h"
#include "core/policy.h"

#define VECTORS "../shared/data/vectors/"

static FILE *open_vectors(const char *name)
{
    FILE *file = fopen(name, "r");

    if (!file) {
        print_message("skipped: %s is not there\n", name);
        skip();
    }
    return file;
}

static void test_cpu_weight(void **state)
{
    FILE *file = open_vectors(VECTORS "cpu_shares.tsv");
    char line[512];
    long long shares, weight;
    int rows = 0;

    (void)state;
    while (fgets(line, sizeof(line), file)) {
        if (line[0] == '#' || sscanf(line, "%lld\t%lld", &shares, &weight) != 2)
            continue;
        assert_int_equal(controls_cpu_weight(shares), weight);
        rows++;
    }
    fclose(file);
    assert_true(rows > 10);
}

static void test_cpu_weight_fixed_points(void **state)
{
    (void)state;
    assert_int_equal(controls_cpu_weight(0), 1);
    assert_int_equal(controls_cpu_weight(2), 1);
    assert_int_equal(controls_cpu_weight(1024), 100);
    assert_int_equal(controls_cpu_weight(262144), 10000);
    for (int64_t shares = 2; shares < 262144; shares += 97) {
        assert_true(controls_cpu_weight(shares) <= controls_cpu_weight(shares + 97));
        assert_in_range(controls_cpu_weight(shares), 1, 10000);
    }
}

/* The vectors' quota below 1 ms is one that the kernel refuses: ours is the same share of a longer
 * period. */
static void test_cpu_max(void **state)
{
    FILE *file = open_vectors(VECTORS "cpus.tsv");
    char line[512], text[64];
    double cpus;
    long long quota, period, our_quota, our_period;
    int rows = 0;

    (void)state;
    while (fgets(line, sizeof(line), file)) {
        if (line[0] == '#' || sscanf(line, "%lf\t%lld %lld", &cpus, &quota, &period) != 3)
            continue;
        controls_cpu_max((int64_t)(cpus * 1000 + 0.5), text, sizeof(text));
        assert_int_equal(sscanf(text, "%lld %lld", &our_quota, &our_period), 2);
        assert_int_equal(our_quota * period, quota * our_period);
        if (quota >= 1000)
            assert_int_equal(our_period, period);
        assert_true(our_quota >= 1000);
        assert_true(our_period <= 1000000);
        rows++;
    }
    fclose(file);
    assert_true(rows >= 5);
}

static int64_t bytes_of(const char *text)
{
    char *end;
    int64_t value = strtoll(text, &end, 10);

    return *end == 'g' ? value << 30 : *end == 'm' ? value << 20 : value;
}

/* Where ours differs from Docker's: unset (and 0, which is unset) means no swap. */
static void test_swap(void **state)
{
    FILE *file = open_vectors(VECTORS "memswap.tsv");
    char line[512];
    int rows = 0;

    (void)state;
    while (fgets(line, sizeof(line), file)) {
        char *rest = line;
        const char *limit = strsep(&rest, "\t"), *memswap = strsep(&rest, "\t");
        const char *max = strsep(&rest, "\t"), *swap = strsep(&rest, "\t\n");
        struct spec_int value = {0};
        int64_t expected;
        if (!limit || !*limit || *limit == '#' || !memswap || !max || !swap || !*swap ||
            strcmp(max, "error") == 0)
            continue;
        value.set = *memswap && strcmp(memswap, "0") != 0;
        value.value = strcmp(memswap, "-1") == 0 ? SPEC_UNLIMITED : bytes_of(memswap);
        expected = !value.set ? 0 : strcmp(swap, "max") == 0 ? -1 : strtoll(swap, NULL, 10);
        assert_int_equal(controls_swap(bytes_of(limit), &value), expected);
        rows++;
    }
    fclose(file);
    assert_true(rows >= 4);
}

static void test_size(void **state)
{
    struct spec_size percent = {true, true, 90000, {0}};
    struct spec_size bytes = {true, false, 4096, {0}};
    struct spec_size whole = {true, true, 100000, {0}};

    (void)state;
    assert_int_equal(controls_size(&percent, 1000000), 900000);
    assert_int_equal(controls_size(&percent, 0), -1);
    assert_int_equal(controls_size(&bytes, 0), 4096);
    assert_int_equal(controls_size(&whole, INT64_MAX), INT64_MAX);
}

/* --- files ------------------------------------------------------------------------------------ */

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

static const struct control *find(const struct launch *launch, const char *file)
{
    for (size_t i = 0; i < launch->controls_count; i++)
        if (strcmp(launch->controls[i].file, file) == 0)
            return &launch->controls[i];
    return NULL;
}

static void test_nothing_asked(void **state)
{
    struct spec_service service = {.name = "web"};
    struct host host = {.controllers = {CONTROLLER_ON_V1, CONTROLLER_ON_V1, CONTROLLER_ON_V1}};
    struct controls_need needs[CONTROLS_NEEDS_MAX];
    struct launch launch = {0};

    (void)state;
    assert_int_equal(controls_needs(&service, needs), 0);
    assert_int_equal(controls_make(&service, &host, &arena, &launch), 0);
    assert_int_equal(launch.controls_count, 0);
    host.controllers[CONTROLLER_MEMORY] = CONTROLLER_USABLE;
    assert_int_equal(controls_make(&service, &host, &arena, &launch), 0);
    assert_int_equal(launch.controls_count, 1);
    assert_string_equal(find(&launch, "memory.oom.group")->value, "1");
    service.oom = (struct spec_oom){.set = true, .policy = {true, OOM_STOP, {0}}};
    assert_int_equal(controls_make(&service, &host, &arena, &launch), 0);
    assert_string_equal(find(&launch, "memory.oom.group")->value, "1");
    service.oom.policy.value = OOM_CONTINUE;
    assert_int_equal(controls_make(&service, &host, &arena, &launch), 0);
    assert_string_equal(find(&launch, "memory.oom.group")->value, "0");
    assert_int_equal(controls_needs(&service, needs), 1);
    assert_string_equal(needs[0].key, "x-bulkhead.oom");
}

static void test_everything_asked(void **state)
{
    struct spec_service service = {
        .name = "web",
        .mem_limit_bytes = {true, 100 << 20, {0}},
        .mem_reservation_bytes = {true, 10 << 20, {0}},
        .pids_limit = {true, 50, {0}},
        .cpus_milli = {true, 1500, {0}},
        .cpu_shares = {true, 2048, {0}},
        .memory_high = {true, true, 90000, {0}},
        .memory_min = {true, false, 1 << 20, {0}},
    };
    struct host host = {0};
    struct controls_need needs[CONTROLS_NEEDS_MAX];
    struct launch launch = {0};

    (void)state;
    assert_int_equal(controls_needs(&service, needs), 7);
    assert_int_equal(controls_make(&service, &host, &arena, &launch), 0);
    assert_string_equal(find(&launch, "pids.max")->value, "50");
    assert_string_equal(find(&launch, "cpu.weight")->value, "174");
    assert_string_equal(find(&launch, "cpu.max")->value, "150000 100000");
    assert_string_equal(find(&launch, "memory.min")->value, "1048576");
    assert_string_equal(find(&launch, "memory.low")->value, "10485760");
    assert_string_equal(find(&launch, "memory.high")->value, "94371840");
    assert_string_equal(find(&launch, "memory.swap.max")->value, "0");
    assert_true(find(&launch, "memory.swap.max")->optional);
    assert_string_equal(launch.controls[launch.controls_count - 1].file, "memory.max");
    assert_false(find(&launch, "memory.max")->optional);
}

/* A limit of swap above 0 must not be lost on a kernel that does not count swap. */
static void test_swap_is_not_optional(void **state)
{
    struct spec_service service = {
        .name = "web",
        .mem_limit_bytes = {true, 100 << 20, {0}},
        .memswap_limit_bytes = {true, 150 << 20, {0}},
    };
    struct host host = {0};
    struct launch launch = {0};

    (void)state;
    assert_int_equal(controls_make(&service, &host, &arena, &launch), 0);
    assert_string_equal(find(&launch, "memory.swap.max")->value, "52428800");
    assert_false(find(&launch, "memory.swap.max")->optional);
}

static void test_unlimited_asks_for_nothing(void **state)
{
    struct spec_service service = {
        .name = "web",
        .pids_limit = {true, SPEC_UNLIMITED, {0}},
        .cpus_milli = {true, 0, {0}},
        .mem_limit_bytes = {true, 0, {0}},
    };
    struct host host = {.controllers = {CONTROLLER_ON_V1, CONTROLLER_ON_V1, CONTROLLER_ON_V1}};
    struct controls_need needs[CONTROLS_NEEDS_MAX];
    struct launch launch = {0};

    (void)state;
    assert_int_equal(controls_needs(&service, needs), 0);
    assert_int_equal(controls_make(&service, &host, &arena, &launch), 0);
    assert_int_equal(launch.controls_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpu_weight),
        cmocka_unit_test(test_cpu_weight_fixed_points),
        cmocka_unit_test(test_cpu_max),
        cmocka_unit_test(test_swap),
        cmocka_unit_test(test_size),
        cmocka_unit_test_setup_teardown(test_nothing_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_everything_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_swap_is_not_optional, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unlimited_asks_for_nothing, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
