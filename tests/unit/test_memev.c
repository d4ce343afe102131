/* Texts of cgroup files, as the kernel writes them and as it never would. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/memev.h"
#include "core/restart.h"

static int parse(const char *text, struct memev *ret)
{
    return memev_parse(text, strlen(text), ret);
}

static void all_keys_of_the_kernel(void **state)
{
    struct memev memev;

    (void)state;
    assert_int_equal(parse("low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n", &memev),
                     0);
    assert_int_equal(memev.low, 1);
    assert_int_equal(memev.high, 2);
    assert_int_equal(memev.max, 3);
    assert_int_equal(memev.oom, 4);
    assert_int_equal(memev.oom_kill, 5);
    assert_int_equal(memev.oom_group_kill, 6);
}

static void other_kernels(void **state)
{
    struct memev memev;

    (void)state;
    assert_int_equal(parse("oom_kill 5\nsock_throttled 9\noom 4", &memev), 0); // order, new keys
    assert_int_equal(memev.oom, 4);
    assert_int_equal(memev.oom_kill, 5);
    assert_int_equal(memev.oom_group_kill, 0);
    assert_int_equal(parse("", &memev), 0);
    assert_int_equal(memev.oom, 0);
}

static void malformed_lines_are_told_and_the_rest_is_read(void **state)
{
    static const char *const bad[] = {"oom\n", "oom \n", "oom -1\n", "oom 1 2\n", "oom 1x\n",
                                      "\n",    " 1\nx",  "oom\t1\n", "oom  1\n",  "oom +1\n"};
    char text[64];
    struct memev memev;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        strcpy(text, bad[i]);
        strcat(text, text[strlen(text) - 1] == '\n' ? "max 7\n" : "\nmax 7\n");
        assert_int_equal(parse(text, &memev), 1);
        assert_int_equal(memev.oom, 0);
        assert_int_equal(memev.max, 7);
    }
}

static void huge_numbers_saturate(void **state)
{
    struct memev memev;

    (void)state;
    assert_int_equal(parse("oom 9223372036854775807\nmax 9223372036854775808\n"
                           "low 99999999999999999999999999\n",
                           &memev),
                     0);
    assert_int_equal(memev.oom, INT64_MAX);
    assert_int_equal(memev.max, INT64_MAX);
    assert_int_equal(memev.low, INT64_MAX);
}

static int keyed(const char *text, const char *key, int64_t *ret)
{
    return memev_keyed(text, strlen(text), key, ret);
}

static void keyed_values(void **state)
{
    int64_t value = -7;

    (void)state;
    assert_int_equal(keyed("populated 1\nfrozen 0\n", "populated", &value), 0);
    assert_int_equal(value, 1);
    assert_int_equal(keyed("populated 1\nfrozen 0", "frozen", &value), 0);
    assert_int_equal(value, 0);
    value = -7;
    assert_int_equal(keyed("populated 1\n", "pop", &value), 1);
    assert_int_equal(keyed("populated 1\n", "populated_not", &value), 1);
    assert_int_equal(keyed("populated x\n", "populated", &value), 1);
    assert_int_equal(keyed("populated\n", "populated", &value), 1);
    assert_int_equal(keyed("", "populated", &value), 1);
    assert_int_equal(value, -7);
}

static void numbers(void **state)
{
    static const char *const bad[] = {"", "\n", "x", "1x", "-1", "max ", "maxi", "1\n\n", " 1"};
    int64_t value;

    (void)state;
    assert_int_equal(memev_number("max\n", 4, &value), 0);
    assert_int_equal(value, -1);
    assert_int_equal(memev_number("max", 3, &value), 0);
    assert_int_equal(value, -1);
    assert_int_equal(memev_number("67108864\n", 9, &value), 0);
    assert_int_equal(value, 67108864);
    value = -7;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(memev_number(bad[i], strlen(bad[i]), &value), 1);
    assert_int_equal(value, -7);
}

/* Any bytes, in memory of exactly their length: the sanitizer watches. */
static void available_memory(void **state)
{
    static const char text[] =
        "MemTotal:        5000 kB\nMemFree:  7 kB\nMemAvailable:    1234 kB\n";
    static const char *const wrong[] = {"",
                                        "MemAvailable:",
                                        "MemAvailable:\n",
                                        "MemAvailable: 12",
                                        "MemAvailable: 12\n",
                                        "MemAvailable: kB\n",
                                        "MemAvailable: 12 kB more\n",
                                        "MemAvailable2: 12 kB\n"};
    int64_t bytes = 0;

    (void)state;
    assert_int_equal(memev_available(text, sizeof(text) - 1, &bytes), 0);
    assert_int_equal(bytes, 1234 * 1024);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(memev_available(wrong[i], strlen(wrong[i]), &bytes), 1);
    assert_int_equal(bytes, 1234 * 1024);
}

static void any_bytes(void **state)
{
    static const char letters[] = "omaxlwhighk_ 0123456789\n\n  \xff";
    uint64_t random = 1;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t length = random_next(&random) % 40;
        char *text = malloc(length + 1);
        struct memev memev;
        int64_t value;

        assert_non_null(text);
        for (size_t i = 0; i < length; i++)
            text[i] = letters[random_next(&random) % sizeof(letters)];
        text = realloc(text, length ? length : 1);
        (void)memev_parse(text, length, &memev);
        assert_true(memev.oom >= 0 && memev.oom_kill >= 0 && memev.max >= 0);
        if (memev_keyed(text, length, "oom", &value) == 0)
            assert_true(value >= 0);
        if (memev_number(text, length, &value) == 0)
            assert_true(value >= -1);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_keys_of_the_kernel),
        cmocka_unit_test(other_kernels),
        cmocka_unit_test(malformed_lines_are_told_and_the_rest_is_read),
        cmocka_unit_test(huge_numbers_saturate),
        cmocka_unit_test(keyed_values),
        cmocka_unit_test(numbers),
        cmocka_unit_test(available_memory),
        cmocka_unit_test(any_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
