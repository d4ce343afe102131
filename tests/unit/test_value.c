// links: tests/unit/vectors.o stackfile core -lyaml
/* stackfile/value, scalar: values as Compose writes them, by our own rows and by the shared ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stackfile/scalar.h"
#include "stackfile/value.h"
#include "tests/unit/vectors.h"

static bool next_row(FILE *file, struct vector_row *row)
{
    if (!vectors_next(file, row))
        return false;
    for (int i = 0; i < VECTOR_COLUMNS; i++)
        vectors_unescape(row->column[i]);
    return true;
}

/* --- sizes --- */

static void test_bytes_vectors(void **state)
{
    FILE *file = vectors_open("bytes");
    struct vector_row row;
    int rows = 0;

    (void)state;
    for (; next_row(file, &row); rows++) {
        int64_t bytes = -7;
        enum value_status status = value_bytes(row.column[1], &bytes);

        if (strcmp(row.column[0], "ok") == 0) {
            if (status != VALUE_OK || bytes != strtoll(row.column[2], NULL, 10))
                fail_msg("\"%s\": status %d, %lld", row.column[1], status, (long long)bytes);
        } else if (strcmp(row.column[0], "overflow") == 0) {
            assert_int_equal(status, VALUE_OVERFLOW);
        } else if (status == VALUE_OK) {
            fail_msg("\"%s\" was accepted", row.column[1]);
        }
    }
    fclose(file);
    assert_true(rows > 30);
}

static void expect_bytes(const char *text, enum value_status status, int64_t bytes)
{
    int64_t got = 0;

    assert_int_equal(value_bytes(text, &got), status);
    assert_int_equal(got, bytes);
}

static void test_bytes(void **state)
{
    (void)state;
    expect_bytes("8191p", VALUE_OK, INT64_C(8191) << 50);
    expect_bytes("8192p", VALUE_OVERFLOW, 0);
    expect_bytes("9223372036854775807", VALUE_OK, INT64_MAX);
    expect_bytes("-9223372036854775808", VALUE_OK, INT64_MIN);
    expect_bytes("9223372036854775808b", VALUE_OVERFLOW, 0);
    expect_bytes("1e99k", VALUE_OVERFLOW, 0);
    expect_bytes("1e-3k", VALUE_OK, 1);
    expect_bytes("1e-99k", VALUE_OK, 0);
    expect_bytes("0.05k", VALUE_OK, 51);
    expect_bytes("00000.5k", VALUE_OK, 512);
    expect_bytes("0.99999999999999999999999999999k", VALUE_OK, 1023);
    expect_bytes("1Gi", VALUE_NO_B, 0);
    expect_bytes("1 Mi", VALUE_NO_B, 0);
    expect_bytes("1gibb", VALUE_BAD, 0);
    expect_bytes("1gx", VALUE_BAD, 0);
    expect_bytes("1  g", VALUE_BAD, 0);
    expect_bytes("-1.5g", VALUE_BAD, 0);
    expect_bytes("1.5.5g", VALUE_BAD, 0);
    expect_bytes(".", VALUE_BAD, 0);
    expect_bytes("1e", VALUE_BAD, 0);
}

/* --- durations --- */

static void test_durations_vectors(void **state)
{
    FILE *file = vectors_open("durations");
    struct vector_row row;
    int rows = 0;

    (void)state;
    for (; next_row(file, &row); rows++) {
        int64_t ns = -7;
        enum value_status status = value_duration(row.column[1], &ns);

        if (strcmp(row.column[0], "ok") == 0 &&
            (status != VALUE_OK || ns != strtoll(row.column[2], NULL, 10)))
            fail_msg("\"%s\": status %d, %lld", row.column[1], status, (long long)ns);
        if (strcmp(row.column[0], "ok") != 0 && status == VALUE_OK)
            fail_msg("\"%s\" was accepted", row.column[1]);
    }
    fclose(file);
    assert_true(rows > 15);
}

static void expect_duration(const char *text, enum value_status status, int64_t ns)
{
    int64_t got = 0;

    assert_int_equal(value_duration(text, &got), status);
    assert_int_equal(got, ns);
}

static void test_durations(void **state)
{
    (void)state;
    expect_duration("1h5m30s20ms", VALUE_OK, INT64_C(3930020000000));
    expect_duration("0", VALUE_OK, 0);
    expect_duration("-1m1s", VALUE_OK, INT64_C(-61000000000));
    expect_duration("5µs", VALUE_OK, 5000);
    expect_duration("5μs", VALUE_OK, 5000);
    expect_duration("1.5ns", VALUE_OK, 1);
    expect_duration("106751d", VALUE_OK, INT64_C(106751) * 86400 * 1000000000);
    expect_duration("106752d", VALUE_OVERFLOW, 0);
    expect_duration("106751d24h", VALUE_OVERFLOW, 0);
    expect_duration("10", VALUE_NO_UNIT, 0);
    expect_duration("1m10", VALUE_NO_UNIT, 0);
    expect_duration("s", VALUE_BAD, 0);
    expect_duration("-", VALUE_BAD, 0);
    expect_duration("1 s", VALUE_BAD, 0);
    expect_duration("1S", VALUE_BAD, 0);
}

/* --- numbers --- */

static void test_numbers(void **state)
{
    int64_t value = 0;

    (void)state;
    assert_int_equal(value_integer("-12", &value), VALUE_OK);
    assert_int_equal(value, -12);
    assert_int_equal(value_integer("9223372036854775808", &value), VALUE_OVERFLOW);
    assert_int_equal(value_integer("", &value), VALUE_BAD);
    assert_int_equal(value_integer("-", &value), VALUE_BAD);
    assert_int_equal(value_integer("1 ", &value), VALUE_BAD);
    assert_int_equal(value_thousandths("1.5", &value), VALUE_OK);
    assert_int_equal(value, 1500);
    assert_int_equal(value_thousandths("0.1230", &value), VALUE_OK);
    assert_int_equal(value, 123);
    assert_int_equal(value_thousandths("1e-3", &value), VALUE_OK);
    assert_int_equal(value, 1);
    assert_int_equal(value_thousandths("1e-4", &value), VALUE_INEXACT);
    assert_int_equal(value_thousandths("0.00001", &value), VALUE_INEXACT);
    assert_int_equal(value_thousandths("1.2345", &value), VALUE_INEXACT);
    assert_int_equal(value_thousandths("-1", &value), VALUE_BAD);
    assert_int_equal(value_thousandths("1x", &value), VALUE_BAD);
    assert_int_equal(value_thousandths("99999999999999999", &value), VALUE_OVERFLOW);
    assert_int_equal(value_percent("87.5%", &value), VALUE_OK);
    assert_int_equal(value, 87500);
    assert_int_equal(value_percent("%", &value), VALUE_BAD);
    assert_int_equal(value_percent("5", &value), VALUE_BAD);
    assert_int_equal(value, 87500); // untouched by what failed
}

/* --- signals --- */

static void test_signals(void **state)
{
    static const char *const good[][2] = {
        {"SIGTERM", "SIGTERM"}, {"term", "SIGTERM"},      {"15", "SIGTERM"},
        {"SigInt", "SIGINT"},   {"9", "SIGKILL"},         {"RTMIN+3", "SIGRTMIN+3"},
        {"poll", "SIGIO"},      {"SIGRTMIN", "SIGRTMIN"}, {"rtmax-30", "SIGRTMIN"},
    };
    static const char *const bad[] = {"",       "SIG",      "0",        "65",
                                      "-1",     "32",       "RTMIN-1",  "RTMAX+1",
                                      "RTMIN+", "RTMIN+31", "SIGTERM ", "FOO"};
    char buffer[VALUE_SIGNAL_MAX];
    int64_t signal = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(value_signal(good[i][0], &signal), VALUE_OK);
        assert_string_equal(value_signal_name(signal, buffer), good[i][1]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (value_signal(bad[i], &signal) == VALUE_OK)
            fail_msg("\"%s\" was accepted as %d", bad[i], (int)signal);
    assert_null(value_signal_name(0, buffer));
    assert_null(value_signal_name(-1, buffer));
    assert_null(value_signal_name(65, buffer));
}

/* Every signal there is comes back from its own name. */
static void test_signal_names_read_back(void **state)
{
    char buffer[VALUE_SIGNAL_MAX];

    (void)state;
    for (int64_t signal = 1; signal <= 64; signal++) {
        const char *name = value_signal_name(signal, buffer);
        int64_t again = 0;
        if (!name) {
            assert_true(signal == 32 || signal == 33); // the C library's own
            continue;
        }
        assert_int_equal(value_signal(name, &again), VALUE_OK);
        assert_int_equal(again, signal);
    }
}

/* --- words --- */

/* ["a", "b"] to NUL-terminated words one after another, as value_split leaves them. */
static size_t words_of_json(const char *json, char *to)
{
    size_t count = 0;

    for (json = strchr(json, '"'); json; json = strchr(json, '"')) {
        for (json++; *json != '"'; json++) {
            if (*json == '\\')
                json++;
            *to++ = *json;
        }
        *to++ = '\0';
        json++;
        count++;
    }
    return count;
}

static void expect_words(const char *text, const char *json)
{
    char words[256], expected[256];
    struct value_words split = {.words = words};
    size_t count = words_of_json(json, expected), length = 0;

    assert_int_equal(value_split(text, &split), VALUE_OK);
    assert_int_equal(split.count, count);
    for (size_t i = 0; i < count; i++)
        length += strlen(expected + length) + 1;
    assert_memory_equal(words, expected, length);
}

static void test_words_vectors(void **state)
{
    FILE *file = vectors_open("shellwords");
    struct vector_row row;
    int rows = 0;

    (void)state;
    for (; next_row(file, &row); rows++) {
        char words[256];
        struct value_words split = {.words = words};

        if (strcmp(row.column[0], "ok") == 0)
            expect_words(row.column[1], row.column[2]);
        else if (strcmp(row.column[0], "truncated") == 0) // Compose cuts in silence; we refuse
            assert_int_equal(value_split(row.column[1], &split), VALUE_SHELL);
        else
            assert_int_not_equal(value_split(row.column[1], &split), VALUE_OK);
    }
    fclose(file);
    assert_true(rows > 15);
}

static void expect_split(const char *text, enum value_status status, char shell)
{
    char words[256];
    struct value_words split = {.words = words};

    assert_int_equal(value_split(text, &split), status);
    assert_int_equal(split.shell, shell);
}

static void test_words(void **state)
{
    (void)state;
    expect_words("", "[]");
    expect_words(" \t\n ", "[]");
    expect_words("a ''", "[\"a\", \"\"]");
    expect_words("a'b'\"c\"d", "[\"abcd\"]");
    expect_words("a\\;b 'c;d' \"e|f\"", "[\"a;b\", \"c;d\", \"e|f\"]");
    expect_words("$(a b) x", "[\"$(a b)\", \"x\"]");
    expect_words("`a b` x", "[\"`a b`\", \"x\"]");
    expect_split("a;b", VALUE_SHELL, ';');
    expect_split("a 2>x", VALUE_SHELL, '>');
    expect_split("a <x", VALUE_SHELL, '<');
    expect_split("a|b", VALUE_SHELL, '|');
    expect_split("(a)", VALUE_SHELL, '(');
    expect_split("a)", VALUE_SHELL, ')');
    expect_split("a 'b", VALUE_ENDS_OPEN, 0);
    expect_split("a \"b", VALUE_ENDS_OPEN, 0);
    expect_split("a `b", VALUE_ENDS_OPEN, 0);
    expect_split("a $(b", VALUE_ENDS_OPEN, 0);
    expect_split("a \\", VALUE_ENDS_OPEN, 0);
}

/* --- scalars --- */

static void expect_scalar(const char *text, enum scalar_type type, const char *canonical)
{
    char got[SCALAR_CANONICAL_MAX] = "";

    if (scalar_resolve(text, strlen(text)) != type)
        fail_msg("\"%s\" is of type %d", text, scalar_resolve(text, strlen(text)));
    assert_int_equal(scalar_canonical(type, text, got), canonical ? 0 : 1);
    if (canonical)
        assert_string_equal(got, canonical);
}

static void test_scalars(void **state)
{
    static const char *const strings[] = {
        "yes", "no", "on", "off", "y",   "tRUE", "nULL",       "0x",  "08",  "1.2.3", "1e",
        "-",   "+",  ".",  "1:2", "0o9", "_1",   "2001-12-14", "--1", "1 2", ".e5"};

    (void)state;
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
        if (strcmp(strings[i], "08") != 0)
            expect_scalar(strings[i], SCALAR_STRING, NULL);
    expect_scalar("", SCALAR_NULL, NULL);
    expect_scalar("~", SCALAR_NULL, NULL);
    expect_scalar("Null", SCALAR_NULL, NULL);
    expect_scalar("True", SCALAR_BOOL, "true");
    expect_scalar("FALSE", SCALAR_BOOL, "false");
    expect_scalar("12", SCALAR_INT, "12");
    expect_scalar("-0", SCALAR_INT, "0");
    expect_scalar("+7", SCALAR_INT, "7");
    expect_scalar("0755", SCALAR_INT, "493");
    expect_scalar("0o17", SCALAR_INT, "15");
    expect_scalar("0b101", SCALAR_INT, "5");
    expect_scalar("-0x1F", SCALAR_INT, "-31");
    expect_scalar("1_000", SCALAR_INT, "1000");
    expect_scalar("18446744073709551615", SCALAR_INT, "18446744073709551615");
    expect_scalar("18446744073709551616", SCALAR_INT, NULL);
    expect_scalar("-9223372036854775809", SCALAR_INT, NULL);
    expect_scalar("1.50", SCALAR_FLOAT, "1.5");
    expect_scalar(".5", SCALAR_FLOAT, "0.5");
    expect_scalar("1.", SCALAR_FLOAT, "1");
    expect_scalar("1e3", SCALAR_FLOAT, "1000");
    expect_scalar("1e21", SCALAR_FLOAT, "1e+21");
    expect_scalar("123456789012345680000", SCALAR_INT, NULL);
    expect_scalar("0.1", SCALAR_FLOAT, "0.1");
    expect_scalar("0.00001", SCALAR_FLOAT, "1e-05");
    expect_scalar("-0.0001", SCALAR_FLOAT, "-0.0001");
    expect_scalar("08", SCALAR_FLOAT, "8"); // no octal number, so Go takes it for a float
    expect_scalar(".inf", SCALAR_FLOAT, NULL);
    expect_scalar("-.Inf", SCALAR_FLOAT, NULL);
    expect_scalar(".NaN", SCALAR_FLOAT, NULL);
    expect_scalar("1e999", SCALAR_FLOAT, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_vectors),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_durations_vectors),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_signal_names_read_back),
        cmocka_unit_test(test_words_vectors),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_scalars),
    };

    return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
