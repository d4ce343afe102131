/* The keeper, with supervisors that die in every way: what it tells the next one, and when it ends.
 * The supervisor is this very program (fake_supervisor.h), which the keeper finds as it finds its
 * own. Needs a cgroup v2, and no controller. */
// links: supervisor/keeper.o supervisor/keeper_birth.o supervisor/keeper_records.o supervisor/keeper_files.o supervisor/keeper_table.o supervisor/keeper_say.o supervisor/sys/reap.o supervisor/sys/cgroup.o supervisor/sys/cgroup_end.o tests/unit/fake_supervisor.o core
// native: valgrind has no clone3, and it is what a process's own program is
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/handover.h"
#include "core/paths.h"
#include "supervisor/keeper.h"
#include "supervisor/keeper_birth.h"
#include "supervisor/keeper_files.h"
#include "supervisor/keeper_records.h"
#include "supervisor/keeper_table.h"
#include "supervisor/sys/cgroup.h"
#include "tests/unit/fake_supervisor.h"

struct place {
    int root; // where v2 is mounted
    int base; // the stack's cgroup
    char name[64];
    int out; // what the supervisors have said, one line each
    int err; // and the keeper
};

static int open_root(void)
{
    static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
    struct statfs status;

    for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++)
        if (statfs(mounts[i], &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC)
            return open(mounts[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return -1;
}

static int open_text(void)
{
    int fd = memfd_create("text", MFD_CLOEXEC);

    assert_int_equal(fcntl(fd, F_SETFL, O_APPEND), 0);
    return fd;
}

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    int leaf;

    assert_non_null(place);
    place->root = open_root();
    assert_true(place->root >= 0);
    snprintf(place->name, sizeof(place->name), "bulkhead-test.%d", getpid());
    assert_int_equal(cgroup_create(place->root, place->name, &place->base), 0);
    assert_int_equal(cgroup_create(place->base, CGROUP_SUPERVISOR, &leaf), 0);
    close(leaf);
    place->out = open_text();
    place->err = open_text();
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    int result = -EBUSY;

    for (int i = 0; i < 100 && result == -EBUSY; i++) {
        (void)cgroup_kill(place->root, place->name);
        result = cgroup_remove(place->root, place->name);
        usleep(10000);
    }
    close(place->out);
    close(place->err);
    close(place->base);
    close(place->root);
    free(place);
    return result;
}

/* First away from the numbers that are spoken for, then onto them. */
static void hand_over(const struct place *place)
{
    int plan = memfd_create("plan", 0), counter = memfd_create("counter", 0);
    const int from[] = {open("/dev/null", O_RDONLY), place->out, place->err, plan, counter,
                        open("/dev/null", O_WRONLY), place->base};
    int away[HANDOVER_CGROUP + 1];

    (void)!write(plan, "A", 1);
    for (int i = 0; i <= HANDOVER_CGROUP; i++)
        away[i] = fcntl(from[i], F_DUPFD_CLOEXEC, HANDOVER_END);
    for (int i = 0; i <= HANDOVER_CGROUP; i++)
        (void)dup2(away[i], i);
}

static int keep(const struct place *place, const char *script)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        hand_over(place);
        _exit(keeper_main(script, "/nowhere", NULL));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void expect_text(int fd, const char *expected)
{
    char text[4096] = "";

    assert_true(pread(fd, text, sizeof(text) - 1, 0) >= 0);
    assert_string_equal(text, expected);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void an_orderly_end_is_the_keepers(void **state)
{
    const struct place *place = *state;

    assert_int_equal(keep(place, "ready told exit=0|"), 0);
    expect_text(place->out, "1 plan=A told\n");
    expect_text(place->err, "");
}

static void what_was_never_ready_is_not_followed(void **state)
{
    const struct place *place = *state;

    assert_int_equal(keep(place, "exit=1|"), 1);
    assert_int_equal(keep(place, "kill=9|"), 128 + 9);
    expect_text(place->out, "1 plan=A\n1 plan=A\n");
    expect_text(place->err,
                "bulkhead-keeper: the supervisor was killed by signal 9 before it was ready\n");
}

/* How long they have lived is the machine's affair, and so is the pause. */
static void expect_lines(int fd, const char *expected)
{
    char text[4096] = "", *pause;

    assert_true(pread(fd, text, sizeof(text) - 1, 0) >= 0);
    while ((pause = strstr(text, ", in ")))
        memmove(pause, pause + strcspn(pause, "\n"), strlen(pause + strcspn(pause, "\n")) + 1);
    assert_string_equal(text, expected);
}

static void whatever_it_dies_of_the_next_one_comes(void **state)
{
    const struct place *place = *state;

    assert_int_equal(keep(place, "ready kill=9|kill=10|ready exit=1|exit=127|exit=0|"), 0);
    expect_text(place->out, "1 plan=A\n2 adopt plan=A\n3 adopt plan=A\n4 adopt plan=A\n"
                            "5 adopt plan=A\n");
    expect_lines(
        place->err,
        "bulkhead-keeper: the supervisor was killed by signal 9: the next one takes over\n"
        "bulkhead-keeper: the supervisor was killed by signal 10: the next one takes over\n"
        "bulkhead-keeper: the supervisor ended with status 1: the next one takes over\n"
        "bulkhead-keeper: the supervisor ended with status 127: the next one takes over\n");
}

static void a_channel_that_is_closed_is_no_death(void **state)
{
    const struct place *place = *state;

    assert_int_equal(keep(place, "ready told hangup orphans=3 exit=4|news=3 exit=0|"), 0);
    expect_text(place->out, "1 plan=A told\n2 adopt plan=A told exits=3\n");
}

static void pauses_grow_while_they_die_at_once(void **state)
{
    uint32_t pause = 0;

    (void)state;
    for (uint32_t expected = 100; expected < 10000; expected *= 2) {
        pause = keeper_pause_ms(pause, 999);
        assert_int_equal(pause, expected);
    }
    assert_int_equal(keeper_pause_ms(pause, 0), 10000);
    assert_int_equal(keeper_pause_ms(10000, 0), 10000);
    assert_int_equal(keeper_pause_ms(800, 1000), 800);
    assert_int_equal(keeper_pause_ms(800, 9999), 800);
    assert_int_equal(keeper_pause_ms(800, 10000), 0);
    assert_int_equal(keeper_pause_ms(0, 5000), 0);
}

/* --- records ---------------------------------------------------------------------------------- */

static void what_was_not_acknowledged_is_told_again(void **state)
{
    const struct place *place = *state;

    assert_int_equal(keep(place, "ready told orphans=2 news=2 kill=9|"
                                 "told kill=9|"
                                 "told acknowledge kill=9|"
                                 "told orphans=1 news=1 exit=0|"),
                     0);
    expect_text(place->out, "1 plan=A told exits=2\n"
                            "2 adopt plan=A told exits=2\n"
                            "3 adopt plan=A told exits=2\n"
                            "4 adopt plan=A told exits=1\n");
}

static void who_died_meanwhile_is_told(void **state)
{
    const struct place *place = *state;

    assert_int_equal(keep(place, "ready told orphans=5 kill=9|news=5 exit=0|"), 0);
    expect_text(place->out, "1 plan=A told\n2 adopt plan=A told exits=5\n");
}

/* More than the table holds: the rest are zombies until there is room. */
static void none_is_lost_however_many(void **state)
{
    const struct place *place = *state;

    assert_int_equal(keep(place, "ready told orphans=700 kill=9|news=700 exit=0|"), 0);
    expect_text(place->out, "1 plan=A told\n2 adopt plan=A told exits=700\n");
}

static void a_stop_is_not_lost(void **state)
{
    const struct place *place = *state;

    assert_int_equal(keep(place, "ready stop=15 kill=9|"
                                 "told kill=9|"
                                 "told acknowledge stop=2 news=1 exit=0|"),
                     0);
    expect_text(place->out, "1 plan=A\n"
                            "2 adopt plan=A signalled=15 told\n"
                            "3 adopt plan=A signalled=15 told signalled=2\n");
}

static void acknowledged_is_only_what_was_told(void **state)
{
    struct keeper_records records = {0};
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    records.oldest = records.told = records.next = UINT32_MAX - 3; // numbers go round
    for (int32_t i = 0; i < KEEPER_RECORDS_MAX; i++) {
        assert_false(keeper_records_are_full(&records));
        keeper_records_add(&records, &(struct keeper_record){.pid = i + 1});
    }
    assert_true(keeper_records_are_full(&records));
    keeper_records_acknowledge(&records, 1);
    assert_true(keeper_records_are_full(&records));
    while (!keeper_records_tell(&records, pair[0])) { // the channel may hold fewer
        struct keeper_message message;
        while (recv(pair[1], &message, sizeof(message), MSG_DONTWAIT) > 0)
            ;
    }
    keeper_records_acknowledge(&records, KEEPER_RECORDS_MAX + 1);
    assert_true(keeper_records_are_full(&records));
    keeper_records_acknowledge(&records, KEEPER_RECORDS_MAX - 1);
    assert_int_equal(records.next - records.oldest, 1);
    keeper_records_tell_again(&records);
    assert_int_equal(records.next - records.told, 1);
    close(pair[0]);
    close(pair[1]);
}

/* --- files ------------------------------------------------------------------------------------ */

static void files_that_are_held_come_first(void **state)
{
    const struct place *place = *state;

    assert_int_equal(keep(place, "ready told hold=a:1 hold=b:2 hold=c:3 orphans=1 news=1 kill=9|"
                                 "told hold=a:4 drop=b drop=z acknowledge kill=9|"
                                 "told exit=0|"),
                     0);
    expect_text(place->out, "1 plan=A told exits=1\n"
                            "2 adopt plan=A a=1 b=2 c=3 told exits=1\n"
                            "3 adopt plan=A a=4 c=3 told\n");
}

static void the_plan_of_the_next_one_is_the_last(void **state)
{
    const struct place *place = *state;

    assert_int_equal(keep(place, "ready plan=B kill=9|plan=C kill=9|exit=0|"), 0);
    expect_text(place->out, "1 plan=A\n2 adopt plan=B\n3 adopt plan=C\n");
}

static void no_more_files_than_there_is_room_for(void **state)
{
    static struct keeper_files files;
    char tag[KEEPER_TAG_MAX] = "";

    (void)state;
    for (int i = 0; i < KEEPER_FILES_MAX; i++) {
        snprintf(tag, sizeof(tag), "%d", i);
        assert_true(keeper_files_hold(&files, tag, dup(STDERR_FILENO)));
    }
    strcpy(tag, "more");
    assert_false(keeper_files_hold(&files, tag, dup(STDERR_FILENO)));
    memset(tag, 0, sizeof(tag));
    strcpy(tag, "7");
    assert_true(keeper_files_hold(&files, tag, dup(STDERR_FILENO))); // in place of the other
    assert_int_equal(files.count, KEEPER_FILES_MAX);
    while (files.count > 0)
        keeper_files_drop(&files, files.file[files.count / 2].tag);
}

/* --- another build ---------------------------------------------------------------------------- */

/* A folder in which this program is the keeper, for a script that upgrades to it. */
static void make_build(char folder[64], char program[PATH_MAX])
{
    char self[PATH_MAX] = "";

    snprintf(folder, 64, "/tmp/bulkhead-test.XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
    snprintf(program, PATH_MAX, "%s/bulkhead-keeper", folder);
    assert_int_equal(symlink(self, program), 0);
}

static void another_build_goes_on_with_all_that_this_one_knows(void **state)
{
    const struct place *place = *state;
    char folder[64], program[PATH_MAX], script[512];
    int status;

    make_build(folder, program);
    snprintf(script, sizeof(script),
             "ready told hold=a:1 hold=b:2 plan=B orphans=300 news=300 upgrade=%s exit=3|"
             "told kill=9|told hold=b:3 acknowledge orphans=2 news=2 upgrade=%s kill=9|"
             "told exit=0|",
             folder, folder);
    status = keep(place, script);
    assert_int_equal(unlink(program), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(status, 0);
    expect_text(place->out, "1 plan=A told exits=300\n"
                            "2 upgrade plan=B a=1 b=2 told exits=44\n"
                            "3 adopt plan=B a=1 b=2 told exits=44 exits=2\n"
                            "4 upgrade plan=B a=1 b=3 told exits=2\n");
}

static void a_build_that_cannot_be_started_leaves_this_one(void **state)
{
    const struct place *place = *state;

    assert_int_equal(keep(place, "ready told hold=a:1 upgrade=/ exit=3|told exit=0|"), 0);
    expect_text(place->out, "1 plan=A told\n2 adopt plan=A a=1 told\n");
    expect_text(place->err, "bulkhead-keeper: the other build cannot be started: No such file or "
                            "directory\n"
                            "bulkhead-keeper: the supervisor ended with status 3: the next one "
                            "takes over\n");
}

static void a_table_that_is_none_is_refused(void **state)
{
    static struct keeper_records records;
    static struct keeper_files files;
    uint32_t head[4];
    int file;

    (void)state;
    keeper_records_add(&records, &(struct keeper_record){.pid = 7});
    file = keeper_table_save(&records, &files);
    assert_true(file >= 0);
    records = (struct keeper_records){0};
    assert_int_equal(keeper_table_load(file, &records, &files), 0);
    assert_int_equal(records.ring[0].pid, 7);
    assert_int_equal(ftruncate(file, sizeof(head) + 1), 0);
    assert_int_equal(keeper_table_load(file, &records, &files), -EPROTO);
    assert_int_equal(pread(file, head, sizeof(head), 0), sizeof(head));
    for (int i = 1; i < 4; i++) { // the version, and both counts
        uint32_t wrong[4] = {head[0], head[1], head[2], head[3]};
        wrong[i] = UINT32_MAX;
        assert_int_equal(pwrite(file, wrong, sizeof(wrong), 0), sizeof(wrong));
        assert_int_equal(keeper_table_load(file, &records, &files), -EPROTO);
    }
    close(file);
    file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(keeper_table_load(file, &records, &files), -ENODATA);
    close(file);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(an_orderly_end_is_the_keepers),
        TEST(what_was_never_ready_is_not_followed),
        TEST(whatever_it_dies_of_the_next_one_comes),
        TEST(a_channel_that_is_closed_is_no_death),
        TEST(what_was_not_acknowledged_is_told_again),
        TEST(who_died_meanwhile_is_told),
        TEST(none_is_lost_however_many),
        TEST(a_stop_is_not_lost),
        TEST(files_that_are_held_come_first),
        TEST(the_plan_of_the_next_one_is_the_last),
        TEST(another_build_goes_on_with_all_that_this_one_knows),
        TEST(a_build_that_cannot_be_started_leaves_this_one),
        cmocka_unit_test(a_table_that_is_none_is_refused),
        cmocka_unit_test(acknowledged_is_only_what_was_told),
        cmocka_unit_test(pauses_grow_while_they_die_at_once),
        cmocka_unit_test(no_more_files_than_there_is_room_for),
    };

    if (strcmp(argv[0], "bulkheadd") == 0)
        return fake_supervisor(argv[1], argc == 4 ? argv[3] : NULL);
    if (strcmp(argv[0], "bulkhead-keeper") == 0)
        return keeper_main(argv[1], argv[2], argv[3]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
