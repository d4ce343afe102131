// links: stackfile core -lyaml
/* stackfile/merge, merge_rules, merge_forms: documents merged over others. The triples of
 * ../shared/data/compose-snippets/merge are run where they are; without them that test is
 * skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <glob.h>

#include "stackfile/merge.h"
#include "stackfile/merge_forms.h"
#include "stackfile/yaml.h"

#define TRIPLES "../shared/data/compose-snippets/merge/"

static struct arena arena;
static struct faults faults;
static struct merger merger;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    faults_init(&faults);
    merger = (struct merger){.arena = &arena, .faults = &faults};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

static struct node *parse(const char *name, const char *text)
{
    const struct stackfile_text file = {name, text, strlen(text)};
    struct yaml_documents documents;

    if (yaml_read(&file, &arena, &faults, &documents) != 0)
        fail_msg("%s:%u: %s", name, faults.item[0].at.line, faults.item[0].what);
    assert_int_equal(documents.count, 1);
    return documents.root[0];
}

/* --- a tree as a text in which equal stacks are equal --- */

static char *out;

static void dump(struct node *node, const struct merge_rule *rule);

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct node_pair *)a)->key->text,
                  ((const struct node_pair *)b)->key->text);
}

static void dump_map(struct node *map, const struct merge_rule *table)
{
    struct node_pair *pairs = calloc(map->count + 1, sizeof(*pairs));

    assert_non_null(pairs);
    if (map->count)
        memcpy(pairs, map->pairs, map->count * sizeof(*pairs));
    qsort(pairs, map->count, sizeof(*pairs), by_key);
    out = stpcpy(out, "{");
    for (size_t i = 0; i < map->count; i++) {
        out += sprintf(out, "%s: ", pairs[i].key->text);
        dump(pairs[i].value, merge_rule_find(table, pairs[i].key->text));
        out = stpcpy(out, ", ");
    }
    out = stpcpy(out, "}");
    free(pairs);
}

static void dump(struct node *node, const struct merge_rule *rule)
{
    enum merge_how how = rule ? rule->how : MERGE_DEEP;

    if (how == MERGE_PAIRS || how == MERGE_NAMES || how == MERGE_DEPENDS_ON || how == MERGE_BUILD)
        node = merge_as_map(&merger, node, how);
    if (how == MERGE_HOSTS || how == MERGE_LIST || how == MERGE_UNIQUE)
        node = merge_as_list(&merger, node, how);
    assert_non_null(node);
    if (node->kind == NODE_MAP) {
        dump_map(node, rule ? rule->below : NULL);
    } else if (node->kind == NODE_LIST) {
        out = stpcpy(out, "[");
        for (size_t i = 0; i < node->count; i++) {
            dump(node->items[i], NULL);
            out = stpcpy(out, ", ");
        }
        out = stpcpy(out, "]");
    } else {
        out = stpcpy(out, node->type == SCALAR_NULL ? "~" : node->text);
    }
}

static const char *dumped(struct node *document, char text[8192])
{
    const struct merge_rule root = {"", MERGE_DEEP, 0, merge_rules_document};

    out = text;
    dump(document, &root);
    return text;
}

static struct node *merge(const char *base, const char *over)
{
    struct node *first = merge_documents(&merger, NULL, parse("base.yaml", base));

    assert_non_null(first);
    return merge_documents(&merger, first, parse("over.yaml", over));
}

static void expect(const char *base, const char *over, const char *expected)
{
    char left[8192], right[8192];
    struct node *merged = merge(base, over);

    if (faults.errors)
        fail_msg("%s", faults.item[0].what);
    assert_non_null(merged);
    assert_string_equal(dumped(merged, left), dumped(parse("expected.yaml", expected), right));
}

/* --- upstream's triples --- */

static char *read_file(const char *path, const char *suffix)
{
    char name[512], *text = calloc(1, 64 * 1024);
    FILE *file;

    snprintf(name, sizeof(name), "%s%s", path, suffix);
    file = fopen(name, "r");
    assert_non_null(text);
    assert_non_null(file);
    assert_true(fread(text, 1, 64 * 1024 - 1, file) > 0);
    fclose(file);
    return text;
}

static void test_triples(void **state)
{
    glob_t found;

    (void)state;
    if (glob(TRIPLES "*.base.yaml", 0, NULL, &found) != 0) {
        print_message("# no " TRIPLES "\n");
        skip();
    }
    assert_true(found.gl_pathc >= 30);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char *path = found.gl_pathv[i], *base, *over, *expected;

        path[strlen(path) - strlen(".base.yaml")] = '\0';
        base = read_file(path, ".base.yaml");
        over = read_file(path, ".override.yaml");
        expected = read_file(path, ".expected.yaml");
        setup(NULL);
        print_message("# %s\n", strrchr(path, '/') + 1);
        expect(base, over, expected);
        teardown(NULL);
        free(base);
        free(over);
        free(expected);
    }
    globfree(&found);
}

/* --- by hand --- */

static void test_kinds(void **state)
{
    (void)state;
    expect("a: {b: 1, c: [x], d: {e: 1}}\n", "a: {b: 2, c: [y], d: {f: 2}, g: 3}\n",
           "a: {b: 2, c: [x, y], d: {e: 1, f: 2}, g: 3}\n");
    expect("a: {b: 1}\nc: 1\n", "a:\nc:\n", "a: {b: 1}\nc: 1\n"); // nothing takes nothing away …
    expect("a:\n", "a: {b: 1}\n", "a: {b: 1}\n");
    expect("services: {w: {command: [a, b], entrypoint: x}}\n",
           "services: {w: {command: [c], entrypoint: }}\n",
           "services: {w: {command: [c], entrypoint: }}\n"); // … but where it replaces
}

static void test_order_is_kept(void **state)
{
    struct node *merged;

    (void)state;
    merged = merge("z: 1\na: 1\n", "m: 1\na: 2\n");
    assert_int_equal(merged->count, 3);
    assert_string_equal(merged->pairs[0].key->text, "z");
    assert_string_equal(merged->pairs[1].value->text, "2");
    assert_string_equal(merged->pairs[2].key->text, "m");
    assert_int_equal(merged->nodes, 7);
}

static void test_depends_on(void **state)
{
    (void)state;
    expect("services: {w: {depends_on: [a, b]}}\n",
           "services: {w: {depends_on: {b: {condition: service_healthy}, c: {restart: true}}}}\n",
           "services: {w: {depends_on: {a: {condition: service_started, required: true}, "
           "b: {condition: service_healthy, required: true}, c: {restart: true}}}}\n");
}

/* A command is one thing, wherever it stands. */
static void test_commands_are_replaced(void **state)
{
    (void)state;
    expect("x-bulkhead: {on_hold: {command: [a, b], user: u}}\n"
           "services: {w: {command: [a, b], x-bulkhead: {on_oom: {command: [a, b], user: u}}}}\n",
           "x-bulkhead: {on_hold: {command: [c]}}\n"
           "services: {w: {command: [c], x-bulkhead: {on_oom: {command: [c]}}}}\n",
           "x-bulkhead: {on_hold: {command: [c], user: u}}\n"
           "services: {w: {command: [c], x-bulkhead: {on_oom: {command: [c], user: u}}}}\n");
}

static void test_entries(void **state)
{
    (void)state;
    expect("services: {w: {ports: [80, {target: 1, published: 2}], volumes: [a:/a, b:/b:ro], "
           "env_file: a, secrets: [s, {source: t}], expose: [1]}}\n",
           "services: {w: {ports: [81, {target: 1, published: 2, protocol: tcp}], "
           "volumes: [{source: c, target: /b}], env_file: [{path: a, required: false}, b], "
           "secrets: [{source: s, mode: 1}, t], expose: [1, 2]}}\n",
           "services: {w: {ports: [80, {target: 1, published: 2, protocol: tcp}, 81], "
           "volumes: [a:/a, {source: c, target: /b}], env_file: [{path: a, required: false}, b], "
           "secrets: [{source: s, mode: 1}, t], expose: [1, 2]}}\n");
}

static void test_tags(void **state)
{
    (void)state;
    expect("a: {b: 1, c: {d: 1}, e: [x, y], f: 1}\nz: 1\n",
           "a: {b: !reset null, c: !override {g: 2}, e: !override [z], f: !reset {h: 1}}\n"
           "z: !reset []\nnew: !reset 1\n",
           "a: {c: {g: 2}, e: [z]}\n");
    expect("a: {b: !reset 1, c: !override 2, d: [1, !reset 2]}\n", "{}\n", "a: {c: 2, d: [1]}\n");
    expect("services: {w: {environment: {A: 1, B: 2}}}\n",
           "services: {w: {environment: {A: !reset null}}}\n",
           "services: {w: {environment: {B: 2}}}\n");
}

static void test_kept_tags_work_once_more(void **state)
{
    char left[8192], right[8192];
    struct node *base = parse("a", "p: {q: 1}\n"), *middle, *merged;

    (void)state;
    merger.keep_tags = true;
    middle = merge_documents(&merger, parse("b", "p: {r: 2, q: 3}\n"),
                             parse("c", "p: {q: !reset null}\n"));
    merger.keep_tags = false;
    assert_true(middle->tagged);
    merged = merge_documents(&merger, base, middle);
    assert_string_equal(dumped(merged, left), dumped(parse("d", "p: {r: 2}\n"), right));
}

/* What both have is shared, and neither is changed. */
static void test_nothing_is_changed_in_place(void **state)
{
    char before[8192], after[8192];
    struct node *base = parse("a", "services: {w: {environment: [A=1], ports: [1], x: {y: 1}}}\n");
    struct node *over = parse("b", "services: {w: {environment: {B: 2}, ports: [2]}}\n");
    struct node *merged;

    (void)state;
    dumped(base, before);
    merged = merge_documents(&merger, base, over);
    assert_string_equal(dumped(base, after), before);
    assert_int_equal(over->pairs[0].value->pairs[0].value->count, 2);
    assert_ptr_equal(node_get(node_get(node_get(merged, "services"), "w"), "x"),
                     node_get(node_get(node_get(base, "services"), "w"), "x"));
}

static void test_what_has_nothing_in_common(void **state)
{
    (void)state;
    (void)merge("services: {w: {ports: [1], build: {context: x}, labels: [a]}}\nn: {}\n",
                "services: {w: {ports: {}, build: [x], labels: text}}\nn: []\n");
    assert_int_equal(faults.errors, 4);
    assert_non_null(strstr(faults.item[0].what,
                           "services.w.ports cannot be merged: a mapping here, "
                           "and a list in base.yaml:1"));
    assert_string_equal(faults.item[0].at.file, "over.yaml");
}

static void test_repeated_in_a_list(void **state)
{
    (void)state;
    (void)merge("services: {w: {environment: {A: 1}}}\n",
                "services: {w: {environment: [B=1, B=2]}}\n");
    assert_int_equal(faults.errors, 1);
    assert_non_null(strstr(faults.item[0].what, "written twice"));
}

/* Keys by the thousand are found in n log n, and what merging makes has a bound. */
static void test_bounds(void **state)
{
    const size_t count = 20000;
    char *text = malloc(16 * count), *to = text;
    struct node *base, *merged = NULL;
    int rounds = 0;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        to += sprintf(to, "k%zu: %zu\n", i, i);
    base = parse("a", text);
    for (; !merger.refused && rounds < 1000; rounds++)
        merged = merge_documents(&merger, base, parse("b", "k1: 0\nk20001: 1\n"));
    assert_true(rounds > 10 && rounds < 1000);
    assert_null(merged);
    assert_int_equal(faults.errors, 1);
    teardown(NULL);
    setup(NULL);
    merged = merge_documents(&merger, parse("a", text), parse("b", text));
    assert_int_equal(merged->count, count);
    free(text);
}

#define WITH_SETUP(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_triples),
        WITH_SETUP(test_kinds),
        WITH_SETUP(test_order_is_kept),
        WITH_SETUP(test_depends_on),
        WITH_SETUP(test_commands_are_replaced),
        WITH_SETUP(test_entries),
        WITH_SETUP(test_tags),
        WITH_SETUP(test_kept_tags_work_once_more),
        WITH_SETUP(test_nothing_is_changed_in_place),
        WITH_SETUP(test_what_has_nothing_in_common),
        WITH_SETUP(test_repeated_in_a_list),
        WITH_SETUP(test_bounds),
    };

    return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
