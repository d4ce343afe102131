/* Births in a real cgroup v2: which step failed and why comes back; what succeeds is inside, with
 * what was asked for. Needs no controller. */
// links: supervisor/sys/spawn.o supervisor/sys/cgroup.o supervisor/sys/cgroup_end.o core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervisor/sys/cgroup.h"
#include "supervisor/sys/spawn.h"

/* A folder of our own on the cgroup v2 hierarchy, and one for output. */
struct place {
    int root; // where v2 is mounted
    int base; // our subtree
    char name[64];
    char folder[64];
    int output_dir;
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

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    assert_non_null(place);
    place->root = open_root();
    assert_true(place->root >= 0);
    snprintf(place->name, sizeof(place->name), "bulkhead-test.%d", getpid());
    assert_int_equal(cgroup_create(place->root, place->name, &place->base), 0);
    snprintf(place->folder, sizeof(place->folder), "/tmp/bulkhead-test.XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    place->output_dir = open(place->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkfifoat(place->output_dir, "out", 0600), 0);
    assert_int_equal(mkfifoat(place->output_dir, "err", 0600), 0);
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
    (void)unlinkat(place->output_dir, "out", 0);
    (void)unlinkat(place->output_dir, "err", 0);
    (void)rmdir(place->folder);
    close(place->output_dir);
    close(place->base);
    close(place->root);
    free(place);
    return result;
}

static struct launch launch_of(char *const *argv)
{
    static char path[] = "PATH=/usr/bin:/bin";
    static char *const environment[] = {path, NULL};

    return (struct launch){
        .program = argv[0],
        .argv = argv,
        .envp = environment,
        .directory = "/",
        .keep_identity = true,
    };
}

static struct newborn bear(const struct place *place, const struct launch *launch)
{
    const struct birth birth = {
        .launch = launch,
        .cgroup = place->base,
        .output_dir = place->output_dir,
        .output = "out",
        .errors = "err",
    };
    struct newborn newborn;
    enum spawn_step step;

    assert_int_equal(spawn_birth(&birth, &newborn, &step), 0);
    return newborn;
}

static int read_report(const struct newborn *newborn, struct spawn_report *report)
{
    struct pollfd fd = {.fd = newborn->report, .events = POLLIN};

    assert_int_equal(poll(&fd, 1, 30000), 1);
    return spawn_report(newborn->report, report);
}

static int end_of(const struct newborn *newborn)
{
    int status;

    assert_int_equal(waitpid(newborn->pid, &status, 0), newborn->pid);
    close(newborn->pidfd);
    close(newborn->report);
    return status;
}

static void expect_failure(const struct place *place, const struct launch *launch,
                           enum spawn_step step, int error)
{
    struct newborn newborn = bear(place, launch);
    struct spawn_report report;
    int status;

    assert_int_equal(read_report(&newborn, &report), 1);
    assert_int_equal(report.step, step);
    assert_int_equal(report.error, error);
    status = end_of(&newborn);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 127);
}

static void test_failed_steps(void **state)
{
    char *const argv[] = {(char[]){"/nonexistent/program"}, NULL};
    const struct rlimit_value absurd = {.resource = 63, .soft = 1, .hard = 1};
    struct launch launch = launch_of(argv);

    expect_failure(*state, &launch, SPAWN_STEP_EXEC, ENOENT);
    launch.program = "/tmp";
    expect_failure(*state, &launch, SPAWN_STEP_EXEC, EACCES);
    launch.directory = "/nonexistent";
    expect_failure(*state, &launch, SPAWN_STEP_CHDIR, ENOENT);
    launch.rlimits = &absurd;
    launch.rlimits_count = 1;
    expect_failure(*state, &launch, SPAWN_STEP_RLIMIT, EINVAL);
    launch.oom_score_adj = 5000;
    expect_failure(*state, &launch, SPAWN_STEP_OOM_SCORE, EINVAL);
}

static void test_missing_fifo(void **state)
{
    struct place *place = *state;
    char *const argv[] = {(char[]){"/bin/true"}, NULL};
    struct launch launch = launch_of(argv);

    assert_int_equal(unlinkat(place->output_dir, "err", 0), 0);
    expect_failure(place, &launch, SPAWN_STEP_STDIO, ENOENT);
}

/* The text that the child wrote, read without waiting for more. */
static void expect_output(int fifo, const char *expected)
{
    char text[512] = "";
    struct pollfd fd = {.fd = fifo, .events = POLLIN};
    size_t used = 0;

    while (used < strlen(expected) && poll(&fd, 1, 30000) == 1) {
        ssize_t length = read(fifo, text + used, sizeof(text) - 1 - used);
        assert_true(length > 0);
        used += (size_t)length;
    }
    assert_string_equal(text, expected);
}

static void test_becomes_the_program(void **state)
{
    struct place *place = *state;
    char script[256];
    char *const argv[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, script, NULL};
    struct launch launch = launch_of(argv);
    int fifo = openat(place->output_dir, "out", O_RDWR | O_CLOEXEC);
    char expected[256];
    struct spawn_report report;
    struct newborn newborn;

    launch.oom_score_adj = 321;
    launch.directory = "/usr";
    snprintf(script, sizeof(script),
             "sed -n s,^0::,,p /proc/self/cgroup; pwd; umask; cat /proc/self/oom_score_adj;"
             "ls /proc/self/fd | wc -l");
    newborn = bear(place, &launch);
    assert_int_equal(read_report(&newborn, &report), 0);
    assert_true(spawn_is_program(newborn.pid));
    snprintf(expected, sizeof(expected), "/%s\n/usr\n0022\n321\n4\n", place->name);
    expect_output(fifo, expected);
    assert_int_equal(end_of(&newborn), 0);
    close(fifo);
}

/* A child that is killed before exec closes its pipe as well: it never was the program. */
static void test_killed_before_exec(void **state)
{
    struct place *place = *state;
    char *const argv[] = {(char[]){"/bin/true"}, NULL};
    struct launch launch = launch_of(argv);
    struct spawn_report report;
    struct newborn newborn;
    int frozen = openat(place->base, "cgroup.freeze", O_WRONLY | O_CLOEXEC);

    assert_int_equal(write(frozen, "1", 1), 1); // it is born, and does not run
    newborn = bear(place, &launch);
    assert_int_equal(spawn_report(newborn.report, &report), -EAGAIN);
    assert_int_equal(kill(newborn.pid, SIGKILL), 0);
    assert_int_equal(read_report(&newborn, &report), 0);
    assert_false(spawn_is_program(newborn.pid));
    assert_int_equal(end_of(&newborn), SIGKILL);
    assert_int_equal(write(frozen, "0", 1), 1);
    close(frozen);
}

/* -1 when it is no process any more. */
static int count_files(pid_t pid)
{
    char path[32];
    DIR *folder;
    int count = 0;

    snprintf(path, sizeof(path), "/proc/%d/fd", pid);
    folder = opendir(path);
    if (!folder)
        return -1;
    for (const struct dirent *entry; (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

/* Whoever opens a file waits until its lease is given back, as on a file system that does not
 * answer. Meanwhile the child has its own three files and the report, and nothing of ours. */
static void test_hangs_on_the_way(void **state)
{
    char program[64];
    char *const argv[] = {program, NULL};
    struct launch launch = launch_of(argv);
    struct spawn_report report;
    struct newborn newborn;
    int made = memfd_create("program", MFD_CLOEXEC), leased, count;

    snprintf(program, sizeof(program), "/proc/self/fd/%d", made);
    leased = open(program, O_RDWR | O_CLOEXEC); // one that was made and not opened has no lease
    close(made);
    assert_true(signal(SIGIO, SIG_IGN) != SIG_ERR); // "give it back"
    assert_int_equal(fcntl(leased, F_SETLEASE, F_WRLCK), 0);
    snprintf(program, sizeof(program), "/proc/%d/fd/%d", getpid(), leased);
    newborn = bear(*state, &launch);
    while ((count = count_files(newborn.pid)) > 4)
        usleep(1000); // at most as long as the kernel lets a lease be kept
    assert_int_equal(count, 4);
    assert_int_equal(spawn_report(newborn.report, &report), -EAGAIN);
    assert_int_equal(fcntl(leased, F_SETLEASE, F_UNLCK), 0);
    assert_int_equal(read_report(&newborn, &report), 1);
    assert_int_equal(report.step, SPAWN_STEP_EXEC);
    assert_int_equal(report.error, ETXTBSY); // we could still write into it
    (void)end_of(&newborn);
    close(leased);
}

static void test_bound_of_files(void **state)
{
    struct place *place = *state;
    char *const argv[] = {(char[]){"/bin/true"}, NULL};
    struct launch launch = launch_of(argv);
    struct birth birth = {.launch = &launch, .cgroup = place->base, .files_max = 3};
    struct newborn newborn;
    enum spawn_step step;

    assert_int_equal(spawn_birth(&birth, &newborn, &step), -EMFILE);
    assert_int_equal(step, SPAWN_STEP_PIPE);
}

static void test_not_a_cgroup(void **state)
{
    struct place *place = *state;
    char *const argv[] = {(char[]){"/bin/true"}, NULL};
    struct launch launch = launch_of(argv);
    struct birth birth = {.launch = &launch, .cgroup = place->output_dir};
    struct newborn newborn;
    enum spawn_step step;

    assert_int_equal(spawn_birth(&birth, &newborn, &step), -EBADF);
    assert_int_equal(step, SPAWN_STEP_CLONE);
}

/* What a service makes in its compartment goes with it, living processes and all. */
static void test_end_of_a_compartment(void **state)
{
    struct place *place = *state;
    char *const argv[] = {(char[]){"/bin/sleep"}, (char[]){"1000"}, NULL};
    struct launch launch = launch_of(argv);
    struct place inner = *place;
    struct newborn newborn;
    int service, a, b, events;
    int64_t populated = -1;

    assert_int_equal(cgroup_create(place->base, "s-web.1.1", &service), 0);
    assert_int_equal(cgroup_create(service, "a", &a), 0);
    assert_int_equal(cgroup_create(a, "b", &b), 0);
    assert_int_equal(cgroup_create(place->base, "s-web.1.1", &events), -EEXIST);
    inner.base = b;
    newborn = bear(&inner, &launch);
    assert_int_equal(cgroup_watch(place->base, "s-web.1.1", "cgroup.events", &events), 0);
    assert_int_equal(cgroup_populated(events, &populated), 0);
    assert_int_equal(populated, 1);
    assert_int_equal(cgroup_remove(place->base, "s-web.1.1"), -EBUSY);
    assert_int_equal(kill(newborn.pid, 0), 0);
    assert_int_equal(cgroup_kill(place->base, "s-web.1.1"), 0);
    assert_int_equal(end_of(&newborn), SIGKILL);
    while (populated)
        assert_int_equal(cgroup_populated(events, &populated), 0);
    assert_int_equal(cgroup_remove(place->base, "s-web.1.1"), 0);
    assert_int_equal(cgroup_remove(place->base, "s-web.1.1"), 0); // gone is gone
    close(events);
    close(b);
    close(a);
    close(service);
}

static void test_limits(void **state)
{
    struct place *place = *state;
    const struct control optional = {.file = "no.such", .value = "1", .optional = true};
    const struct control needed = {.file = "no.such", .value = "1"};
    const struct control depth = {.file = "cgroup.max.depth", .value = "7"};
    char text[8] = "";
    int fd;

    assert_int_equal(cgroup_limit(place->base, &optional, 1), 0);
    assert_int_equal(cgroup_limit(place->base, &needed, 1), -ENOENT);
    assert_int_equal(cgroup_limit(place->base, &depth, 1), 0);
    fd = openat(place->base, "cgroup.max.depth", O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, text, sizeof(text) - 1), 2);
    assert_string_equal(text, "7\n");
    close(fd);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_limits),       TEST(test_bound_of_files),       TEST(test_failed_steps),
        TEST(test_missing_fifo), TEST(test_becomes_the_program),  TEST(test_killed_before_exec),
        TEST(test_not_a_cgroup), TEST(test_end_of_a_compartment), TEST(test_hangs_on_the_way),
    };
    const struct CMUnitTest without_births[] = {TEST(test_limits), TEST(test_bound_of_files)};

    /* valgrind has no clone3: there, only what needs none. */
    if (syscall(SYS_clone3, NULL, (size_t)0) < 0 && errno == ENOSYS)
        return cmocka_run_group_tests(without_births, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
