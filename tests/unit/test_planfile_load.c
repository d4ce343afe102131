/* A plan file read through somebody else's hands: piece by piece, cut short, with errors. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/planfile.h"

/* A file that gives a few bytes at a time. */
struct slow_file {
    const unsigned char *bytes;
    size_t size;
    size_t ends; // before its size
    int error;   // of every second read
    int reads;
};

static ssize_t read_slowly(void *self, void *bytes, size_t size, uint64_t offset)
{
    struct slow_file *file = self;
    size_t some = size < 7 ? size : 7;

    if (file->error && file->reads++ % 2)
        return file->error;
    if (offset >= file->ends)
        return 0;
    if (some > file->ends - offset)
        some = file->ends - offset;
    memcpy(bytes, file->bytes + offset, some);
    return (ssize_t)some;
}

static int load(struct slow_file *file, struct roster *roster)
{
    const struct planfile_source source = {read_slowly, file, file->size};
    const char *why = NULL;
    int result = planfile_load(&source, roster, &why);

    if (result == 1)
        assert_true(why && *why);
    return result;
}

static const char *const words[] = {"sleep", NULL};
static const struct launch launch = {.program = "/bin/sleep",
                                     .argv = (char *const *)words,
                                     .envp = (char *const *)words + 1,
                                     .directory = "/"};

/* A plan of this one member. */
static unsigned char *encode(struct plan_member *member, size_t *ret_size)
{
    struct plan plan = {.stack = "shop",
                        .cgroup_dir = "/c",
                        .runtime_dir = "/r",
                        .state_dir = "/s",
                        .members = member,
                        .members_count = 1};
    unsigned char *bytes;

    assert_int_equal(planfile_encode(&plan, &bytes, ret_size), 0);
    return bytes;
}

static struct plan_member plain(void)
{
    return (struct plan_member){.service = "web",
                                .number = 1,
                                .policy = policy_default(),
                                .launch = launch,
                                .logging = LOGGING_DEFAULT};
}

static void a_file_is_loaded(void **state)
{
    struct plan_member member = plain();
    struct slow_file file = {0};
    unsigned char *bytes;
    struct roster roster;

    (void)state;
    bytes = encode(&member, &file.size);
    file.bytes = bytes;
    file.ends = file.size;
    assert_int_equal(load(&file, &roster), 0);
    assert_string_equal(roster.members[0].name, "web-1");
    roster_finish(&roster);
    file.error = -EINTR;
    assert_int_equal(load(&file, &roster), 0);
    roster_finish(&roster);
    file.error = -EIO;
    assert_int_equal(load(&file, &roster), -EIO);
    file.error = 0;
    file.ends = PLANFILE_HEADER_BYTES + 3; // its size says more
    assert_int_equal(load(&file, &roster), -ENODATA);
    file.ends = file.size--;
    assert_int_equal(load(&file, &roster), 1);
    file.size = 3;
    assert_int_equal(load(&file, &roster), 1);
    file.size = file.ends;
    bytes[0] ^= 1;
    assert_int_equal(load(&file, &roster), 1);
    free(bytes);
}

static void who_is_told_has_a_timeout(void **state)
{
    struct plan_aide aide = {.kind = AIDE_ON_HOLD, .launch = launch};
    struct plan_member member = plain();
    struct roster roster;

    (void)state;
    member.policy.on_hold = 1;
    member.aides = &aide;
    member.aides_count = 1;
    for (int64_t timeout_ns = -1; timeout_ns <= 1; timeout_ns++) {
        struct slow_file file = {0};
        unsigned char *bytes;
        aide.timeout_ns = timeout_ns;
        file.bytes = bytes = encode(&member, &file.size);
        file.ends = file.size;
        assert_int_equal(load(&file, &roster), timeout_ns == 1 ? 0 : 1);
        if (timeout_ns == 1)
            roster_finish(&roster);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_file_is_loaded),
                                       cmocka_unit_test(who_is_told_has_a_timeout)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
