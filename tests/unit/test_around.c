/* What why tells around a death: how memory went, where it was, what the others felt. */
// links: cli/history/around_text.o cli/history/growth.o cli/history/snapshots.o cli/history/siblings.o cli/history/kernel_log.o cli/history/deaths.o cli/history/advice.o cli/history/why_report.o cli/show/json.o cli/show/render.o cli/show/safe_text.o history core -ljansson -lsqlite3 -lm
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/history/around.h"
#include "cli/history/why_report.h"

#define MIB   INT64_C(1048576)
#define DEATH (INT64_C(1795337460) * NSEC_PER_SEC)

struct scene {
    struct deaths deaths;
    struct snapshots snapshots;
    struct around around;
    char *text;
    size_t length;
    FILE *to;
};

static struct death *add_death(struct scene *scene, const char *name, enum verdict_kind kind,
                               int64_t after_s)
{
    struct view_member member = {.service_length = 3, .number = 1};
    struct user_event event = {.action = ACTION_DIE,
                               .member = &member,
                               .wall_ns = DEATH + after_s * NSEC_PER_SEC,
                               .generation = 7};

    snprintf(member.name, sizeof(member.name), "%s", name);
    event.verdict = (struct verdict){
        .kind = kind, .limit_bytes = 64 * MIB, .enclosing = -1, .uptime = span_sec(80)};
    assert_int_equal(deaths_feed(&scene->deaths, &event), 0);
    return &scene->deaths.item[scene->deaths.count - 1];
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    const struct death *death;

    assert_non_null(scene);
    death = add_death(scene, "web-1", VERDICT_OOM, 0);
    growth_init(&scene->around.growth, death->wall_ns, death->verdict.uptime);
    siblings_init(&scene->around.siblings, death);
    scene->to = open_memstream(&scene->text, &scene->length);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    fclose(scene->to);
    free(scene->text);
    siblings_finish(&scene->around.siblings);
    snapshots_finish(&scene->snapshots);
    deaths_finish(&scene->deaths);
    free(scene);
    return 0;
}

static const char *printed(struct scene *scene)
{
    around_print_memory(&scene->around, &scene->deaths.item[0], false, scene->to);
    around_print_siblings(&scene->around, false, scene->to);
    fflush(scene->to);
    return scene->text;
}

static void add_sample(struct scene *scene, int64_t at_s, int64_t mebibytes)
{
    struct sample sample = {.wall_ns = DEATH + at_s * NSEC_PER_SEC,
                            .generation = 7,
                            .current_bytes = mebibytes * MIB,
                            .anon_bytes = (mebibytes - 3) * MIB,
                            .file_bytes = 2 * MIB,
                            .shmem_bytes = MIB,
                            .kernel_bytes = MIB,
                            .limit_bytes = 64 * MIB};

    growth_feed(&scene->around.growth, &sample);
}

static void test_nothing_known_is_nothing_told(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(siblings_judge(&scene->around.siblings, &scene->deaths, DEATH), 0);
    assert_string_equal(printed(scene), "");
}

static void test_growth_against_the_limit(void **state)
{
    struct scene *scene = *state;

    for (int64_t at = -80; at <= -1; at++)
        add_sample(scene, at, 8 + (at + 80) * 56 / 80);
    add_sample(scene, -200, 1); // of before its life
    add_sample(scene, 10, 1);   // of after it
    assert_string_equal(printed(scene),
                        "  growth    8.0MiB to 63.0MiB of 64.0MiB within 1m20s; 722.8KiB/s at the "
                        "end\n"
                        "  kinds     anon 60.0MiB (+55.0MiB), shmem 1.0MiB, page cache 1.0MiB, "
                        "kernel 1.0MiB; 1.0s before\n");
}

static void test_a_line_of_it_for_terminals(void **state)
{
    struct scene *scene = *state;
    char text[GROWTH_SPARK_MAX];

    growth_spark(&scene->around.growth, 64 * MIB, true, text);
    assert_string_equal(text, "");
    add_sample(scene, -80, 1);
    add_sample(scene, -41, 33);
    add_sample(scene, -1, 64);
    growth_spark(&scene->around.growth, 64 * MIB, false, text);
    assert_string_equal(text, "___________________====================#");
    growth_spark(&scene->around.growth, 0, false, text);
    assert_string_equal(text, "");
    growth_spark(&scene->around.growth, 64 * MIB, true, text);
    assert_int_equal(strlen(text), 40 * strlen("▁"));
    assert_non_null(strstr(text, "▅█"));
}

static void test_a_life_of_no_time_at_all(void **state)
{
    struct scene *scene = *state;

    growth_init(&scene->around.growth, DEATH, span_ns(0));
    add_sample(scene, 0, 1);
    assert_int_equal(scene->around.growth.count, 1);
    growth_init(&scene->around.growth, DEATH, span_ns(-5));
    add_sample(scene, 0, 1);
    assert_int_equal(scene->around.growth.count, 1);
}

/* --- processes ------------------------------------------------------------------------------ */

static void add_snapshot(struct scene *scene, uint32_t generation, int64_t at_s, int32_t pid,
                         int64_t heap_mib, int64_t shmem_mib)
{
    struct snapshot_note note = {.name = "web-1",
                                 .generation = generation,
                                 .wall_ns = DEATH + at_s * NSEC_PER_SEC,
                                 .process = {.pid = pid,
                                             .comm = "wor\x1bker",
                                             .heap_bytes = heap_mib * MIB,
                                             .shmem_bytes = shmem_mib * MIB}};

    assert_int_equal(snapshots_feed(&scene->snapshots, &note), 0);
}

static void test_two_snapshots_are_compared(void **state)
{
    const struct snapshot_life life = {"web-1", 7, DEATH - 80 * NSEC_PER_SEC, DEATH};
    struct scene *scene = *state;

    add_snapshot(scene, 7, -2000, 812, 1, 1); // of another run
    add_snapshot(scene, 6, -40, 812, 1, 1);
    add_snapshot(scene, 7, -40, 812, 30, 1);
    add_snapshot(scene, 7, -10, 813, 1, 4);
    add_snapshot(scene, 7, -10, 812, 50, 2);
    scene->around.processes_count =
        snapshots_compare(&scene->snapshots, &life, scene->around.processes);
    assert_string_equal(printed(scene),
                        "  processes wor?ker[812] 52.0MiB, most of it heap (50.0MiB); heap grew by "
                        "20.0MiB within 30.0s\n"
                        "            wor?ker[813] 5.0MiB, most of it shmem (4.0MiB)\n");
}

/* --- siblings ------------------------------------------------------------------------------- */

static void feed_sibling(struct scene *scene, const char *name, int64_t at_s, int64_t psi_usec)
{
    struct sample sample = {
        .wall_ns = DEATH + at_s * NSEC_PER_SEC, .generation = 3, .psi_some_usec = psi_usec};

    snprintf(sample.name, sizeof(sample.name), "%s", name);
    assert_int_equal(siblings_feed(&scene->around.siblings, &sample), 0);
}

static void judge(struct scene *scene, int64_t now_s)
{
    assert_int_equal(
        siblings_judge(&scene->around.siblings, &scene->deaths, DEATH + now_s * NSEC_PER_SEC), 0);
}

static void test_isolation_held(void **state)
{
    struct scene *scene = *state;

    feed_sibling(scene, "web-1", -1, 900); // itself
    feed_sibling(scene, "app-1", -20, 1000);
    feed_sibling(scene, "db-1", -10, 500);
    feed_sibling(scene, "app-1", 10, 1000);
    feed_sibling(scene, "app-1", 20, 251000);
    feed_sibling(scene, "app-1", 50, 9000000); // later
    feed_sibling(scene, "db-1", 60, 500);
    judge(scene, 100);
    assert_true(siblings_held(&scene->around.siblings));
    assert_string_equal(printed(scene),
                        "  siblings  of 2 others none died within 30s, app-1 waited "
                        "250ms for memory within 40.0s: isolation held\n");
}

static void test_isolation_did_not_hold(void **state)
{
    struct scene *scene = *state;

    feed_sibling(scene, "app-1", -20, 0);
    feed_sibling(scene, "app-1", 20, 4000000);
    judge(scene, 100);
    assert_false(siblings_held(&scene->around.siblings));
    add_death(scene, "app-1", VERDICT_OOM_GROUP, 2);
    add_death(scene, "old-1", VERDICT_OOM_GROUP, 31);
    add_death(scene, "end-1", VERDICT_STOPPED, 1);
    judge(scene, 100);
    assert_string_equal(printed(scene), "  siblings  of 1 other app-1 died 2.0s after it "
                                        "(oom-group), app-1 waited 4.0s for memory within 40.0s\n");
}

static void test_who_was_idle_waited_for_nothing(void **state)
{
    struct scene *scene = *state;

    feed_sibling(scene, "app-1", -500, 1000);
    judge(scene, 5); // a sample may still come
    assert_int_equal(scene->around.siblings.item[0].stalled_ns, -1);
    judge(scene, 100);
    assert_string_equal(printed(scene), "  siblings  of 1 other none died within 30s, none waited "
                                        "for memory: isolation held\n");
}

static void test_a_crowd_that_died_is_cut(void **state)
{
    struct scene *scene = *state;
    char name[INSTANCE_NAME_MAX];

    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof(name), "%064d-%d", i, i);
        add_death(scene, name, VERDICT_OOM_OUTSIDE, 1);
    }
    judge(scene, 100);
    assert_non_null(strstr(printed(scene), ", and 47 more\n"));
}

/* --- the kernel log ------------------------------------------------------------------------- */

static void test_kernel_lines_of_that_death(void **state)
{
    static struct kmsg_record records[] = {
        {1, "oom-kill:constraint=C,task_memcg=/b/shop/svc/s-web.1.6,task=x,pid=11,uid=0"},
        {1, "Memory cgroup out of memory: Killed process 11 (x) total"},
        {2, "oom-kill:constraint=C,task_memcg=/b/shop/svc/s-web.1.7,task=x,pid=12,uid=0"},
        {2, "Memory cgroup out of memory: Killed process 12 (x) total"},
        {2, "Memory cgroup out of memory: Killed process 12 (x) total"},
        {100 * NSEC_PER_SEC,
         "oom-kill:constraint=C,task_memcg=/b/shop/svc/s-web.1.7,task=x,pid=12,uid=0"},
    };
    const struct kernel_log log = {.item = records, .count = 6, .boot_wall_ns = DEATH};
    const char *lines[KERNEL_LINES_MAX];

    (void)state;
    assert_int_equal(kernel_log_select(&log, "shop", "s-web.1.7", DEATH, lines), 2);
    assert_ptr_equal(lines[0], records[2].text);
    assert_ptr_equal(lines[1], records[3].text);
    assert_int_equal(kernel_log_select(&log, "pub", "s-web.1.7", DEATH, lines), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
        CASE(nothing_known_is_nothing_told), CASE(growth_against_the_limit),
        CASE(a_line_of_it_for_terminals),    CASE(a_life_of_no_time_at_all),
        CASE(two_snapshots_are_compared),    CASE(isolation_held),
        CASE(isolation_did_not_hold),        CASE(who_was_idle_waited_for_nothing),
        CASE(a_crowd_that_died_is_cut),      CASE(kernel_lines_of_that_death),
#undef CASE
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
