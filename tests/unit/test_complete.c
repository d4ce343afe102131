/* What may come at the end of an unfinished command line. */
// links: cli/complete.o cli/options.o cli/host/command.o cli/host/name.o core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/complete.h"

static const struct command_option logs_options[] = {
    {'f', "follow", NULL, ""},     {'n', "tail", "LINES", ""},    {0, "format", "table|json", ""},
    {0, "scale", "SERVICE=N", ""}, {'s', "signal", "SIGNAL", ""}, {0, NULL, NULL, NULL},
};
static const struct command logs = {
    .name = "logs", .operands = "[SERVICE…]", .options = logs_options};
static const struct command exec = {
    .name = "exec", .operands = "SERVICE COMMAND…", .options = logs_options, .verbatim = true};
static const struct command shell = {.name = "completion", .operands = "bash|zsh|fish"};
static const struct command ls = {.name = "ls", .operands = ""};
static const struct command *const verbs[] = {&logs, &exec, &shell, &ls, NULL};

/* The words of a line; a blank at its end begins an empty one. */
static struct complete_point find(const char *line)
{
    static char text[256];
    static char *words[32];
    char *rest = text;
    size_t count = 0;

    strcpy(text, line);
    while ((words[count] = strsep(&rest, " ")))
        count++;
    return complete_find(verbs, words, count);
}

static void expect(const char *line, enum complete_kind kind, const char *typed, size_t before)
{
    struct complete_point point = find(line);

    assert_int_equal(point.kind, kind);
    assert_string_equal(point.typed, typed);
    assert_int_equal(point.before, before);
}

static void test_verbs(void **state)
{
    (void)state;
    expect("", COMPLETE_VERB, "", 0);
    expect("lo", COMPLETE_VERB, "lo", 0);
    expect("-f a.yaml lo", COMPLETE_VERB, "lo", 2);
    expect("--file=a.yaml lo", COMPLETE_VERB, "lo", 1);
    expect("help lo", COMPLETE_VERB, "lo", 1);
    expect("-fa.yaml ", COMPLETE_VERB, "", 1);
}

static void test_options(void **state)
{
    (void)state;
    expect("-", COMPLETE_OPTION, "-", 0);
    expect("--pro", COMPLETE_OPTION, "--pro", 0);
    expect("logs --f", COMPLETE_OPTION, "--f", 1);
    expect("logs web --f", COMPLETE_OPTION, "--f", 2);
    expect("logs -- --f", COMPLETE_OPERAND, "--f", 2);
    expect("exec web --f", COMPLETE_OPERAND, "--f", 2); // not ours any more
}

static void test_values(void **state)
{
    (void)state;
    expect("-f ", COMPLETE_VALUE, "", 0);
    expect("-f bul", COMPLETE_VALUE, "bul", 0);
    expect("logs -f w", COMPLETE_OPERAND, "w", 2); // a flag of this verb
    expect("logs -fn 5", COMPLETE_VALUE, "5", 1);
    expect("logs -n5 w", COMPLETE_OPERAND, "w", 2);
    expect("logs --format=j", COMPLETE_VALUE, "j", 1);
    expect("logs --format j", COMPLETE_VALUE, "j", 1);
    expect("logs --follow=j", COMPLETE_OPTION, "--follow=j", 1); // takes none
    assert_int_equal(complete_value_of(find("logs --format ").option), VALUE_LIST);
    assert_int_equal(complete_value_of(find("logs --scale ").option), VALUE_SERVICE_COUNT);
    assert_int_equal(complete_value_of(find("logs -s ").option), VALUE_SIGNAL);
    assert_int_equal(complete_value_of(find("logs -n ").option), VALUE_FREE);
    assert_int_equal(complete_value_of(find("-p ").option), VALUE_STACK);
    assert_int_equal(complete_value_of(find("-f ").option), VALUE_FILE);
    assert_int_equal(complete_value_of(find("--project-directory ").option), VALUE_FOLDER);
    assert_int_equal(complete_value_of(find("--ansi ").option), VALUE_LIST);
}

static void expect_operand(const char *line, enum complete_operand expected)
{
    struct complete_point point = find(line);

    assert_int_equal(point.kind, COMPLETE_OPERAND);
    assert_int_equal(complete_operand_of(&point), expected);
}

static void test_operands(void **state)
{
    (void)state;
    expect_operand("logs ", OPERAND_SERVICE);
    expect_operand("logs web d", OPERAND_SERVICE);
    expect_operand("exec w", OPERAND_SERVICE);
    expect_operand("exec -n 1 w", OPERAND_SERVICE);
    expect_operand("exec web ps", OPERAND_COMMAND);
    expect_operand("exec web ls -l ", OPERAND_COMMAND);
    expect_operand("completion b", OPERAND_LIST);
    expect_operand("ls x", OPERAND_FREE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verbs),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_operands),
    };

    return cmocka_run_group_tests_name("complete", tests, NULL, NULL);
}
