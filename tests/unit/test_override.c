/* What exec and run change about a launch: identity, folder, environment, program, limits. */
// links: cli/override.o cli/host/command.o cli/host/program.o cli/host/surroundings.o cli/host/users.o core
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/override.h"
#include "cli/host/surroundings.h"

static const struct command_option options[] = {
    {'e', "env", "NAME=VALUE", ""},   {'u', "user", "USER", ""}, {'w', "workdir", "FOLDER", ""},
    {0, "entrypoint", "PROGRAM", ""}, {'T', "no-tty", NULL, ""}, {0},
};
static const struct command exec = {.name = "exec", .options = options};

static struct command_given given[8];
static struct command_context context;
static struct arena arena;
static struct faults faults;

/* Words parted by blanks, as an argument vector. */
static char *const *list(const char *text)
{
    char **words = arena_array(&arena, 16, sizeof(*words));
    char *rest = arena_string(&arena, text);

    for (size_t i = 0; *text && rest; i++)
        words[i] = strsep(&rest, " ");
    return words;
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    context = (struct command_context){
        .command = &exec, .environment = list("PASSED=ours TERM=vt220"), .given = given};
    faults_init(&faults);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

/* As the reader of the command line does. */
static void give(size_t index, const char *value)
{
    context.option[index] = value;
    given[context.given_count++] = (struct command_given){index, value};
}

static const struct control controls[] = {{"memory.max", "1000", false},
                                          {"memory.min", "500", false},
                                          {"memory.low", "600", false},
                                          {"pids.max", "7", false}};
static const struct launch service = {.program = "/usr/bin/web",
                                      .directory = "/usr",
                                      .uid = 12,
                                      .gid = 34,
                                      .controls = controls,
                                      .controls_count = 4};

static int apply(char *const *command, struct launch *ret)
{
    struct launch from = service;
    struct override override;

    from.envp = list("PATH=/usr/bin:/bin COLOUR=red HOME=/srv");
    assert_int_equal(override_read(&context, "web", command, &override), 0);
    return override_launch(&override, &from, &arena, ret, &faults);
}

static const char *variable(const struct launch *launch, const char *name)
{
    const char *value = surroundings_get(launch->envp, name);

    return value ? value : "(none)";
}

static void test_as_the_service(void **state)
{
    char *const *command = list("sh -c true");
    struct launch launch;

    (void)state;
    assert_int_equal(apply(command, &launch), 0);
    assert_string_equal(launch.program, "/usr/bin/sh");
    assert_ptr_equal(launch.argv, command);
    assert_string_equal(launch.directory, "/usr");
    assert_int_equal(launch.uid, 12);
    assert_int_equal(launch.gid, 34);
    assert_string_equal(variable(&launch, "COLOUR"), "red");
    assert_string_equal(variable(&launch, "PASSED"), "(none)");
    assert_string_equal(variable(&launch, "TERM"), "(none)");
}

static void test_guarantees_stay_with_the_service(void **state)
{
    char *const *command = list("true");
    struct launch launch;

    (void)state;
    assert_int_equal(apply(command, &launch), 0);
    assert_int_equal(launch.controls_count, 2);
    assert_string_equal(launch.controls[0].file, "memory.max");
    assert_string_equal(launch.controls[1].file, "pids.max");
}

static void test_environment(void **state)
{
    char *const *command = list("true");
    struct launch launch;

    (void)state;
    give(0, "COLOUR=blue");
    give(0, "PASSED");
    give(0, "NOT_THERE");
    give(0, "EMPTY=");
    give(0, "EQUALS=a=b");
    context.stdout_tty = true;
    assert_int_equal(apply(command, &launch), 0);
    assert_string_equal(variable(&launch, "COLOUR"), "blue");
    assert_string_equal(variable(&launch, "PASSED"), "ours");
    assert_string_equal(variable(&launch, "NOT_THERE"), "(none)");
    assert_string_equal(variable(&launch, "EMPTY"), "");
    assert_string_equal(variable(&launch, "EQUALS"), "a=b");
    assert_string_equal(variable(&launch, "TERM"), "vt220");
    assert_string_equal(variable(&launch, "HOME"), "/srv");
}

static void test_user_and_folder(void **state)
{
    char *const *command = list("true");
    struct launch launch;

    (void)state;
    if (geteuid() != 0)
        return; // becoming somebody else is root's
    give(1, "0:0");
    give(2, "bin");
    assert_int_equal(apply(command, &launch), 0);
    assert_int_equal(launch.uid, 0);
    assert_int_equal(launch.gid, 0);
    assert_string_equal(variable(&launch, "HOME"), "/root");
    assert_string_equal(variable(&launch, "USER"), "root");
    assert_string_equal(launch.directory, "/usr/bin");
    context.option[2] = "/";
    assert_int_equal(apply(command, &launch), 0);
    assert_string_equal(launch.directory, "/");
}

static void test_refused(void **state)
{
    char *const *absent = list("no-such-program");
    char *const *command = list("true");
    struct launch launch = {.uid = 99};
    struct override override;
    int kept = dup(STDERR_FILENO);
    int null = open("/dev/null", O_WRONLY);

    (void)state;
    assert_int_equal(apply(absent, &launch), 1);
    assert_true(faults_fatal(&faults));
    give(1, "nobody-of-this-name");
    assert_int_equal(apply(command, &launch), 1);
    assert_int_equal(launch.uid, 99); // untouched
    give(0, "=x");
    dup2(null, STDERR_FILENO);
    assert_int_equal(override_read(&context, "web", command, &override), STATUS_USAGE);
    dup2(kept, STDERR_FILENO);
    close(null);
    close(kept);
}

static const char *const words[] = {"web", "--all", NULL};
static const struct spec_env spec_env[] = {{.name = "B", .value = "1"},
                                           {.name = "D", .value = "2"}};
static const struct spec_service written = {
    .name = "web",
    .entrypoint = {.set = true, .count = 1, .item = words},
    .command = {.set = true, .count = 1, .item = words + 1},
    .environment = spec_env,
    .environment_count = 2,
};

static struct spec_service apply_to_spec(char *const *command)
{
    struct spec_service service_of_run = written;
    struct override override;

    assert_int_equal(override_read(&context, "web", command, &override), 0);
    assert_int_equal(override_service(&override, &arena, &service_of_run), 0);
    return service_of_run;
}

static void test_spec_command(void **state)
{
    char *const *none = list("");
    char *const *command = list("shell -x");
    struct spec_service run = apply_to_spec(none);

    (void)state;
    assert_string_equal(run.entrypoint.item[0], "web");
    assert_string_equal(run.command.item[0], "--all");
    run = apply_to_spec(command);
    assert_int_equal(run.entrypoint.count, 1);
    assert_int_equal(run.command.count, 2);
    assert_string_equal(run.command.item[1], "-x");
    give(3, "/bin/echo");
    run = apply_to_spec(none);
    assert_string_equal(run.entrypoint.item[0], "/bin/echo");
    assert_int_equal(run.command.count, 0); // the service's was for its own entrypoint
    run = apply_to_spec(command);
    assert_int_equal(run.command.count, 2);
}

static void test_spec_environment(void **state)
{
    char *const *none = list("");
    struct spec_service run;

    (void)state;
    give(0, "D=3");
    give(0, "C");
    give(0, "A=x=y");
    run = apply_to_spec(none);
    assert_int_equal(run.environment_count, 4); // sorted, each once
    assert_string_equal(run.environment[0].name, "A");
    assert_string_equal(run.environment[0].value, "x=y");
    assert_string_equal(run.environment[2].name, "C");
    assert_null(run.environment[2].value);
    assert_string_equal(run.environment[3].value, "3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_as_the_service, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_guarantees_stay_with_the_service, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_environment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_user_and_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_spec_command, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_spec_environment, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("override", tests, NULL, NULL);
}
