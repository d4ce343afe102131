// links: tests/unit/vectors.o stackfile core -lyaml
/* The shared value vectors, row by row, as values of keys in a stack file. A row in which a stack
 * file means something else than under Compose is in `differences`, with the reason;
 * bulkhead.yaml(5) has them, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stackfile/stackfile.h"
#include "tests/unit/vectors.h"

#define REFUSED INT64_MIN // a stack file that does not load
#define UNSET   (INT64_MIN + 1)

static const struct difference {
    const char *vectors, *row; // the row's value as it stands in the file
    int64_t value;
    const char *reason;
} differences[] = {
    {"bytes", "-32", REFUSED, "a size is not negative"},
    {"bytes", "0", UNSET, "no limit"},
    {"durations", "-1s", REFUSED, "a time is not negative"},
    {"cpu_shares", "999999", REFUSED, "beyond what the kernel tells apart"},
};

static int64_t expected_of(const char *vectors, const char *row, int64_t value)
{
    for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++)
        if (strcmp(differences[i].vectors, vectors) == 0 && strcmp(differences[i].row, row) == 0)
            return differences[i].value;
    return value;
}

/* --- a service with some keys --- */

static struct spec loaded;

/* The only service of the stack file, to be given back with spec_finish(&loaded); NULL: refused. */
static const struct spec_service *service_with(const char *keys)
{
    char text[2048];
    struct stackfile_text file = {.name = "a.yaml", .text = text};
    struct stackfile_request request = {
        .files = &file, .files_count = 1, .project_dir = "/srv/shop"};
    struct faults faults;

    file.length = (size_t)snprintf(text, sizeof(text), "services: {a: {%s}}\n", keys);
    faults_init(&faults);
    return stackfile_load(&request, &loaded, &faults) == 0 ? &loaded.services[0] : NULL;
}

static int64_t value_of(const struct spec_int *value)
{
    return value->set ? value->value : UNSET;
}

/* What `key: "text"` comes to, where get() finds it. The text is in YAML's double quotes, of whose
 * escapes those of the vectors are a part. */
static int64_t load_value(const char *key, const char *text,
                          const struct spec_int *get(const struct spec_service *service))
{
    char keys[1200];
    const struct spec_service *service;
    int64_t value = REFUSED;

    snprintf(keys, sizeof(keys), "command: x, %s: \"%s\"", key, text);
    service = service_with(keys);
    if (!service)
        return REFUSED;
    value = value_of(get(service));
    spec_finish(&loaded);
    return value;
}

static const struct spec_int *get_memory(const struct spec_service *service)
{
    return &service->mem_limit_bytes;
}

static const struct spec_int *get_grace(const struct spec_service *service)
{
    return &service->stop_grace_period_ns;
}

static const struct spec_int *get_shares(const struct spec_service *service)
{
    return &service->cpu_shares;
}

static const struct spec_int *get_cpus(const struct spec_service *service)
{
    return &service->cpus_milli;
}

static void expect(const char *vectors, const char *row, int64_t got, int64_t upstream)
{
    int64_t value = expected_of(vectors, row, upstream);

    if (got != value)
        fail_msg("%s \"%s\": %lld, not %lld", vectors, row, (long long)got, (long long)value);
}

/* --- the vectors --- */

static int64_t number_of(const struct vector_row *row)
{
    return strcmp(row->column[0], "ok") == 0 ? strtoll(row->column[2], NULL, 10) : REFUSED;
}

static void test_bytes(void **state)
{
    FILE *file = vectors_open("bytes");
    struct vector_row row;

    (void)state;
    while (vectors_next(file, &row))
        expect("bytes", row.column[1], load_value("mem_limit", row.column[1], get_memory),
               number_of(&row));
    fclose(file);
}

static void test_durations(void **state)
{
    FILE *file = vectors_open("durations");
    struct vector_row row;

    (void)state;
    while (vectors_next(file, &row))
        expect("durations", row.column[1],
               load_value("stop_grace_period", row.column[1], get_grace), number_of(&row));
    fclose(file);
}

static void test_cpu_shares(void **state)
{
    FILE *file = vectors_open("cpu_shares");
    struct vector_row row;

    (void)state;
    while (vectors_next(file, &row))
        expect("cpu_shares", row.column[0], load_value("cpu_shares", row.column[0], get_shares),
               strtoll(row.column[0], NULL, 10));
    fclose(file);
}

/* The quota of 100 ms is 100 times the thousandths of a CPU. */
static void test_cpus(void **state)
{
    FILE *file = vectors_open("cpus");
    struct vector_row row;

    (void)state;
    while (vectors_next(file, &row)) {
        bool unlimited = strncmp(row.column[1], "max", 3) == 0;
        int64_t quota = strtoll(row.column[1], NULL, 10);

        assert_int_equal(quota % 100, 0);
        expect("cpus", row.column[0], load_value("cpus", row.column[0], get_cpus),
               unlimited ? UNSET : quota / 100);
    }
    fclose(file);
}

/* memory.max and memory.swap.max that the limits come to; UNSET: none is written. */
static void limits_of(const struct spec_service *service, int64_t *ret_max, int64_t *ret_swap)
{
    const struct spec_int *memory = &service->mem_limit_bytes;
    const struct spec_int *both = &service->memswap_limit_bytes;

    *ret_max = value_of(memory);
    *ret_swap = both->set && both->value != SPEC_UNLIMITED ? both->value - memory->value
                : both->set                                ? SPEC_UNLIMITED
                : memory->set                              ? 0
                                                           : UNSET;
}

/* Rows where Docker's default is as much swap as memory, and ours none. */
static bool swap_is_default(const struct vector_row *row)
{
    return !*row->column[1] || strcmp(row->column[1], "0") == 0;
}

static void expect_limits(const struct vector_row *row)
{
    bool below_engine = strcmp(row->column[0], "5m") == 0; // Docker's least is 6 MiB; ours is not
    bool refused = strcmp(row->column[2], "error") == 0 && !below_engine;
    const struct spec_service *service;
    int64_t max, swap;
    char keys[256];

    snprintf(keys, sizeof(keys), "command: x%s%s%s%s", *row->column[0] ? ", mem_limit: " : "",
             row->column[0], *row->column[1] ? ", memswap_limit: " : "", row->column[1]);
    service = service_with(keys);
    if (refused != !service)
        fail_msg("%s: %s", keys, service ? "was accepted" : "was refused");
    if (!service)
        return;
    limits_of(service, &max, &swap);
    if (!below_engine && strcmp(row->column[2], "(unset)") != 0)
        assert_int_equal(max, strtoll(row->column[2], NULL, 10));
    if (swap_is_default(row))
        assert_int_equal(swap, 0);
    else if (strcmp(row->column[3], "max") == 0)
        assert_int_equal(swap, SPEC_UNLIMITED);
    else
        assert_int_equal(swap, strtoll(row->column[3], NULL, 10));
    spec_finish(&loaded);
}

static void test_memswap(void **state)
{
    FILE *file = vectors_open("memswap");
    struct vector_row row;

    (void)state;
    while (vectors_next(file, &row))
        expect_limits(&row);
    fclose(file);
}

/* The words again as a list in JSON, which is YAML. */
static void expect_same_words(const struct vector_row *row)
{
    struct spec split;
    const struct spec_service *list;
    char keys[1200];

    split = loaded;
    snprintf(keys, sizeof(keys), "command: %s", row->column[2]);
    list = service_with(keys);
    assert_non_null(list);
    assert_int_equal(list->command.count, split.services[0].command.count);
    for (size_t i = 0; i < list->command.count; i++)
        assert_string_equal(list->command.item[i], split.services[0].command.item[i]);
    spec_finish(&loaded);
    spec_finish(&split);
}

/* In YAML's single quotes. */
static void quote(const char *text, char *to)
{
    for (*to++ = '\''; *text; text++) {
        if (*text == '\'')
            *to++ = '\'';
        *to++ = *text;
    }
    *to++ = '\'';
    *to = '\0';
}

static void test_words(void **state)
{
    FILE *file = vectors_open("shellwords");
    struct vector_row row;

    (void)state;
    while (vectors_next(file, &row)) {
        char keys[1200] = "command: ";
        bool ok = strcmp(row.column[0], "ok") == 0; // and what Compose cuts off is refused

        vectors_unescape(row.column[1]);
        vectors_unescape(row.column[2]);
        quote(row.column[1], keys + strlen(keys));
        if (ok != (service_with(keys) != NULL))
            fail_msg("%s: %s", keys, ok ? "was refused" : "was accepted");
        if (ok)
            expect_same_words(&row);
    }
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),   cmocka_unit_test(test_durations),
        cmocka_unit_test(test_cpus),    cmocka_unit_test(test_cpu_shares),
        cmocka_unit_test(test_memswap), cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests_name("stackfile_vectors", tests, NULL, NULL);
}
