// links: stackfile core -lyaml
/* stackfile/yaml, tree, encoding: text to nodes, with marks, merges and bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stackfile/encoding.h"
#include "stackfile/stackfile.h"
#include "stackfile/yaml.h"

/* One document at a time: it lives until the next. */
static struct arena arena;
static struct faults faults;
static struct yaml_documents documents;
static struct node *root; // of the first document

static int read_bytes_of(const char *text, size_t length)
{
    const struct stackfile_text file = {"a.yaml", text, length};
    int rc;

    arena_finish(&arena);
    arena_init(&arena, 0);
    faults_init(&faults);
    root = NULL;
    rc = yaml_read(&file, &arena, &faults, &documents);
    if (rc == 0 && documents.count > 0)
        root = documents.root[0];
    return rc;
}

static int read_text(const char *text)
{
    return read_bytes_of(text, strlen(text));
}

static int let_go(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

static const struct node *get(const char *key)
{
    const struct node *node = node_get(root, key);

    assert_non_null(node);
    return node;
}

/* Refused with one fault, whose place and words these are. */
static void expect_fault(const char *text, uint32_t line, uint32_t column, const char *what)
{
    assert_int_equal(read_text(text), 1);
    assert_int_equal(faults.errors, 1);
    assert_int_equal(faults.item[0].at.line, line);
    assert_int_equal(faults.item[0].at.column, column);
    if (!strstr(faults.item[0].what, what))
        fail_msg("\"%s\" has no \"%s\"", faults.item[0].what, what);
}

static void test_nodes_and_marks(void **state)
{
    (void)state;
    assert_int_equal(read_text("a: 1\nb:\n  - x\n  - {c: \"2\"}\nkäse: ~\n"), 0);
    assert_int_equal(root->kind, NODE_MAP);
    assert_int_equal(root->count, 3);
    assert_int_equal(get("a")->type, SCALAR_INT);
    assert_int_equal(get("a")->at.line, 1);
    assert_int_equal(get("a")->at.column, 4);
    assert_string_equal(get("a")->at.file, "a.yaml");
    assert_int_equal(get("b")->kind, NODE_LIST);
    assert_int_equal(get("b")->count, 2);
    assert_int_equal(get("b")->items[1]->at.line, 4);
    assert_int_equal(get("b")->items[1]->at.column, 5);
    assert_int_equal(node_get(get("b")->items[1], "c")->type, SCALAR_STRING);
    assert_int_equal(get("käse")->type, SCALAR_NULL);
    assert_int_equal(get("käse")->at.column, 7); // characters, not bytes
    assert_null(node_get(root, "d"));
    assert_null(node_get(get("b"), "d"));
}

static void test_no_document(void **state)
{
    (void)state;
    assert_int_equal(read_text(""), 0);
    assert_null(root);
    assert_int_equal(read_text("# nothing\n\n"), 0);
    assert_null(root);
}

static void test_merge(void **state)
{
    (void)state;
    assert_int_equal(read_text("a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\n"
                               "one: {<<: *a, y: 5}\nlist: {z: 0, <<: [*a, *b]}\n"
                               "nested: {<<: {<<: *b, w: 9}}\nempty: {<<: [], k: v}\n"
                               "text: {\"<<\": *a}\n"),
                     0);
    assert_int_equal(get("one")->count, 2);
    assert_string_equal(node_get(get("one"), "x")->text, "1");
    assert_string_equal(node_get(get("one"), "y")->text, "5");
    assert_int_equal(get("list")->count, 3);
    assert_string_equal(get("list")->pairs[0].key->text, "z"); // written ones first
    assert_string_equal(node_get(get("list"), "z")->text, "0");
    assert_string_equal(node_get(get("list"), "y")->text, "2"); // the earlier alias wins
    assert_int_equal(get("nested")->count, 3);
    assert_string_equal(node_get(get("nested"), "z")->text, "4");
    assert_int_equal(get("empty")->count, 1);
    assert_int_equal(get("text")->count, 1); // in quotes it is a key like any other
    assert_int_equal(node_get(get("text"), "<<")->kind, NODE_MAP);
}

static void test_merge_refused(void **state)
{
    (void)state;
    expect_fault("a: {<<: 1}\n", 1, 9, "<< merges");
    expect_fault("b: &b {x: y}\na: {<<: [*b, 1]}\n", 2, 9, "<< merges");
    expect_fault("b: &b {x: y}\na: {<<: *b, <<: *b}\n", 2, 13, "written twice");
}

static void test_duplicate_keys(void **state)
{
    (void)state;
    expect_fault("a: 1\nb: 2\na: 3\n", 3, 1, "first in line 1");
    expect_fault("x: {a: 1, \"a\": 2}\n", 1, 11, "\"a\" is written twice");
    assert_int_equal(read_text("a: 1\na: 2\nb: 3\nb: 4\na: 5\n"), 1);
    assert_int_equal(faults.errors, 3); // all of them in one go
}

static void test_keys_are_texts(void **state)
{
    (void)state;
    expect_fault("[a]: b\n", 1, 1, "must be a text");
    expect_fault("{a: b}: c\n", 1, 1, "must be a text");
    expect_fault("1: b\n", 1, 1, "a number to YAML");
    expect_fault("a: {true: b}\n", 1, 5, "a boolean to YAML");
    assert_int_equal(read_text("\"1\": b\nyes: c\n"), 0);
}

static void test_anchors(void **state)
{
    (void)state;
    assert_int_equal(read_text("a: &a [1]\nb: *a\nc: &a [2]\nd: *a\n"), 0);
    assert_ptr_equal(get("a"), get("b"));
    assert_ptr_equal(get("c"), get("d")); // the later anchor replaces the earlier
    expect_fault("a: *b\n", 1, 4, "no anchor &b");
    expect_fault("a: &a [*a]\n", 1, 8, "inside of the value");
    expect_fault("a: &defaults x\nb: *default\n", 2, 4, "no anchor");
    assert_string_equal(faults.item[0].remedy, "did you mean *defaults?");
}

static void test_tags(void **state)
{
    (void)state;
    assert_int_equal(read_text("a: !!str 1\nb: !!int 1\nc: ! 1\nd: !!map {}\ne: !!seq []\n"), 0);
    assert_int_equal(get("a")->type, SCALAR_STRING);
    assert_int_equal(get("b")->type, SCALAR_INT);
    assert_int_equal(get("c")->type, SCALAR_STRING);
    assert_int_equal(read_text("a: !reset null\nb: [x, !override [y]]\nc: [x]\n"), 0);
    assert_int_equal(get("a")->tag, NODE_RESET);
    assert_int_equal(get("b")->items[1]->tag, NODE_OVERRIDE);
    assert_int_equal(get("b")->tag, NODE_UNTAGGED);
    assert_true(get("b")->tagged && root->tagged);
    assert_false(get("c")->tagged);
    expect_fault("a: !!int x\n", 1, 4, "not supported");
    expect_fault("a: !!seq {}\n", 1, 4, "not supported");
    expect_fault("a: !mine x\n", 1, 4, "!mine is not supported");
}

static void test_documents(void **state)
{
    char many[8 * (STACKFILE_DOCUMENTS_MAX + 1) + 1] = "";

    (void)state;
    assert_int_equal(read_text("a: &x b\n---\nc: d\n---\n"), 0);
    assert_int_equal(documents.count, 3);
    assert_string_equal(node_get(documents.root[1], "c")->text, "d");
    assert_int_equal(documents.root[2]->type, SCALAR_NULL);
    expect_fault("a: &x b\n---\nc: *x\n", 3, 4, "no anchor"); // each has its own
    assert_int_equal(read_text("---\na: b\n...\n"), 0);
    assert_int_equal(documents.count, 1);
    for (int i = 0; i <= STACKFILE_DOCUMENTS_MAX; i++)
        strcat(many, "--- x\n");
    expect_fault(many, STACKFILE_DOCUMENTS_MAX + 1, 1, "more than 64 documents");
}

static char *repeat(const char *open, size_t count, const char *middle, const char *close)
{
    size_t size = count * (strlen(open) + strlen(close)) + strlen(middle) + 1;
    char *text = malloc(size), *to = text;

    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        to = stpcpy(to, open);
    to = stpcpy(to, middle);
    for (size_t i = 0; i < count; i++)
        to = stpcpy(to, close);
    return text;
}

static void expect_depth(const char *open, const char *close, size_t most)
{
    char *fits = repeat(open, most, "x", close), *deeper = repeat(open, most + 1, "x", close);

    assert_int_equal(read_text(fits), 0);
    assert_int_equal(read_text(deeper), 1);
    assert_non_null(strstr(faults.item[0].what, "nested more than 64 deep"));
    free(fits);
    free(deeper);
}

static void test_depth(void **state)
{
    char *deep = repeat("[", 100000, "", "");

    (void)state;
    expect_depth("[", "]", STACKFILE_DEPTH_MAX);
    expect_depth("{a: ", "}", STACKFILE_DEPTH_MAX);
    assert_int_equal(read_text(deep), 1);
    free(deep);
}

/* Each anchor holds the one before: no walk may go deeper than a text could be nested. */
static void test_depth_of_aliases(void **state)
{
    char text[8192] = "a0: &a0 x\n", line[64];

    (void)state;
    for (int i = 1; i < 63; i++) {
        snprintf(line, sizeof(line), "a%d: &a%d [*a%d]\n", i, i, i - 1);
        strcat(text, line);
    }
    assert_int_equal(read_text(text), 0);
    strcat(text, "b: [[*a62]]\n");
    assert_int_equal(read_text(text), 1);
    assert_non_null(strstr(faults.item[0].what, "nested more than 64 deep"));
}

static void test_alias_bomb(void **state)
{
    char text[8192] = "a0: &a0 [x, x, x, x, x, x, x, x]\n", line[256];

    (void)state;
    for (int i = 1; i < 20; i++) {
        int b = i - 1;
        snprintf(line, sizeof(line), "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n",
                 i, i, b, b, b, b, b, b, b, b);
        strcat(text, line);
    }
    assert_int_equal(read_text(text), 1);
    assert_non_null(strstr(faults.item[0].what, "more than 262144 values"));
    assert_true(arena.used < (size_t)1 << 20);
}

/* The same with merges, which copy pairs, and with one long text. */
static void test_bombs_of_other_kinds(void **state)
{
    char *text = repeat("k", 300000, "", ""), *file = malloc(400000), *to;

    (void)state;
    assert_non_null(file);
    to = stpcpy(stpcpy(file, "a: &a \""), text);
    to = stpcpy(to, "\"\nb: [");
    for (int i = 0; i < 100; i++)
        to = stpcpy(to, "*a, ");
    strcpy(to, "]\n");
    assert_int_equal(read_text(file), 1);
    assert_non_null(strstr(faults.item[0].what, "more than 16 MiB"));

    to = stpcpy(file, "a: &a {");
    for (int i = 0; i < 5000; i++)
        to += sprintf(to, "k%d: v, ", i);
    to = stpcpy(to, "}\nb: [");
    for (int i = 0; i < 1000; i++)
        to = stpcpy(to, "{<<: *a}, ");
    strcpy(to, "]\n");
    assert_int_equal(read_text(file), 1);
    assert_non_null(strstr(faults.item[0].what, "more than 262144 values"));
    free(text);
    free(file);
}

static void test_large_inputs(void **state)
{
    size_t size = STACKFILE_BYTES_MAX + 1;
    char *text = malloc(size);

    (void)state;
    assert_non_null(text);
    memset(text, '#', size);
    assert_int_equal(read_bytes_of(text, size), 1);
    assert_non_null(strstr(faults.item[0].what, "larger than 4 MiB"));
    assert_int_equal(read_bytes_of(text, size - 1), 0); // one long comment
    memset(text, 'x', size);
    assert_int_equal(read_bytes_of(text, STACKFILE_SCALAR_MAX + 1), 1);
    assert_non_null(strstr(faults.item[0].what, "more than 1 MiB"));
    assert_int_equal(read_bytes_of(text, STACKFILE_SCALAR_MAX), 0);
    free(text);
}

static void test_anchors_are_bounded(void **state)
{
    char *text = malloc(64 * 1024), *to = text;

    (void)state;
    assert_non_null(text);
    for (int i = 0; i <= STACKFILE_ANCHORS_MAX; i++)
        to += sprintf(to, "- &a%d x\n", i);
    assert_int_equal(read_text(text), 1);
    assert_int_equal(faults.item[0].at.line, STACKFILE_ANCHORS_MAX + 1);
    assert_non_null(strstr(faults.item[0].what, "1024 anchors"));
    free(text);
}

static void test_encoding(void **state)
{
    (void)state;
    assert_int_equal(read_bytes_of("a: b\0c\n", 7), 1);
    assert_non_null(strstr(faults.item[0].what, "NUL byte"));
    assert_int_equal(faults.item[0].at.column, 5);
    expect_fault("a: ä\nb: \xff\n", 2, 4, "0xff is not UTF-8");
    expect_fault("a: \xc0\x80\n", 1, 4, "not UTF-8");         // overlong
    expect_fault("a: \xed\xa0\x80\n", 1, 4, "not UTF-8");     // a surrogate
    expect_fault("a: \xf4\x90\x80\x80\n", 1, 4, "not UTF-8"); // beyond Unicode
    expect_fault("a: \xc3", 1, 4, "not UTF-8");               // cut off
    expect_fault("a: \x07\n", 1, 4, "control character U+0007");
    expect_fault("a: \xc2\x80\n", 1, 4, "control character U+0080");
    expect_fault("a: # b \xe2\x80\xa8  c: d\n", 1, 8, "U+2028 is in the file, a line end");
    expect_fault("a:\rb: \xc2\x85\n", 2, 4, "U+0085 is in the file, a line end");
    expect_fault("\xff\xfe", 1, 1, "UTF-16");
    expect_fault("a: \xff\xfe", 1, 4, "byte 0xff is not UTF-8");
    expect_fault("a: \"\\0\"\n", 1, 4, "NUL character");
    assert_int_equal(read_text("\xef\xbb\xbf"
                               "a: \"\\u2028 \\x01\"\n"),
                     0);
    assert_string_equal(get("a")->text, "\xe2\x80\xa8 \x01");
}

static void test_syntax(void **state)
{
    (void)state;
    expect_fault("a:\n\tb: c\n", 2, 1, "a tab cannot indent");
    expect_fault("a: \"b\nc: d\n", 1, 4, "a quote is not closed");
    expect_fault("a: [b, c\nd: e\n", 2, 2, "does not end");
    expect_fault("a: b: c\n", 1, 5, "cannot stand here");
    expect_fault("a: b\n  c: d\n", 2, 4, "cannot stand here");
    expect_fault("a: @b\n", 1, 4, "cannot start with this");
    expect_fault("a: [b, ,]\n", 1, 8, "a value was expected here");
    expect_fault("a: \"\\ud83d\"\n", 1, 7, "no character");
    expect_fault("a: \"\\uxy\"\n", 1, 7, "without its digits");
    expect_fault("a: |x\n", 1, 5, "follows | or >");
    expect_fault("a: |0\n", 1, 5, "indentation of 0");
    expect_fault("%YAML 3.0\n---\na: b\n", 1, 1, "version of YAML");
    expect_fault("%FOO\n---\na: b\n", 1, 5, "starts with %");
    for (size_t i = 0; i < faults.count; i++)
        assert_true(strlen(faults.item[i].remedy) > 0);
}

/* Memory that runs out is told apart from a faulty file. */
static void test_no_memory(void **state)
{
    static const char text[] = "a: &a {b: [c, d]}\ne: {<<: *a}\n";
    const struct stackfile_text file = {"a.yaml", text, sizeof(text) - 1};

    (void)state;
    for (size_t limit = 16; limit < 2048; limit += 16) {
        struct yaml_documents unset = {.count = 0};
        struct arena small;
        int rc;

        arena_init(&small, limit);
        faults_init(&faults);
        rc = yaml_read(&file, &small, &faults, &unset);
        assert_true(rc == 0 || rc == -12);
        assert_int_equal(faults.count, 0);
        assert_int_equal(rc == 0, unset.count == 1);
        arena_finish(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nodes_and_marks),
        cmocka_unit_test(test_no_document),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_merge_refused),
        cmocka_unit_test(test_duplicate_keys),
        cmocka_unit_test(test_keys_are_texts),
        cmocka_unit_test(test_anchors),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_depth_of_aliases),
        cmocka_unit_test(test_alias_bomb),
        cmocka_unit_test(test_bombs_of_other_kinds),
        cmocka_unit_test(test_large_inputs),
        cmocka_unit_test(test_anchors_are_bounded),
        cmocka_unit_test(test_encoding),
        cmocka_unit_test(test_syntax),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests_name("stackfile_yaml", tests, NULL, let_go);
}
