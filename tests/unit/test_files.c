// clang-format off
// links: cli/host/files.o cli/show/show_faults.o cli/show/render.o cli/host/cgfile.o cli/host/command.o stackfile core -lyaml
// clang-format on
/* cli/host/files: which stack files and files of variables are read, and where their paths start.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/host/files.h"

static char folder[64], before[4096];
static struct command_context context;
static struct stack_source source;

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int set_up(void **state)
{
    static char *const nothing[] = {NULL};

    (void)state;
    strcpy(folder, "/tmp/test_files.XXXXXX");
    context = (struct command_context){.environment = nothing};
    if (!getcwd(before, sizeof(before)) || !mkdtemp(folder) || chdir(folder) != 0)
        return -1;
    return mkdir("sub", 0700);
}

static int tear_down(void **state)
{
    static const char *const names[] = {
        "bulkhead.yaml", "bulkhead.override.yaml", ".env",    "a.yaml",
        "b.env",         "sub/other.yaml",         "sub/.env"};

    (void)state;
    if (chdir(folder) != 0)
        return -1;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(names[i]);
    rmdir("sub");
    if (chdir(before) != 0)
        return -1;
    return rmdir(folder);
}

/* Keeps the reason for a refusal off the terminal. */
static int open_quietly(void)
{
    int kept = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY), status;

    assert_true(kept >= 0 && null >= 0);
    fflush(stderr);
    dup2(null, STDERR_FILENO);
    status = stack_source_open(&context, &source);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(null);
    return status;
}

static void expect_texts(size_t count, const char *const *names)
{
    assert_int_equal(stack_source_open(&context, &source), 0);
    assert_int_equal(source.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(source.texts[i].name, names[i]);
    stack_source_finish(&source);
}

static void test_found_with_override_and_env(void **state)
{
    (void)state;
    assert_int_equal(open_quietly(), STATUS_USAGE); // there is nothing yet
    write_file("bulkhead.yaml", "a");
    expect_texts(1, (const char *[]){"bulkhead.yaml"});
    write_file("bulkhead.override.yaml", "b");
    write_file(".env", "A=1");
    expect_texts(3, (const char *[]){"bulkhead.yaml", "bulkhead.override.yaml", ".env"});
    assert_int_equal(stack_source_open(&context, &source), 0);
    assert_int_equal(source.files, 2);
    assert_int_equal(source.env_files, 1);
    assert_string_equal(source.project_dir, folder);
    assert_int_equal(source.texts[2].length, 3);
    stack_source_finish(&source);
}

static void test_found_above(void **state)
{
    (void)state;
    write_file("bulkhead.yaml", "a");
    write_file("bulkhead.override.yaml", "b");
    assert_int_equal(chdir("sub"), 0);
    assert_int_equal(stack_source_open(&context, &source), 0);
    assert_int_equal(source.files, 2);
    assert_string_equal(source.project_dir, folder);
    stack_source_finish(&source);
}

static void test_asked_for(void **state)
{
    (void)state;
    write_file("bulkhead.yaml", "a");
    write_file("bulkhead.override.yaml", "b");
    write_file("a.yaml", "a");
    write_file("b.env", "B=1");
    write_file("sub/other.yaml", "o");
    write_file("sub/.env", "C=1");
    context.files = (struct words){{"sub/other.yaml", "a.yaml"}, 2};
    expect_texts(3, (const char *[]){"sub/other.yaml", "a.yaml", "sub/.env"});
    context.env_files = (struct words){{"b.env", "sub/.env"}, 2};
    expect_texts(4, (const char *[]){"sub/other.yaml", "a.yaml", "b.env", "sub/.env"});
    context.project_dir = ".";
    assert_int_equal(stack_source_open(&context, &source), 0);
    assert_string_equal(source.project_dir, folder);
    stack_source_finish(&source);
    context.env_files = (struct words){{"gone.env"}, 1};
    assert_int_equal(open_quietly(), STATUS_USAGE);
    context.files = (struct words){{"-", "a.yaml", "-"}, 3};
    assert_int_equal(open_quietly(), STATUS_USAGE);
}

/* Secrets come through a FIFO now and then: opened before its writer is there, read to its end. */
static void test_named_pipe(void **state)
{
    int status;
    pid_t writer;

    (void)state;
    write_file("a.yaml", "a");
    assert_int_equal(mkfifo("b.env", 0600), 0);
    writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        int fd = open("b.env", O_WRONLY); // waits for the reader
        _exit(fd >= 0 && write(fd, "B=", 2) == 2 && write(fd, "1", 1) == 1 ? 0 : 1);
    }
    context.files = (struct words){{"a.yaml"}, 1};
    context.env_files = (struct words){{"b.env"}, 1};
    assert_int_equal(stack_source_open(&context, &source), 0);
    assert_int_equal(source.texts[1].length, 3);
    assert_memory_equal(source.texts[1].text, "B=1", 3);
    stack_source_finish(&source);
    assert_int_equal(waitpid(writer, &status, 0), writer);
    assert_int_equal(status, 0);
}

/* What an include names is read here, and is called as people would call it. */
static void test_others_are_read(void **state)
{
    struct faults faults;
    struct spec spec;

    (void)state;
    write_file("bulkhead.yaml", "include: [sub/other.yaml]\n");
    write_file("sub/other.yaml", "services: {web: {command: $WHAT}}\n");
    write_file("sub/.env", "WHAT=serve\n");
    faults_init(&faults);
    assert_int_equal(stack_source_open(&context, &source), 0);
    assert_int_equal(stack_source_load(&context, &source, NULL, &spec, &faults), 0);
    assert_string_equal(spec.services[0].command.item[0], "serve");
    assert_string_equal(spec.services[0].at.file, "sub/other.yaml");
    assert_int_equal(source.count, 3);
    assert_int_equal(source.files, 1);
    spec_finish(&spec);
    stack_source_finish(&source);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_found_with_override_and_env),
        IN_FOLDER(test_found_above),
        IN_FOLDER(test_asked_for),
        IN_FOLDER(test_named_pipe),
        IN_FOLDER(test_others_are_read),
    };

    return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
