/* What a process says into our pipe: the first of it is kept, and it is never stopped. */
// links: supervisor/hearing.o core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "core/probe_note.h"
#include "supervisor/hearing.h"
#include "supervisor/sys/spawn.h"

static const struct launch ours = {.keep_identity = true};

static int begin(struct hearing *hearing, struct birth *birth)
{
    *birth = (struct birth){.launch = &ours};
    hearing_begin(hearing, birth);
    assert_true(hearing->fd >= 0);
    assert_int_equal(birth->pass_count, 2);
    assert_null(birth->output);
    return dup(birth->pass[0].fd); // as the newborn has it
}

static void the_first_is_kept(void **state)
{
    struct hearing hearing;
    struct birth birth;
    char flood[1000];
    int theirs = begin(&hearing, &birth);

    (void)state;
    hearing_born(&hearing, &birth, 0);
    assert_true(hearing_take(&hearing)); // nothing yet, and nobody waits
    assert_int_equal(hearing.length, 0);
    assert_null(hearing.said); // who is silent costs nothing
    memset(flood, 'x', sizeof(flood));
    assert_int_equal(write(theirs, "begin\n", 6), 6);
    for (int i = 0; i < 1000; i++) { // far more than a pipe holds
        assert_int_equal(write(theirs, flood, sizeof(flood)), sizeof(flood));
        assert_true(hearing_take(&hearing));
    }
    assert_int_equal(write(theirs, flood, sizeof(flood)), sizeof(flood));
    assert_int_equal(hearing.length, PROBE_SAID_MAX);
    assert_memory_equal(hearing.said, "begin\nxxx", 9);
    close(theirs);
    assert_int_equal(poll(&(struct pollfd){.fd = hearing.fd, .events = POLLIN}, 1, 0), 1);
    for (int i = 0; i < 10; i++)
        assert_true(hearing_take(&hearing));
    assert_int_equal(hearing.length, PROBE_SAID_MAX);
    /* All is read, nobody writes any more: that alone does not wake us. */
    assert_int_equal(poll(&(struct pollfd){.fd = hearing.fd, .events = POLLIN}, 1, 0), 0);
    close(hearing.fd);
    free(hearing.said);
}

/* It is dead, but what it left behind still holds the pipe. */
static void the_rest_is_not_waited_for(void **state)
{
    struct hearing hearing;
    struct birth birth;
    int theirs = begin(&hearing, &birth);

    (void)state;
    hearing_born(&hearing, &birth, 0);
    assert_int_equal(write(theirs, "late", 4), 4);
    hearing_take_rest(&hearing);
    assert_int_equal(hearing.length, 4);
    assert_memory_equal(hearing.said, "late", 4);
    close(theirs);
    close(hearing.fd);
    free(hearing.said);
}

static void nothing_stays_open_without_a_birth(void **state)
{
    struct hearing hearing;
    struct birth birth;
    int theirs = begin(&hearing, &birth), fd = hearing.fd;

    (void)state;
    close(theirs);
    hearing_born(&hearing, &birth, -1);
    assert_int_equal(hearing.fd, -1);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    assert_int_equal(fcntl(birth.pass[0].fd, F_GETFD), -1);
    hearing_take_rest(&hearing); // there is none
}

static void without_files_it_goes_to_null(void **state)
{
    struct birth birth = {.launch = &ours, .files_max = 1};
    struct hearing hearing;

    (void)state;
    hearing_begin(&hearing, &birth);
    assert_int_equal(hearing.fd, -1);
    assert_int_equal(birth.pass_count, 0);
    assert_string_equal(birth.output, "/dev/null");
    assert_string_equal(birth.errors, "/dev/null");
    hearing_born(&hearing, &birth, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_kept),
        cmocka_unit_test(the_rest_is_not_waited_for),
        cmocka_unit_test(nothing_stays_open_without_a_birth),
        cmocka_unit_test(without_files_it_goes_to_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
