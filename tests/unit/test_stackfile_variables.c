// links: stackfile core -lyaml -ljansson
/* stackfile/variables, template, dotenv: variables and texts with variables in them. The rows of
 * ../shared/data/vectors are run where they are; without them those two tests are skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "stackfile/dotenv.h"
#include "stackfile/template.h"
#include "stackfile/variables.h"

#define VECTORS "../shared/data/vectors/"

static struct arena arena;
static struct variables variables;
static struct template template;
static struct faults faults;
static char unset[256];

static void note_unset(void *self, const char *name, size_t length)
{
    (void)self;
    if (*unset)
        strcat(unset, ",");
    strncat(unset, name, length);
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    variables = (struct variables){.arena = &arena};
    template = (struct template){.variables = &variables,
                                 .unset = note_unset,
                                 .bytes_max = STACKFILE_SCALAR_MAX,
                                 .bytes_left = 4 * STACKFILE_SCALAR_MAX};
    faults_init(&faults);
    *unset = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    template_finish(&template);
    arena_finish(&arena);
    return 0;
}

/* --- the columns of a vector --- */

static unsigned char_of_hex(const char *hex)
{
    unsigned value;

    assert_int_equal(sscanf(hex, "%2x", &value), 1);
    return value;
}

static void unescape(char *text)
{
    char *to = text;

    for (; *text; text++) {
        if (*text != '\\') {
            *to++ = *text;
            continue;
        }
        text++;
        if (*text == 'x') {
            *to++ = (char)char_of_hex(text + 1);
            text += 2;
        } else {
            *to++ = *text == 'n' ? '\n' : *text == 't' ? '\t' : *text == 'r' ? '\r' : *text;
        }
    }
    *to = '\0';
}

/* Splits a line in place. */
static size_t columns_of(char *line, char *column[5])
{
    size_t count = 0;

    line[strcspn(line, "\n")] = '\0';
    while (count < 5 && line)
        column[count++] = strsep(&line, "\t");
    for (size_t i = 0; i < count; i++)
        unescape(column[i]);
    return count;
}

typedef void row_fn(char *column[5]);

static void each_row(const char *path, row_fn *row, int least)
{
    FILE *file = fopen(path, "r");
    char none[] = "", *line = NULL, *column[5] = {none, none, none, none, none};
    size_t room = 0;
    int rows = 0;

    if (!file) {
        print_message("# no %s\n", path);
        skip();
    }
    while (getline(&line, &room, file) > 0) {
        if (*line == '#')
            continue;
        assert_true(columns_of(line, column) >= 4);
        row(column);
        rows++;
    }
    free(line);
    fclose(file);
    assert_true(rows >= least);
}

/* --- templates --- */

static void template_row(char *column[5])
{
    static const char *const environment[] = {"FOO=first", "BAR=", NULL};
    int rc;

    setup(NULL);
    assert_int_equal(variables_take_environment(&variables, environment), 0);
    rc = template_expand(&template, column[1], strlen(column[1]));
    if (strcmp(column[0], "ok") == 0) {
        if (rc != 0)
            fail_msg("%s: %s", column[1], template.what);
        assert_string_equal(template.text, column[2]);
        assert_string_equal(unset, column[3]);
    } else {
        if (rc != 1)
            fail_msg("%s: became %s", column[1], template.text);
        if (strcmp(column[0], "missing") == 0)
            assert_string_equal(template.what, column[2]);
        else
            assert_non_null(strstr(template.what, "is no variable"));
    }
    teardown(NULL);
}

static void test_template_vectors(void **state)
{
    (void)state;
    each_row(VECTORS "interpolation.tsv", template_row, 50);
}

static void expect(const char *text, const char *expected)
{
    int rc = template_expand(&template, text, strlen(text));

    if (rc != 0)
        fail_msg("%s: %s", text, template.what);
    assert_string_equal(template.text, expected);
}

static void refuse(const char *text, const char *what)
{
    assert_int_equal(template_expand(&template, text, strlen(text)), 1);
    assert_non_null(strstr(template.what, what));
}

/* What texts become is bounded, one and all together; what is refused counts, too. */
static void test_bytes_of_all(void **state)
{
    static char value[STACKFILE_SCALAR_MAX];
    const struct variable variable = {
        .name = "A", .name_length = 1, .value = value, .value_length = sizeof(value)};

    (void)state;
    memset(value, 'x', sizeof(value));
    assert_int_equal(variables_put(&variables, &variable), 0);
    assert_int_equal(template_expand(&template, "$A", 2), 0);
    refuse("$A$A", "too long by its variables");
    assert_false(template.spent);
    refuse("$A$A", "longer than 32 MiB");
    assert_true(template.spent);
    refuse("x", "longer than 32 MiB");
}

static void test_braces(void **state)
{
    (void)state;
    expect("${A:-{}}", "{}");
    expect("${A:-{\"a\": \"${B:-}\"}}", "{\"a\": \"\"}");
    expect("a${A:-b}c${A:-d}e", "abcde");
    expect("${A:-{}", "{"); // braces that do not match reach as far as there are some
    refuse("x ${A", "${A is no variable");
    refuse("${A:b}", "${A:b} is no variable");
    assert_string_equal(unset, "");
}

static void test_values_are_not_expanded(void **state)
{
    static const char *const environment[] = {"A=$B ${B", "B=b", "broken", "=x", NULL};

    (void)state;
    assert_int_equal(variables_take_environment(&variables, environment), 0);
    expect("$A", "$B ${B");
    assert_int_equal(variables.count, 2);
}

static void test_bad_value(void **state)
{
    static const char *const environment[] = {"A=\xff", NULL};

    (void)state;
    assert_int_equal(variables_take_environment(&variables, environment), 0);
    refuse("$A", "not UTF-8");
    expect("${A:+set}", "set");
}

static void test_bounds(void **state)
{
    static char big[2000], nested[200];
    const struct variable variable = {
        .name = "V", .name_length = 1, .value = big, .value_length = sizeof(big) - 1};

    (void)state;
    memset(big, 'v', sizeof(big) - 1);
    assert_int_equal(variables_put(&variables, &variable), 0);
    template.bytes_max = 5000;
    expect("${V:+x}", "x");
    refuse("$V$V$V", "too long");
    for (int i = 0; i < 20; i++)
        strcat(nested, "${U-");
    for (int i = 0; i < 20; i++)
        strcat(nested, "}");
    refuse(nested, "nested more than 16 deep");
}

static void met(void *self, const struct stackfile_reference *reference)
{
    char *text = self;

    sprintf(text + strlen(text), "%.*s/%s/%.*s ", (int)reference->name_length, reference->name,
            reference->operation, (int)reference->operand_length, reference->operand);
}

static void test_references_are_told(void **state)
{
    char text[200] = "";

    (void)state;
    template.self = text;
    template.unset = NULL;
    template.met = met;
    expect("$A ${B:-x} ${C+y${D}}", " x ");
    assert_string_equal(text, "A// B/:-/x C/+/y${D} ");
}

/* --- layers --- */

static void test_layers(void **state)
{
    static const char *const outer[] = {"A=outer", NULL}, *const inner[] = {"A=x", "B=inner", NULL};
    struct variables below = {.arena = &arena, .over = &variables};

    (void)state;
    assert_null(variables_find(&below, "A", 1));
    assert_int_equal(variables_take_environment(&variables, outer), 0);
    assert_int_equal(variables_take_environment(&below, inner), 0);
    assert_string_equal(variables_find(&below, "A", 1)->value, "outer");
    assert_string_equal(variables_find(&below, "B", 1)->value, "inner");
    assert_null(variables_find(&variables, "B", 1));
}

static void test_many(void **state)
{
    char name[16];

    (void)state;
    for (int i = 0; i <= VARIABLES_MAX; i++) {
        int length = sprintf(name, "V%d", i);
        const struct variable variable = {.name = arena_string(&arena, name),
                                          .name_length = (uint32_t)length,
                                          .value = "",
                                          .at = {.line = (uint32_t)i}};
        assert_int_equal(variables_put(&variables, &variable), i == VARIABLES_MAX);
    }
    assert_int_equal(variables_find(&variables, "V7", 2)->at.line, 7);
    assert_null(variables_find(&variables, "V", 1));
}

/* --- files --- */

static void read_text(const char *text, enum dotenv_format format)
{
    const struct stackfile_text file = {"x.env", text, strlen(text)};

    assert_int_equal(dotenv_read(&file, format, &template, &variables, &faults), 0);
}

/* The vector's one difference on purpose: a variable without a name is refused. */
static const char *const refused_here[] = {"=\"value\""};

static void dotenv_row(char *column[5])
{
    bool differs = false, is_ok = strcmp(column[0], "ok") == 0;
    json_t *expected = is_ok ? json_loads(column[2], 0, NULL) : NULL, *value;
    const char *name;

    setup(NULL);
    template.unset = NULL;
    for (size_t i = 0; i < sizeof(refused_here) / sizeof(refused_here[0]); i++)
        differs = differs || strcmp(column[1], refused_here[i]) == 0;
    read_text(column[1], DOTENV_COMPOSE);
    if (is_ok && !differs && faults.errors)
        fail_msg("%s: %s", column[1], faults.item[0].what);
    if ((!is_ok || differs) && !faults.errors)
        fail_msg("%s: must be refused", column[1]);
    if (is_ok && !differs) {
        assert_int_equal(variables.count, json_object_size(expected));
        json_object_foreach(expected, name, value)
        {
            const struct variable *found = variables_find(&variables, name, strlen(name));
            if (!found || strcmp(found->value, json_string_value(value)) != 0)
                fail_msg("%s: %s is %s, not %s", column[1], name, found ? found->value : "unset",
                         json_string_value(value));
        }
    }
    json_decref(expected);
    teardown(NULL);
}

static void test_dotenv_vectors(void **state)
{
    (void)state;
    each_row(VECTORS "dotenv.tsv", dotenv_row, 50);
}

static void must_be(const char *name, const char *value)
{
    const struct variable *found = variables_find(&variables, name, strlen(name));

    assert_non_null(found);
    assert_string_equal(found->value, value);
}

static void test_places(void **state)
{
    (void)state;
    read_text("# c\n\nA=1\n  export B='x\ny'\nC=2\n", DOTENV_COMPOSE);
    assert_int_equal(faults.count, 0);
    assert_int_equal(variables_find(&variables, "A", 1)->at.line, 3);
    assert_int_equal(variables_find(&variables, "B", 1)->at.line, 4);
    assert_int_equal(variables_find(&variables, "B", 1)->at.column, 10);
    assert_int_equal(variables_find(&variables, "C", 1)->at.line, 6);
    assert_string_equal(variables_find(&variables, "C", 1)->at.file, "x.env");
}

static void test_all_faults_of_a_file(void **state)
{
    (void)state;
    read_text("A$=1\nB C=2\nD=${E:?no}\nF=\"x\"y\n=z\nG='open\n", DOTENV_COMPOSE);
    assert_int_equal(faults.errors, 6);
    assert_int_equal(faults.item[0].at.line, 1);
    assert_int_equal(faults.item[0].at.column, 2);
    assert_int_equal(faults.item[5].at.line, 6);
    assert_int_equal(faults.item[5].at.column, 3);
}

static void test_inherited(void **state)
{
    static const char *const environment[] = {"A=env", NULL};
    struct variables below = {.arena = &arena, .over = &variables};
    const struct stackfile_text file = {"x.env", "A\nB\nC=$A", 8};

    (void)state;
    assert_int_equal(variables_take_environment(&variables, environment), 0);
    template.variables = &below;
    assert_int_equal(dotenv_read(&file, DOTENV_COMPOSE, &template, &below, &faults), 0);
    assert_int_equal(below.count, 2);
    assert_string_equal(variables_find(&below, "C", 1)->value, "env");
}

static void test_raw(void **state)
{
    (void)state;
    read_text("# c\nA=\"$X\" # c\r\nB= b \n  C=1=2\n\nD\n", DOTENV_RAW);
    assert_int_equal(faults.count, 0);
    must_be("A", "\"$X\" # c");
    must_be("B", " b ");
    must_be("C", "1=2");
    assert_int_equal(variables.count, 3);
    read_text("A B=1\n=2\n", DOTENV_RAW);
    assert_int_equal(faults.errors, 2);
}

static void test_no_text(void **state)
{
    (void)state;
    read_text("A=1\n\xff\n", DOTENV_COMPOSE);
    assert_int_equal(faults.errors, 1);
    assert_int_equal(faults.item[0].at.line, 2);
    read_text("\xef\xbb\xbf"
              "A=bom\n",
              DOTENV_COMPOSE);
    must_be("A", "bom");
}

#define WITH_SETUP(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SETUP(test_bytes_of_all),
        cmocka_unit_test(test_template_vectors),
        WITH_SETUP(test_braces),
        WITH_SETUP(test_values_are_not_expanded),
        WITH_SETUP(test_bad_value),
        WITH_SETUP(test_bounds),
        WITH_SETUP(test_references_are_told),
        WITH_SETUP(test_layers),
        WITH_SETUP(test_many),
        cmocka_unit_test(test_dotenv_vectors),
        WITH_SETUP(test_places),
        WITH_SETUP(test_all_faults_of_a_file),
        WITH_SETUP(test_inherited),
        WITH_SETUP(test_raw),
        WITH_SETUP(test_no_text),
    };

    return cmocka_run_group_tests_name("variables", tests, NULL, NULL);
}
