// links: stackfile core -lyaml
/* stackfile: what a loader promises beside the golden files (tests/golden). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stackfile/keys.h"
#include "stackfile/stackfile.h"

static struct faults faults;

static int load(const char *text, struct spec *ret_spec)
{
    struct stackfile_text file = {"a.yaml", text, strlen(text)};
    struct stackfile_request request = {.files = &file,
                                        .files_count = 1,
                                        .project_dir = "/srv/shop",
                                        .lowering_oom_score_allowed = true};

    faults_init(&faults);
    return stackfile_load(&request, ret_spec, &faults);
}

static void must_load(const char *text, struct spec *ret_spec)
{
    if (load(text, ret_spec) != 0)
        fail_msg("%u:%u: %s in\n%s", faults.item[0].at.line, faults.item[0].at.column,
                 faults.item[0].what, text);
}

/* --- what is promised of a load --- */

static void test_values_and_marks(void **state)
{
    struct spec spec;
    const struct spec_service *web;

    (void)state;
    must_load("services:\n  web:\n    command: serve -v\n    mem_limit: 512m\n"
              "    environment:\n      B:\n      A: 1\n    user: www\n",
              &spec);
    assert_string_equal(spec.name, "shop");
    assert_false(spec.name_written);
    assert_string_equal(spec.file, "a.yaml");
    assert_string_equal(spec.project_dir, "/srv/shop");
    assert_int_equal(spec.services_count, 1);
    web = &spec.services[0];
    assert_string_equal(web->name, "web");
    assert_int_equal(web->at.line, 2);
    assert_int_equal(web->at.column, 3);
    assert_string_equal(web->at.file, "a.yaml");
    assert_true(web->command.set);
    assert_int_equal(web->command.count, 2);
    assert_string_equal(web->command.item[1], "-v");
    assert_null(web->command.item[2]);
    assert_int_equal(web->mem_limit_bytes.value, INT64_C(512) << 20);
    assert_int_equal(web->mem_limit_bytes.at.line, 4);
    assert_int_equal(web->mem_limit_bytes.at.column, 16);
    assert_int_equal(web->environment_count, 2);
    assert_string_equal(web->environment[0].name, "A"); // sorted
    assert_string_equal(web->environment[0].value, "1");
    assert_null(web->environment[1].value);
    assert_string_equal(web->user.value, "www");
    assert_null(web->working_dir.value);
    assert_int_equal(web->restart, SPEC_RESTART_ON_FAILURE);
    assert_false(web->restart_set);
    assert_false(web->memswap_limit_bytes.set);
    assert_false(web->backoff.set);
    spec_finish(&spec);
}

static void test_deploy_is_the_same_limit(void **state)
{
    struct spec spec;
    const struct spec_service *web;

    (void)state;
    must_load("services: {web: {command: x, deploy: {resources: {limits: {memory: 1g, cpus: 0.5, "
              "pids: 9}, reservations: {memory: 1m}}}}}\n",
              &spec);
    web = &spec.services[0];
    assert_int_equal(web->mem_limit_bytes.value, INT64_C(1) << 30);
    assert_int_equal(web->cpus_milli.value, 500);
    assert_int_equal(web->pids_limit.value, 9);
    assert_int_equal(web->mem_reservation_bytes.value, INT64_C(1) << 20);
    spec_finish(&spec);
}

static void test_name(void **state)
{
    static const char text[] = "name: written\nservices: {web: {command: x}}\n";
    const struct stackfile_text file = {"a.yaml", text, sizeof(text) - 1};
    struct stackfile_request request = {.files = &file, .files_count = 1};
    struct spec spec;

    (void)state;
    faults_init(&faults);
    request.project_dir = "/srv/folder";
    assert_int_equal(stackfile_load(&request, &spec, &faults), 0);
    assert_string_equal(spec.name, "written");
    assert_true(spec.name_written);
    spec_finish(&spec);
    request.project_name = "asked-for";
    assert_int_equal(stackfile_load(&request, &spec, &faults), 0);
    assert_string_equal(spec.name, "asked-for");
    spec_finish(&spec);
    request.project_name = "Not good";
    assert_int_equal(stackfile_load(&request, &spec, &faults), 1);
}

static void test_refusal_writes_no_spec(void **state)
{
    struct spec spec, before;

    (void)state;
    memset(&before, 0x5a, sizeof(before));
    memcpy(&spec, &before, sizeof(spec));
    assert_int_equal(load("services: {web: {comand: x}}\n", &spec), 1);
    assert_memory_equal(&spec, &before, sizeof(spec));
}

/* Several files may report into one list: earlier faults stay, and are not taken for ours. */
static void test_faults_of_the_caller_stay(void **state)
{
    static const char text[] = "services: {web: {command: x, mem_limit: y, cpus: z}}\n";
    struct stackfile_text file = {"a.yaml", text, sizeof(text) - 1};
    struct stackfile_request request = {
        .files = &file, .files_count = 1, .project_dir = "/srv/shop"};
    struct spec spec;

    (void)state;
    faults_init(&faults);
    faults_add(&faults, FAULT_ERROR, (struct mark){.line = 99}, NULL, "earlier");
    assert_int_equal(stackfile_load(&request, &spec, &faults), 1);
    assert_int_equal(faults.errors, 3);
    assert_string_equal(faults.item[0].what, "earlier");
    assert_int_equal(faults.item[1].at.column, 41);
    file.text = "services: {web: {command: x}}\n";
    file.length = strlen(file.text);
    assert_int_equal(stackfile_load(&request, &spec, &faults), 0);
    spec_finish(&spec);
}

/* The text ends where it ends, even in front of more of it. */
static void test_length_is_respected(void **state)
{
    static const char text[] = "services: {web: {command: x}}\n}}} more";
    const struct stackfile_text file = {"a.yaml", text, 30};
    struct stackfile_request request = {
        .files = &file, .files_count = 1, .project_dir = "/srv/shop"};
    struct spec spec;

    (void)state;
    faults_init(&faults);
    assert_int_equal(stackfile_load(&request, &spec, &faults), 0);
    spec_finish(&spec);
}

/* Each row is found, has what its class needs, and so do the tables inside it. */
static void expect_whole(const struct key_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct key_row *row = &table->row[i];

        assert_ptr_equal(keys_find(table, row->key), row);
        if (i > 0)
            assert_true(strcmp(table->row[i - 1].key, row->key) < 0);
        if (row->class != KEY_NO_EFFECT)
            assert_int_equal(row->class == KEY_HONOURED, row->read != NULL);
        assert_int_equal(row->class == KEY_HONOURED, row->about != NULL);
        assert_int_equal(row->class == KEY_HONOURED, row->shape != SHAPE_NONE);
        assert_int_equal(row->shape >= SHAPE_FILE, row->inner != NULL);
        assert_int_equal(row->class == KEY_LATER || row->class == KEY_REFUSED, row->remedy != NULL);
        if (row->inner)
            expect_whole(row->inner);
    }
}

static void test_tables(void **state)
{
    (void)state;
    expect_whole(&keys_top);
    assert_int_equal(keys_service.count, 92 + 2); // the schema's, pre_start and x-bulkhead
}

/* --- the manual names every key in the section of its class --- */

static char manual[64 * 1024];

static const char *section(const char *name, char *ret_text)
{
    const char *start = strstr(manual, name), *end;

    assert_non_null(start);
    end = strstr(start, "\n.Sh ");
    assert_non_null(end);
    sprintf(ret_text, "%.*s", (int)(end - start), start);
    return ret_text;
}

static bool has_word(const char *text, const char *word)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_-";

    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        if (!strchr(letters, at[-1]) && (!at[strlen(word)] || !strchr(letters, at[strlen(word)])))
            return true;
    return false;
}

static void expect_in_manual(const struct key_table *table)
{
    static const char *const names[] = {[KEY_HONOURED] = ".Sh DESCRIPTION",
                                        [KEY_NO_EFFECT] = ".Sh KEYS WITHOUT EFFECT",
                                        [KEY_LATER] = ".Sh KEYS NOT YET SUPPORTED",
                                        [KEY_REFUSED] = ".Sh KEYS NOT SUPPORTED"};
    static char text[sizeof(manual)];

    for (size_t i = 0; i < table->count; i++)
        if (!has_word(section(names[table->row[i].class], text), table->row[i].key))
            fail_msg("%s is not in \"%s\"", table->row[i].key, names[table->row[i].class]);
}

static void test_manual(void **state)
{
    FILE *file = fopen("man/bulkhead.yaml.5", "r");

    (void)state;
    assert_non_null(file);
    assert_true(fread(manual, 1, sizeof(manual) - 1, file) > 0);
    fclose(file);
    expect_in_manual(&keys_top);
    expect_in_manual(&keys_service);
    expect_in_manual(&keys_deploy);
    expect_in_manual(&keys_bulkhead);
}

/* --- the reference stack has every key that is honoured --- */

static bool has_key(const char *text, const char *key)
{
    char line[96];

    snprintf(line, sizeof(line), "%s:", key);
    for (const char *at = strstr(text, line); at; at = strstr(at + 1, line))
        if (at > text && strchr(" {\n", at[-1]))
            return true;
    return false;
}

static void expect_in_reference(const struct key_table *table, const char *text)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->row[i].class == KEY_HONOURED && !has_key(text, table->row[i].key))
            fail_msg("configs/bulkhead.yaml has no %s%s", table->prefix, table->row[i].key);
        if (table->row[i].inner)
            expect_in_reference(table->row[i].inner, text);
    }
}

static void test_reference(void **state)
{
    static char text[32 * 1024];
    FILE *file = fopen("configs/bulkhead.yaml", "r");

    (void)state;
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    expect_in_reference(&keys_top, text);
}

/* 4096 services in one chain: deep, and still no more than the walk can bear. */
static void test_long_chain(void **state)
{
    char *text = malloc(512 * 1024), *to = text;
    struct spec spec;

    (void)state;
    assert_non_null(text);
    to = stpcpy(to, "services:\n  s0: {command: x}\n");
    for (int i = 1; i < 4096; i++)
        to += sprintf(to, "  s%d: {command: x, depends_on: [s%d]}\n", i, i - 1);
    must_load(text, &spec);
    assert_int_equal(spec.services_count, 4096);
    spec_finish(&spec);
    sprintf(to, "  more: {command: x}\n");
    assert_int_equal(load(text, &spec), 1);
    assert_non_null(strstr(faults.item[0].what, "4097 services"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_and_marks),
        cmocka_unit_test(test_deploy_is_the_same_limit),
        cmocka_unit_test(test_name),
        cmocka_unit_test(test_refusal_writes_no_spec),
        cmocka_unit_test(test_faults_of_the_caller_stay),
        cmocka_unit_test(test_length_is_respected),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_manual),
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_long_chain),
    };

    return cmocka_run_group_tests_name("stackfile", tests, NULL, NULL);
}
