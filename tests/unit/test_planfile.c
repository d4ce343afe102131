/* Plan files: what a planner writes a supervisor reads, and damage is refused or harmless. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/planfile.h"
#include "core/restart.h"

static uint64_t dice = 1;

static uint64_t below(uint64_t count)
{
    return random_next(&dice) % count;
}

#define MEMBERS 5
#define WORDS   ((char *const *)texts) // nobody writes to them
static const char *const texts[] = {"sleep", "1", "", "h\xc3\xa9", "a long word with blanks", NULL};
static const struct control controls[] = {{"memory.max", "67108864", false},
                                          {"memory.swap.max", "0", true}};
static const struct rlimit_value rlimits[] = {{7, 1024, UINT64_MAX}};
static const char *const labels[] = {"team=shop", "empty=", NULL};
static const gid_t groups[] = {4, 5, 6};

static struct policy random_policy(void)
{
    struct policy policy = policy_default();

    policy.restart = (int64_t)below(RESTARTS_COUNT);
    policy.restart_max = (int64_t)below(9);
    policy.mem_limit_bytes = (int64_t)below(UINT64_C(1) << 40);
    return policy;
}

static struct launch random_launch(void)
{
    return (struct launch){
        .program = "/bin/sleep",
        .argv = WORDS + below(3),
        .envp = WORDS + below(6),
        .directory = "/",
        .uid = (uid_t)below(70000),
        .gid = (gid_t)below(70000),
        .groups = groups,
        .groups_count = below(4),
        .keep_identity = below(2),
        .oom_score_adj = (int32_t)below(2001) - 1000,
        .rlimits = rlimits,
        .rlimits_count = below(2),
        .controls = controls,
        .controls_count = below(3),
        .tty = below(2),
        .stdin_open = below(2),
        .labels = (char *const *)labels + below(3),
    };
}

/* A probe or none, and hooks of all kinds. */
static void add_aides(struct plan_member *member, struct plan_aide *aides)
{
    struct policy *policy = &member->policy;

    policy->health = (int64_t)below(2);
    policy->pre_start = (int64_t)below(3);
    policy->post_start = (int64_t)below(2);
    policy->pre_stop = (int64_t)below(2);
    policy->on_oom = (int64_t)below(2);
    policy->on_hold = (int64_t)below(2);
    member->aides = aides;
    for (int kind = 0; kind < AIDE_KINDS; kind++)
        for (int64_t i = 0; i < policy_aides(policy, (enum aide_kind)kind); i++)
            aides[member->aides_count++] =
                (struct plan_aide){(enum aide_kind)kind, 1 + (int64_t)below(99), random_launch()};
}

#define TREE 4
static const struct stack_group tree[TREE] = {
    {"", 0, 1 << 30}, {"backend", 0, 1 << 29}, {"w.1", 1, 4096}, {"x", 2, INT64_MAX}};

static struct plan random_plan(struct plan_member *members, struct need *needs)
{
    static struct plan_aide aides[MEMBERS][AIDES_MAX];

    for (uint32_t i = 0; i < MEMBERS; i++) {
        for (uint32_t j = 0; j < i; j++)
            needs[i * MEMBERS + j] = (struct need){j, (uint16_t)below(NEEDS_COUNT),
                                                   (uint16_t)below(2), (uint32_t)below(2)};
        members[i] = (struct plan_member){
            .service = i % 2 ? "web" : "d.b_-2",
            .number = 1 + i,
            .group = (uint32_t)below(TREE),
            .policy = random_policy(),
            .needs = &needs[i * MEMBERS],
            .needs_count = below(i + 1),
            .launch = random_launch(),
            .hash = below(UINT64_MAX),
            .limits_hash = below(UINT64_MAX),
            .logging = {.driver = (enum logging_driver)below(LOGGING_DRIVERS),
                        .blocking = below(2),
                        .file_bytes = 1 + (int64_t)below(1 << 30),
                        .files = 1 + (int64_t)below(LOGGING_FILES_MAX),
                        .buffer_bytes = LOGGING_BUFFER_MIN + (int64_t)below(1 << 20)},
        };
        add_aides(&members[i], aides[i]);
    }
    return (struct plan){.stack = "shop",
                         .cgroup_dir = "/sys/fs/cgroup/shop",
                         .runtime_dir = "/run/bulkhead/shop",
                         .state_dir = "/var/lib/bulkhead/shop",
                         .groups = tree,
                         .groups_count = TREE,
                         .history = {.age_ns = 7200 * NSEC_PER_SEC, .bytes = 5 << 20},
                         .members = members,
                         .members_count = below(MEMBERS + 1)};
}

static void same_list(char *const *got, char *const *sent)
{
    size_t i = 0;

    for (; sent[i]; i++)
        assert_string_equal(got[i], sent[i]);
    assert_null(got[i]);
}

static void same_launch(const struct launch *got, const struct launch *sent)
{
    assert_string_equal(got->program, sent->program);
    same_list(got->argv, sent->argv);
    same_list(got->envp, sent->envp);
    assert_string_equal(got->directory, sent->directory);
    assert_int_equal(got->uid, sent->uid);
    assert_int_equal(got->gid, sent->gid);
    assert_int_equal(got->keep_identity, sent->keep_identity);
    assert_int_equal(got->oom_score_adj, sent->oom_score_adj);
    assert_int_equal(got->groups_count, sent->groups_count);
    assert_memory_equal(got->groups, sent->groups, sent->groups_count * sizeof(gid_t));
    assert_int_equal(got->rlimits_count, sent->rlimits_count);
    for (size_t i = 0; i < sent->rlimits_count; i++)
        assert_true(got->rlimits[i].resource == sent->rlimits[i].resource &&
                    got->rlimits[i].soft == sent->rlimits[i].soft &&
                    got->rlimits[i].hard == sent->rlimits[i].hard);
    assert_int_equal(got->controls_count, sent->controls_count);
    for (size_t i = 0; i < sent->controls_count; i++) {
        assert_string_equal(got->controls[i].file, sent->controls[i].file);
        assert_string_equal(got->controls[i].value, sent->controls[i].value);
        assert_int_equal(got->controls[i].optional, sent->controls[i].optional);
    }
    assert_int_equal(got->tty, sent->tty);
    assert_int_equal(got->stdin_open, sent->stdin_open);
    same_list(got->labels, sent->labels);
}

static void same_record(const unsigned char *bytes, size_t size, const struct launch *sent)
{
    struct launch_record record;

    assert_int_equal(planfile_launch(bytes, size, &record), 0);
    same_launch(&record.launch, sent);
    launch_record_finish(&record);
    launch_record_finish(&record);
}

static void same_aides(const struct roster *roster, uint32_t i, const struct plan_member *sent,
                       const unsigned char *bytes)
{
    uint32_t next[AIDE_KINDS] = {0};

    assert_int_equal(roster->members[i].aides_count, sent->aides_count);
    for (size_t j = 0; j < sent->aides_count; j++) {
        enum aide_kind kind = sent->aides[j].kind;
        const struct aide *got = roster_aide(roster, i, kind, next[kind]++);
        assert_non_null(got);
        assert_int_equal(got->timeout_ns, sent->aides[j].timeout_ns);
        same_record(bytes + got->launch_offset, got->launch_bytes, &sent->aides[j].launch);
    }
    for (int kind = 0; kind < AIDE_KINDS; kind++)
        assert_null(roster_aide(roster, i, (enum aide_kind)kind, next[kind]));
}

static void same_member(const struct roster *roster, uint32_t i, const struct plan_member *sent,
                        const unsigned char *bytes)
{
    const struct member *got = &roster->members[i];
    char name[INSTANCE_NAME_MAX];

    snprintf(name, sizeof(name), "%s-%u", sent->service, sent->number);
    assert_string_equal(got->name, name);
    assert_true(member_is_of(got, sent->service));
    assert_memory_equal(&got->policy, &sent->policy, sizeof(sent->policy));
    assert_int_equal(got->needs_count, sent->needs_count);
    for (uint32_t j = 0; j < got->needs_count; j++)
        assert_memory_equal(&roster->needs[got->first_need + j], &sent->needs[j],
                            sizeof(sent->needs[j]));
    assert_true(got->hash == sent->hash && got->limits_hash == sent->limits_hash);
    assert_true(got->logging.driver == sent->logging.driver &&
                got->logging.blocking == sent->logging.blocking &&
                got->logging.file_bytes == sent->logging.file_bytes &&
                got->logging.files == sent->logging.files &&
                got->logging.buffer_bytes == sent->logging.buffer_bytes);
    same_record(bytes + got->launch_offset, got->launch_bytes, &sent->launch);
    same_aides(roster, i, sent, bytes);
}

static void launches_come_through_alone(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        struct launch launch = random_launch();
        unsigned char *bytes;
        size_t size;

        assert_int_equal(planfile_launch_encode(&launch, &bytes, &size), 0);
        same_record(bytes, size, &launch);
        free(bytes);
    }
}

static void plans_come_through(void **state)
{
    struct plan_member members[MEMBERS];
    struct need needs[MEMBERS * MEMBERS];

    (void)state;
    for (int round = 0; round < 200; round++) {
        struct plan plan = random_plan(members, needs);
        struct planfile_header header;
        struct roster roster;
        unsigned char *bytes;
        const char *why;
        size_t size;

        assert_int_equal(planfile_encode(&plan, &bytes, &size), 0);
        assert_int_equal(planfile_header(bytes, &header), 0);
        assert_int_equal(header.total_bytes, size);
        assert_int_equal(planfile_index(&header, bytes + PLANFILE_HEADER_BYTES, header.index_bytes,
                                        &roster, &why),
                         0);
        assert_string_equal(roster.stack, plan.stack);
        assert_string_equal(roster.cgroup_dir, plan.cgroup_dir);
        assert_string_equal(roster.runtime_dir, plan.runtime_dir);
        assert_string_equal(roster.state_dir, plan.state_dir);
        assert_int_equal(roster.groups_count, TREE);
        assert_int_equal(roster.history.age_ns, 7200 * NSEC_PER_SEC);
        assert_int_equal(roster.history.bytes, 5 << 20);
        for (uint32_t i = 0; i < TREE; i++) {
            assert_string_equal(roster.groups[i].name, tree[i].name);
            assert_int_equal(roster.groups[i].parent, tree[i].parent);
            assert_int_equal(roster.groups[i].limit_bytes, tree[i].limit_bytes);
        }
        assert_int_equal(roster.members_count, plan.members_count);
        for (uint32_t i = 0; i < roster.members_count; i++)
            same_member(&roster, i, &members[i], bytes);
        roster_finish(&roster);
        free(bytes);
    }
}

/* Reads all of a plan file as the supervisor would, every part from memory of just its size. */
static int read_all(const unsigned char *bytes, size_t size)
{
    struct planfile_header header;
    struct roster roster;
    unsigned char *part;
    const char *why = NULL;
    int result;

    if (size < PLANFILE_HEADER_BYTES || planfile_header(bytes, &header) != 0 ||
        header.total_bytes != size)
        return 1;
    part = malloc(header.index_bytes + 1);
    assert_non_null(part);
    memcpy(part, bytes + PLANFILE_HEADER_BYTES, header.index_bytes);
    part = realloc(part, header.index_bytes ? header.index_bytes : 1);
    result = planfile_index(&header, part, header.index_bytes, &roster, &why);
    free(part);
    if (result != 0) {
        assert_int_equal(result, 1);
        assert_non_null(why);
        return 1;
    }
    for (uint32_t i = 0; i < roster.members_count && result == 0; i++) {
        const struct member *member = &roster.members[i];
        struct launch_record record;
        assert_true(member->launch_offset + member->launch_bytes <= size);
        assert_true(policy_is_valid(&member->policy));
        part = malloc(member->launch_bytes + 1);
        assert_non_null(part);
        memcpy(part, bytes + member->launch_offset, member->launch_bytes);
        result = planfile_launch(part, member->launch_bytes, &record);
        if (result == 0)
            launch_record_finish(&record);
        free(part);
    }
    roster_finish(&roster);
    return result;
}

static void every_truncation_and_damage_is_survived(void **state)
{
    struct plan_member members[MEMBERS];
    struct need needs[MEMBERS * MEMBERS];

    (void)state;
    for (int round = 0; round < 3; round++) {
        struct plan plan = random_plan(members, needs);
        unsigned char *bytes;
        size_t size;

        plan.members_count = 3;
        assert_int_equal(planfile_encode(&plan, &bytes, &size), 0);
        assert_int_equal(read_all(bytes, size), 0);
        for (size_t cut = 0; cut < size; cut++)
            assert_int_equal(read_all(bytes, cut), 1);
        for (size_t i = 0; i < size; i++)
            for (int bit = 1; bit < 256; bit <<= 1) {
                bytes[i] ^= (unsigned char)bit;
                assert_in_range(read_all(bytes, size), 0, 1);
                bytes[i] ^= (unsigned char)bit;
            }
        free(bytes);
    }
}

/* A plan of one member that is spoilt before it is written. */
static int spoilt(void (*spoil)(struct plan *plan, struct plan_member *member))
{
    struct plan_member members[MEMBERS];
    struct need needs[MEMBERS * MEMBERS];
    struct plan plan = random_plan(members, needs);
    unsigned char *bytes;
    size_t size;
    int result;

    plan.members_count = 1;
    spoil(&plan, &members[0]);
    result = planfile_encode(&plan, &bytes, &size);
    if (result != 0)
        return result;
    result = read_all(bytes, size);
    free(bytes);
    return result;
}

static void nothing(struct plan *plan, struct plan_member *member)
{
    (void)plan;
    (void)member;
}

static void hostile_service(struct plan *plan, struct plan_member *member)
{
    (void)plan;
    member->service = "a\nevent";
}

static void service_outside(struct plan *plan, struct plan_member *member)
{
    (void)plan;
    member->service = "../x";
}

static void hostile_stack(struct plan *plan, struct plan_member *member)
{
    (void)member;
    plan->stack = "..";
}

static void relative_folder(struct plan *plan, struct plan_member *member)
{
    (void)member;
    plan->state_dir = "var";
}

static void need_of_nobody(struct plan *plan, struct plan_member *member)
{
    static const struct need nobody = {.member = 1};
    (void)plan;
    member->needs = &nobody;
    member->needs_count = 1;
}

static void no_program(struct plan *plan, struct plan_member *member)
{
    (void)plan;
    member->launch.argv = WORDS + 5;
}

static void control_outside(struct plan *plan, struct plan_member *member)
{
    static const struct control outside = {"../cgroup.procs", "1", false};
    (void)plan;
    member->launch.controls = &outside;
    member->launch.controls_count = 1;
}

static void mad_score(struct plan *plan, struct plan_member *member)
{
    (void)plan;
    member->launch.oom_score_adj = 1001;
}

static void mad_policy(struct plan *plan, struct plan_member *member)
{
    (void)plan;
    member->policy.backoff_jitter_milli = -1;
}

static void mad_probe(struct plan *plan, struct plan_member *member)
{
    (void)plan;
    member->policy.health = 1;
    member->policy.health_interval_ns = 0;
}

static void aide_too_few(struct plan *plan, struct plan_member *member)
{
    (void)plan;
    member->policy.pre_start++;
}

static void aide_too_many(struct plan *plan, struct plan_member *member)
{
    (void)plan;
    member->policy.pre_stop = HOOKS_MAX + 1;
}

static void label_without_a_value(struct plan *plan, struct plan_member *member)
{
    (void)plan;
    member->launch.labels = WORDS + 1;
}

static void refused(void **state)
{
    (void)state;
    assert_int_equal(spoilt(nothing), 0);
    assert_int_equal(spoilt(hostile_service), 1);
    assert_int_equal(spoilt(service_outside), 1);
    assert_int_equal(spoilt(hostile_stack), 1);
    assert_int_equal(spoilt(relative_folder), 1);
    assert_int_equal(spoilt(need_of_nobody), 1);
    assert_int_equal(spoilt(no_program), 1);
    assert_int_equal(spoilt(control_outside), 1);
    assert_int_equal(spoilt(mad_score), 1);
    assert_int_equal(spoilt(mad_policy), 1);
    assert_int_equal(spoilt(mad_probe), 1);
    assert_int_equal(spoilt(aide_too_few), 1);
    assert_int_equal(spoilt(aide_too_many), 1);
    assert_int_equal(spoilt(label_without_a_value), 1);
}

static void bounds_are_kept_when_writing(void **state)
{
    static char big[LAUNCH_BYTES_MAX + 1];
    char *argv[] = {big, NULL};
    struct plan_member member = {.service = "web", .number = 1, .policy = policy_default()};
    struct plan plan = {.stack = "shop",
                        .cgroup_dir = "/",
                        .runtime_dir = "/",
                        .state_dir = "/",
                        .members = &member,
                        .members_count = 1};
    unsigned char *bytes;
    size_t size;

    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    member.launch =
        (struct launch){.program = "/bin/true", .argv = argv, .envp = WORDS + 5, .directory = "/"};
    assert_int_equal(planfile_encode(&plan, &bytes, &size), 1);
    assert_int_equal(planfile_launch_encode(&member.launch, &bytes, &size), 1);
    plan.members_count = INSTANCES_MAX + 1;
    assert_int_equal(planfile_encode(&plan, &bytes, &size), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_come_through),
        cmocka_unit_test(launches_come_through_alone),
        cmocka_unit_test(every_truncation_and_damage_is_survived),
        cmocka_unit_test(refused),
        cmocka_unit_test(bounds_are_kept_when_writing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
