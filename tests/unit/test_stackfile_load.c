// links: stackfile core -lyaml
/* stackfile/load, include, extends, relocate, paths: what a loader asks of others, and its bounds;
 * what comes of files is in tests/golden. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stackfile/paths.h"
#include "stackfile/stackfile.h"

/* Files are made on demand: `make` writes what is at a path, or answers with an errno. */
typedef int make_fn(const char *path, char *text, size_t size);

static make_fn *make;
static char *made[STACKFILE_FILES_MAX + 1];
static size_t reads;
static struct faults faults;

static int read_made(void *self, const char *path, struct stackfile_text *ret_text)
{
    char *text = malloc(64 * 1024);
    int rc;

    assert_null(self);
    assert_non_null(text);
    assert_true(path[0] == '/');
    assert_true(reads < sizeof(made) / sizeof(made[0]));
    rc = make ? make(path, text, 64 * 1024) : -ENOENT;
    if (rc) {
        free(text);
        return rc;
    }
    made[reads++] = text;
    *ret_text = (struct stackfile_text){"other.yaml", text, strlen(text)};
    return 0;
}

static int load(const char *text, make_fn *others, struct spec *ret_spec)
{
    static const struct stackfile_source source = {read_made, NULL};
    const struct stackfile_text file = {"a.yaml", text, strlen(text)};
    const struct stackfile_request request = {
        .files = &file, .files_count = 1, .source = &source, .project_dir = "/srv/shop"};
    int rc;

    make = others;
    reads = 0;
    faults_init(&faults);
    rc = stackfile_load(&request, ret_spec, &faults);
    for (size_t i = 0; rc && i < reads; i++)
        free(made[i]);
    return rc;
}

static void finish(struct spec *spec)
{
    spec_finish(spec);
    for (size_t i = 0; i < reads; i++)
        free(made[i]);
}

static void refuse(const char *text, make_fn *others, const char *what)
{
    struct spec spec;

    assert_int_equal(load(text, others, &spec), 1);
    for (size_t i = 0; i < faults.count; i++)
        if (strstr(faults.item[i].what, what))
            return;
    fail_msg("\"%s\" is not said, but \"%s\"", what, faults.item[0].what);
}

static void must_load(const char *text, make_fn *others, struct spec *ret_spec)
{
    if (load(text, others, ret_spec) != 0)
        fail_msg("%s:%u: %s", faults.item[0].at.file, faults.item[0].at.line, faults.item[0].what);
}

/* --- paths --- */

static void expect_path(const char *dir, const char *path, const char *expected)
{
    struct arena arena;

    arena_init(&arena, 0);
    assert_string_equal(path_join(&arena, dir, path), expected);
    arena_finish(&arena);
}

static void test_paths(void **state)
{
    (void)state;
    expect_path("/srv/shop", "a/b", "/srv/shop/a/b");
    expect_path("/srv/shop/", "./a/../b/", "/srv/shop/b");
    expect_path("/srv/shop", "../../..//x", "/x");
    expect_path("/srv", "/abs/./y", "/abs/y");
    expect_path("/", "..", "/");
    expect_path("/", "...", "/...");
    expect_path("/a/b.yaml", "..", "/a");
}

/* --- what is asked of others --- */

static char asked[256];

static int note_path(const char *path, char *text, size_t size)
{
    snprintf(asked, sizeof(asked), "%s", path);
    snprintf(text, size, "services: {x: {command: x}}\n");
    return strstr(path, ".env") ? -ENOENT : 0;
}

static void test_paths_that_are_asked_for(void **state)
{
    struct spec spec;

    (void)state;
    must_load("services: {w: {extends: {file: ../common/a.yaml, service: x}}}\n", note_path, &spec);
    assert_string_equal(asked, "/srv/common/a.yaml");
    finish(&spec);
    must_load("include: [/abs/b.yaml]\n", note_path, &spec);
    assert_string_equal(asked, "/abs/b.yaml");
    assert_string_equal(spec.services[0].working_dir.value, "/abs");
    finish(&spec);
}

/* A file that many services extend is read once. */
static void test_extended_file_is_read_once(void **state)
{
    struct spec spec;

    (void)state;
    must_load("services:\n  a: {extends: {file: x.yaml, service: x}}\n"
              "  b: {extends: {file: ./x.yaml, service: x}}\n",
              note_path, &spec);
    assert_int_equal(reads, 1);
    assert_string_equal(spec.services[1].command.item[0], "x");
    assert_string_equal(spec.services[1].command.at.file, "other.yaml");
    finish(&spec);
}

static int no_file(const char *path, char *text, size_t size)
{
    (void)path;
    (void)text;
    (void)size;
    return -EACCES;
}

static void test_what_cannot_be_read(void **state)
{
    static const char text[] = "include: [a.yaml]\n";
    const struct stackfile_text file = {"a.yaml", text, sizeof(text) - 1};
    const struct stackfile_request request = {
        .files = &file, .files_count = 1, .project_dir = "/srv/shop"};
    struct spec spec;

    (void)state;
    refuse(text, no_file, "cannot read /srv/shop/a.yaml: Permission denied");
    refuse("services: {w: {command: x, env_file: [{path: e, required: false}]}}\n", no_file,
           "cannot read /srv/shop/e");
    faults_init(&faults);
    assert_int_equal(stackfile_load(&request, &spec, &faults), 1); // nobody reads for us
}

/* --- bounds --- */

static int include_next(const char *path, char *text, size_t size)
{
    int depth = 0;

    if (strstr(path, ".env"))
        return -ENOENT;
    assert_int_equal(sscanf(strrchr(path, '/'), "/%d", &depth), 1);
    snprintf(text, size, "include: [%d.yaml]\n", depth + 1);
    return 0;
}

static int include_two(const char *path, char *text, size_t size)
{
    int depth = 0;

    if (strstr(path, ".env"))
        return -ENOENT;
    assert_int_equal(sscanf(strrchr(path, '/'), "/%d", &depth), 1);
    snprintf(text, size, "include: [%d.yaml, %d.yaml]\n", depth + 1, depth + 1);
    return 0;
}

static void test_include_bounds(void **state)
{
    (void)state;
    refuse("include: [0.yaml]\n", include_next, "more than 16 deep");
    assert_int_equal(reads, STACKFILE_INCLUDE_MAX);
    refuse("include: [0.yaml]\n", include_two, "more than 256 files");
    assert_true(reads <= STACKFILE_FILES_MAX);
}

static void chain(char *text, int length, bool backwards)
{
    text += sprintf(text, "services:\n  s0: {command: x}\n");
    for (int i = 1; i <= length; i++) {
        int at = backwards ? length + 1 - i : i;
        text += sprintf(text, "  s%d: {extends: s%d}\n", at, at - 1);
    }
}

/* The same answer in whatever order the services are written. */
static void test_extends_bounds(void **state)
{
    static char text[8192];
    struct spec spec;

    (void)state;
    for (int backwards = 0; backwards < 2; backwards++) {
        chain(text, STACKFILE_EXTENDS_MAX, backwards);
        must_load(text, NULL, &spec);
        finish(&spec);
        chain(text, STACKFILE_EXTENDS_MAX + 1, backwards);
        refuse(text, NULL, "more than 64 deep");
    }
}

/* One long list and many services that each add to it. */
static void test_merging_has_a_bound(void **state)
{
    char *text = malloc(1024 * 1024), *to = text;

    (void)state;
    assert_non_null(text);
    to += sprintf(to, "services:\n  base:\n    command: x\n    environment:\n");
    for (int i = 0; i < 10000; i++)
        to += sprintf(to, "      A%d: x\n", i);
    for (int i = 0; i < 1000; i++)
        to += sprintf(to, "  s%d: {extends: base, environment: {B: x}}\n", i);
    refuse(text, NULL, "merging makes more than");
    to = text + sprintf(text, "services:\n  base:\n    command: x\n    environment:\n");
    for (int i = 0; i < 10000; i++)
        to += sprintf(to, "      A%d: x\n", i);
    for (int i = 0; i < 1000; i++)
        to += sprintf(to, "  s%d: {extends: base}\n", i); // shared, but read a thousand times
    refuse(text, NULL, "hold more than");
    free(text);
}

static void test_variables_have_a_bound(void **state)
{
    static char big[200 * 1024 + 8] = "BIG=", text[64 * 1024];
    const char *environment[] = {big, NULL};
    const struct stackfile_text file = {"a.yaml", text, 0};
    struct stackfile_request request = {
        .files = &file, .files_count = 1, .environment = environment, .project_dir = "/srv/shop"};
    struct stackfile_text sized = file;
    struct spec spec;
    char *to = text;

    (void)state;
    memset(big + 4, 'x', 200 * 1024);
    to += sprintf(to, "services:\n  w:\n    command: x\n    environment:\n");
    for (int i = 0; i < 100; i++)
        to += sprintf(to, "      A%d: $BIG\n", i);
    sized.length = (size_t)(to - text);
    request.files = &sized;
    faults_init(&faults);
    assert_int_equal(stackfile_load(&request, &spec, &faults), 1);
    assert_non_null(strstr(faults.item[0].what, "longer than 16 MiB"));
    sprintf(text, "x-a: $BIG$BIG$BIG$BIG$BIG$BIG\n");
    sized.length = strlen(text);
    faults_init(&faults);
    assert_int_equal(stackfile_load(&request, &spec, &faults), 1);
    assert_non_null(strstr(faults.item[0].what, "too long by its variables"));
}

/* A small file that wants 40 MiB. */
static void test_files_of_variables_have_a_bound(void **state)
{
    static char big[1024 * 1024 + 2] = "B=", lines[1024];
    const struct stackfile_text file = {"a.yaml", "services: {w: {command: x}}", 27};
    struct stackfile_text env_files[2] = {{"b.env", big, sizeof(big) - 1}, {"c.env", lines, 0}};
    struct stackfile_request request = {.files = &file,
                                        .files_count = 1,
                                        .env_files = env_files,
                                        .env_files_count = 2,
                                        .project_dir = "/srv/shop"};
    struct spec spec;

    (void)state;
    memset(big + 2, 'x', sizeof(big) - 3);
    for (int i = 0; i < 40; i++)
        sprintf(lines + strlen(lines), "A%d=$B\n", i);
    env_files[1].length = strlen(lines);
    faults_init(&faults);
    assert_int_equal(stackfile_load(&request, &spec, &faults), 1);
    assert_int_equal(faults.count, 1);
    assert_non_null(strstr(faults.item[0].what, "longer than 32 MiB"));
    assert_in_range(faults.item[0].at.line, 28, 33);

    lines[0] = '\0'; // a name alone takes the value as often as it is written
    for (int i = 0; i < 40; i++)
        strcat(lines, "B\n");
    env_files[1].length = strlen(lines);
    faults_init(&faults);
    assert_int_equal(stackfile_load(&request, &spec, &faults), 1);
    assert_int_equal(faults.count, 1);
    assert_non_null(strstr(faults.item[0].what, "longer than 32 MiB"));
}

/* The same by names that many services pass through. */
static void test_variables_passed_have_a_bound(void **state)
{
    static char big[1024 * 1024 + 2] = "B=", text[4096] = "services:\n";
    const struct stackfile_text env_file = {"b.env", big, sizeof(big) - 1};
    struct stackfile_text file = {"a.yaml", text, 0};
    struct stackfile_request request = {.files = &file,
                                        .files_count = 1,
                                        .env_files = &env_file,
                                        .env_files_count = 1,
                                        .project_dir = "/srv/shop"};
    struct spec spec;

    (void)state;
    memset(big + 2, 'x', sizeof(big) - 3);
    for (int i = 0; i < 40; i++)
        sprintf(text + strlen(text), "  s%d: {command: x, environment: %s}\n", i,
                i % 2 ? "[B]" : "{B: }");
    file.length = strlen(text);
    faults_init(&faults);
    assert_int_equal(stackfile_load(&request, &spec, &faults), 1);
    assert_int_equal(faults.count, 1);
    assert_non_null(strstr(faults.item[0].what, "longer than 32 MiB"));
}

static int broken_variables(const char *path, char *text, size_t size)
{
    (void)path;
    snprintf(text, size, "A=1\nB B=2\n");
    return 0;
}

/* However many services name a file of variables, what is wrong in it is said once. */
static void test_faults_of_variables_are_said_once(void **state)
{
    struct spec spec;

    (void)state;
    assert_int_equal(load("services:\n"
                          "  a: {command: x, env_file: b.env}\n"
                          "  b: {command: x, env_file: [b.env, b.env]}\n",
                          broken_variables, &spec),
                     1);
    assert_int_equal(faults.count, 1);
    assert_int_equal(faults.item[0].at.line, 2);
}

static int variables_file(const char *path, char *text, size_t size)
{
    (void)path;
    memset(text, '#', size - 1);
    memcpy(text, "A=1\n", 4);
    text[size - 1] = '\0';
    return 0;
}

/* A file of variables may be named by any number of services: it is read once, and what it costs to
 * use it again and again is bounded. */
static void test_env_file_is_read_once(void **state)
{
    static char text[64 * 1024];
    struct spec spec;
    char *to = text;

    (void)state;
    to += sprintf(to, "services:\n");
    for (int i = 0; i < 400; i++)
        to += sprintf(to, "  s%d: {command: x, env_file: a.env}\n", i);
    must_load(text, variables_file, &spec);
    assert_int_equal(reads, 1);
    assert_string_equal(spec.services[399].environment[0].value, "1");
    finish(&spec);
    for (int i = 400; i < 600; i++)
        to += sprintf(to, "  s%d: {command: x, env_file: a.env}\n", i);
    refuse(text, variables_file, "larger than 32 MiB");
    assert_int_equal(reads, 1);
}

static int many_values(const char *path, char *text, size_t size)
{
    if (strstr(path, ".env"))
        return -ENOENT;
    strcpy(text, "x-a: [");
    for (size_t i = 6; i + 8 < size; i += 2)
        strcpy(text + i, "a,");
    strcat(text, "]\n");
    return 0;
}

static void test_values_have_a_bound(void **state)
{
    static char text[4096] = "include: [";

    (void)state;
    for (int i = 0; i < 40; i++)
        sprintf(text + strlen(text), "%d.yaml, ", i);
    strcat(text, "]\n");
    refuse(text, many_values, "more than 1048576 values");
    assert_in_range(reads, 2, 39);
}

/* --- order --- */

static int broken_file(const char *path, char *text, size_t size)
{
    if (strstr(path, ".env"))
        return -ENOENT;
    snprintf(text, size, "services: {x: {command: x, cpus: y}}\nwrong: 1\n");
    return 0;
}

/* The findings of all files in one go, file by file, line by line. */
static void test_faults_are_ordered(void **state)
{
    (void)state;
    refuse("include: [b.yaml]\nservices: {w: {comand: x}}\nalso: 1\n", broken_file, "comand");
    assert_int_equal(faults.errors, 5);
    assert_string_equal(faults.item[0].at.file, "a.yaml");
    assert_int_equal(faults.item[0].at.line, 2);
    assert_int_equal(faults.item[2].at.line, 3);
    assert_string_equal(faults.item[3].at.file, "other.yaml");
    assert_int_equal(faults.item[3].at.line, 1);
    assert_int_equal(faults.item[4].at.line, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_paths_that_are_asked_for),
        cmocka_unit_test(test_extended_file_is_read_once),
        cmocka_unit_test(test_what_cannot_be_read),
        cmocka_unit_test(test_include_bounds),
        cmocka_unit_test(test_extends_bounds),
        cmocka_unit_test(test_merging_has_a_bound),
        cmocka_unit_test(test_variables_have_a_bound),
        cmocka_unit_test(test_files_of_variables_have_a_bound),
        cmocka_unit_test(test_variables_passed_have_a_bound),
        cmocka_unit_test(test_faults_of_variables_are_said_once),
        cmocka_unit_test(test_env_file_is_read_once),
        cmocka_unit_test(test_values_have_a_bound),
        cmocka_unit_test(test_faults_are_ordered),
    };

    return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
