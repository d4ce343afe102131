// links: cli/options.o cli/host/command.o cli/host/name.o core
/* The command line: global options before and after the verb, clusters, values, refusals. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/host/name.h"
#include "cli/options.h"

static const struct command_option log_options[] = {
    {'f', "follow", NULL, ""},          {'n', "tail", "LINES", ""}, {'t', "timestamps", NULL, ""},
    {0, "wait-timeout", "SECONDS", ""}, {0, NULL, NULL, NULL},
};
static const struct command logs = {.name = "logs", .options = log_options};
static const struct command up = {.name = "up"};
static const struct command exec = {.name = "exec", .options = log_options, .verbatim = true};
static const struct command secret = {.name = "secrets", .hidden = true};
static const struct command *const verbs[] = {&logs, &up, &exec, &secret, NULL};

static struct command_context context;
static struct options options;

static int set_up(void **state)
{
    (void)state;
    unsetenv("BULKHEAD_FILE");
    unsetenv("BULKHEAD_PROFILES");
    unsetenv("BULKHEAD_PROJECT_NAME");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    options_finish(&options);
    return 0;
}

/* What the reader says on stderr is not of interest here. */
static int hush(void)
{
    int kept = dup(STDERR_FILENO);
    int null = open("/dev/null", O_WRONLY);

    dup2(null, STDERR_FILENO);
    close(null);
    return kept;
}

static void unhush(int kept)
{
    dup2(kept, STDERR_FILENO);
    close(kept);
}

/* Reads a command line that is parted by blanks. */
static int read_line(const char *line)
{
    static char text[256];
    char *argv[16], *rest = text;
    int argc = 0, status, kept;

    options_finish(&options);
    memset(&context, 0, sizeof(context));
    strcpy(text, line);
    while ((argv[argc] = strsep(&rest, " ")))
        argc++;
    kept = hush();
    status = options_read(&context, &options, verbs, argc, argv);
    unhush(kept);
    return status;
}

static void test_global_before_and_after(void **state)
{
    (void)state;
    assert_int_equal(read_line("bulkhead -f a.yaml up web -p shop --ansi=never db"), 0);
    assert_ptr_equal(context.command, &up);
    assert_string_equal(context.files.item[0], "a.yaml");
    assert_string_equal(context.name, "shop");
    assert_int_equal(context.ansi, ANSI_NEVER);
    assert_int_equal(options.argc, 3);
    assert_string_equal(options.argv[0], "up");
    assert_string_equal(options.argv[1], "web");
    assert_string_equal(options.argv[2], "db");
    assert_null(options.argv[3]);
    assert_int_equal(read_line("bulkhead up -fa.yaml"), 0);
    assert_string_equal(context.files.item[0], "a.yaml");
    assert_int_equal(read_line("bulkhead -f - up"), 0);
    assert_string_equal(context.files.item[0], "-");
}

static void test_letter_is_the_verbs(void **state)
{
    (void)state;
    assert_int_equal(read_line("bulkhead -f a.yaml logs -f"), 0);
    assert_string_equal(context.files.item[0], "a.yaml");
    assert_true(option_given(&context, "follow"));
    assert_int_equal(read_line("bulkhead logs -f web"), 0);
    assert_int_equal(context.files.count, 0);
    assert_int_equal(options.argc, 2);
    assert_int_equal(read_line("bulkhead logs --file a.yaml"), 0);
    assert_string_equal(context.files.item[0], "a.yaml");
}

static void test_clusters_and_values(void **state)
{
    (void)state;
    assert_int_equal(read_line("bulkhead logs -ftn5 -- -x"), 0);
    assert_true(option_given(&context, "follow"));
    assert_true(option_given(&context, "timestamps"));
    assert_string_equal(option_text(&context, "tail"), "5");
    assert_string_equal(options.argv[1], "-x");
    assert_int_equal(read_line("bulkhead logs -n 1 --tail=2"), 0);
    assert_string_equal(option_text(&context, "tail"), "2");
    assert_null(option_text(&context, "follow"));
}

static void test_verbatim_after_the_first_operand(void **state)
{
    (void)state;
    assert_int_equal(read_line("bulkhead exec -t web ls -la -- --help -p"), 0);
    assert_true(option_given(&context, "timestamps"));
    assert_false(options.help);
    assert_int_equal(options.argc, 7);
    assert_string_equal(options.argv[1], "web");
    assert_string_equal(options.argv[3], "-la");
    assert_string_equal(options.argv[4], "--");
    assert_string_equal(options.argv[6], "-p");
    assert_int_equal(read_line("bulkhead exec -- web -t"), 0);
    assert_false(option_given(&context, "timestamps"));
    assert_string_equal(options.argv[1], "web");
}

static void test_repeated(void **state)
{
    size_t cursor = 0;

    (void)state;
    assert_int_equal(read_line("bulkhead logs -n 1 -fffff --tail=2 -tn 3"), 0);
    assert_string_equal(option_next(&context, "tail", &cursor), "1");
    assert_string_equal(option_next(&context, "tail", &cursor), "2");
    assert_string_equal(option_next(&context, "tail", &cursor), "3");
    assert_null(option_next(&context, "tail", &cursor));
    cursor = 0;
    assert_null(option_next(&context, "wait-timeout", &cursor));
}

static void expect_words(const struct words *words, const char *first, const char *second)
{
    assert_int_equal(words->count, 2);
    assert_string_equal(words->item[0], first);
    assert_string_equal(words->item[1], second);
    assert_null(words->item[2]);
}

static void test_several_files(void **state)
{
    (void)state;
    assert_int_equal(read_line("bulkhead -f a --env-file x up -f b --env-file=y --profile p "
                               "--profile *"),
                     0);
    expect_words(&context.files, "a", "b");
    expect_words(&context.env_files, "x", "y");
    expect_words(&context.profiles, "p", "*");
}

static void test_refused(void **state)
{
    static const char *const lines[] = {
        "bulkhead upp",
        "bulkhead logs -x",
        "bulkhead logs -n",
        "bulkhead logs --tail",
        "bulkhead logs --follow=yes",
        "bulkhead logs --folow",
        "bulkhead -f",
        "bulkhead -p Shop up",
        "bulkhead --ansi=perhaps up",
        "bulkhead --profile= up",
        "bulkhead --env-file= up",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_int_equal(read_line(lines[i]), STATUS_USAGE);
}

static void test_environment_comes_second(void **state)
{
    (void)state;
    setenv("BULKHEAD_FILE", "env.yaml", 1);
    setenv("BULKHEAD_PROJECT_NAME", "env", 1);
    assert_int_equal(read_line("bulkhead up"), 0);
    assert_string_equal(context.files.item[0], "env.yaml");
    assert_string_equal(context.name, "env");
    assert_int_equal(read_line("bulkhead -f a.yaml -p a up"), 0);
    assert_string_equal(context.files.item[0], "a.yaml");
    assert_string_equal(context.name, "a");
    setenv("BULKHEAD_FILE", "a.yaml::b.yaml", 1);
    setenv("BULKHEAD_PROFILES", "p,q", 1);
    assert_int_equal(read_line("bulkhead up"), 0);
    expect_words(&context.files, "a.yaml", "b.yaml");
    expect_words(&context.profiles, "p", "q");
    assert_int_equal(read_line("bulkhead up --profile only"), 0);
    assert_int_equal(context.profiles.count, 1);
    setenv("BULKHEAD_PROJECT_NAME", "../x", 1);
    assert_int_equal(read_line("bulkhead up"), STATUS_USAGE);
}

static void test_help_and_version(void **state)
{
    (void)state;
    assert_int_equal(read_line("bulkhead logs --help"), 0);
    assert_true(options.help);
    assert_ptr_equal(context.command, &logs);
    assert_int_equal(read_line("bulkhead help up"), 0);
    assert_true(options.help);
    assert_ptr_equal(context.command, &up);
    assert_int_equal(read_line("bulkhead --version"), 0);
    assert_true(options.version);
}

static int seconds(const char *text, int64_t *ret)
{
    char line[128] = "bulkhead logs --wait-timeout=";
    int status, kept;

    strcat(line, text);
    assert_int_equal(read_line(line), 0);
    kept = hush();
    status = option_seconds(&context, "wait-timeout", ret);
    unhush(kept);
    return status;
}

static void test_seconds(void **state)
{
    int64_t ns = -7;

    (void)state;
    assert_int_equal(read_line("bulkhead logs"), 0);
    assert_int_equal(option_seconds(&context, "wait-timeout", &ns), 0);
    assert_int_equal(ns, -7);
    assert_int_equal(seconds("10", &ns), 0);
    assert_int_equal(ns, 10 * INT64_C(1000000000));
    assert_int_equal(seconds("0.25s", &ns), 0);
    assert_int_equal(ns, 250000000);
    assert_int_equal(seconds("0", &ns), 0);
    assert_int_equal(ns, 0);
    assert_int_equal(seconds("-1", &ns), STATUS_USAGE);
    assert_int_equal(seconds("", &ns), STATUS_USAGE);
    assert_int_equal(seconds("1h", &ns), STATUS_USAGE);
    assert_int_equal(seconds("99999999999999999999", &ns), STATUS_USAGE);
}

static void test_names(void **state)
{
    static const char *const good[] = {"a", "shop", "0x", "a-b_c"};
    static const char *const bad[] = {"", "-a", "_a", "A", "a.b", "a/b", "..", "bulkhead-cli", "ä"};
    char longest[NAME_BYTES_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(name_is_valid(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(name_is_valid(bad[i]));
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    assert_false(name_is_valid(longest));
    longest[NAME_BYTES_MAX] = '\0';
    assert_true(name_is_valid(longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_global_before_and_after, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_letter_is_the_verbs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_clusters_and_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_several_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_verbatim_after_the_first_operand, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_repeated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_environment_comes_second, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_help_and_version, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_seconds, set_up, tear_down),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
