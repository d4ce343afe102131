/* What /proc tells, as two kernels write it, and as nobody should. */
// links: core

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/proctext.h"

static void a_task(void **state)
{
    struct proctext_stat stat;

    (void)state;
    assert_true(proctext_stat("812 (worker) D 1 812 812 0 -1 4194560 91 0 0 0 0 0 0 0 20", &stat));
    assert_string_equal(stat.comm, "worker");
    assert_int_equal(stat.state, 'D');
    assert_false(stat.exiting);
    assert_true(proctext_stat("9 (a) R) Z 1 9 9 0 -1 4227084 0", &stat));
    assert_string_equal(stat.comm, "a) R");
    assert_int_equal(stat.state, 'Z');
    assert_true(stat.exiting);
    assert_true(proctext_stat("9 (0123456789012345678) D 1 9 9 0 -1 0 0", &stat));
    assert_string_equal(stat.comm, "012345678901234");
}

static void no_task(void **state)
{
    static const char *const texts[] = {"",           "812",          "812 (worker",
                                        "812 (w)",    "812 (w) ",     "812 (w) D",
                                        "812 (w) D ", ")(",           "812 (w) D 1 2 3 4 -1",
                                        "1 (w)D 1 2", "1 (w) D1 2 3", "812 (w) D 1 2 3 4 -1 x"};
    struct proctext_stat stat;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(proctext_stat(texts[i], &stat));
}

static void switches(void **state)
{
    (void)state;
    assert_int_equal(proctext_switches("Name:\tx\nvoluntary_ctxt_switches:\t12\n"
                                       "nonvoluntary_ctxt_switches:\t3\n"),
                     15);
    assert_int_equal(proctext_switches("Name:\tx\n"), -1);
    assert_int_equal(proctext_switches("\nvoluntary_ctxt_switches:\t99999999999999999999999\n"
                                       "nonvoluntary_ctxt_switches:\t3\n"),
                     -1);
}

static void system_calls(void **state)
{
    int64_t number;
    uint64_t first;

    (void)state;
    assert_true(
        proctext_syscall("1 0x3 0x7ffd 0x400 0x0 0x0 0x0 0x7ffc 0x7f12\n", &number, &first));
    assert_int_equal(number, 1);
    assert_int_equal(first, 3);
    assert_false(proctext_syscall("running\n", &number, &first));
    assert_false(proctext_syscall("-1 0x7ffd 0x7f12\n", &number, &first));
    assert_false(proctext_syscall("1", &number, &first));
    assert_false(proctext_syscall("1 0x", &number, &first));
}

static void ports(void **state)
{
    struct proctext_inet inet;

    (void)state;
    assert_false(proctext_inet("  sl  local_address rem_address   st tx_queue rx_queue", &inet));
    assert_true(proctext_inet("   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 "
                              "00000000  1000        0 12345 1 0000000000000000 100 0 0 10 0",
                              &inet));
    assert_int_equal(inet.port, 8080);
    assert_int_equal(inet.state, 10);
    assert_int_equal(inet.inode, 12345);
    assert_true(proctext_inet("  123: 00000000000000000000000000000000:0035 "
                              "00000000000000000000000000000000:0000 07 00000000:00000000 "
                              "00:00000000 00000000     0        0 777 2 0000000000000000 0",
                              &inet));
    assert_int_equal(inet.port, 53);
    assert_int_equal(inet.state, 7);
    assert_int_equal(inet.inode, 777);
    assert_false(proctext_inet("   0: 0100007F:1F90 00000000:0000 0A", &inet));
    assert_false(proctext_inet("   0: 0100007F:11F90 00000000:0000 0A 0 0 0 0 0 1", &inet));
}

static void names(void **state)
{
    struct proctext_unix name;

    (void)state;
    assert_false(proctext_unix("Num       RefCount Protocol Flags    Type St Inode Path", &name));
    assert_true(
        proctext_unix("0000000000000000: 00000002 00000000 00010000 0001 01 12345 @bus", &name));
    assert_true(name.listens);
    assert_false(name.is_datagram);
    assert_int_equal(name.inode, 12345);
    assert_string_equal(name.path, "@bus");
    assert_true(proctext_unix("ffff88: 00000003 00000000 00000000 0002 03 9", &name));
    assert_false(name.listens);
    assert_true(name.is_datagram);
    assert_string_equal(name.path, "");
    assert_false(proctext_unix("ffff88: 00000003 00000000 00000000 0002 03", &name));
}

static void locks(void **state)
{
    (void)state;
    assert_true(proctext_is_lock("lock:\t1: FLOCK  ADVISORY  WRITE 812 08:01:1234 0 EOF"));
    assert_true(proctext_is_lock("lock:\t2: POSIX  ADVISORY  READ 812 08:01:1234 0 7"));
    assert_true(proctext_is_lock("3: OFDLCK ADVISORY  WRITE -1 08:01:1234 0 EOF"));
    assert_false(proctext_is_lock("lock:\t1: -> FLOCK  ADVISORY  WRITE 812 08:01:1234 0 EOF"));
    assert_false(proctext_is_lock("lock:\t1: LEASE  ACTIVE    READ 812 08:01:1234 0 EOF"));
    assert_false(proctext_is_lock("pos:\t0"));
    assert_false(proctext_is_lock(""));
}

static void mounts(void **state)
{
    static const char line[] =
        "36 35 98:0 / /mnt/my\\040disk rw,noatime master:1 - ext4 /dev/sda1 rw";
    char where[32], type[8];

    (void)state;
    assert_int_equal(proctext_mount_id("mnt_id:\t36"), 36);
    assert_int_equal(proctext_mount_id("flags:\t36"), -1);
    assert_true(proctext_mount(line, 36, where, sizeof(where), type, sizeof(type)));
    assert_string_equal(where, "/mnt/my\\040disk");
    assert_string_equal(type, "ext4");
    assert_true(proctext_mount(line, 36, where, 5, type, 2));
    assert_string_equal(where, "/mnt");
    assert_string_equal(type, "e");
    assert_false(proctext_mount(line, 35, where, sizeof(where), type, sizeof(type)));
    assert_false(proctext_mount("36 35", 36, where, sizeof(where), type, sizeof(type)));
    assert_false(proctext_mount("36 - x", 36, where, sizeof(where), type, sizeof(type)));
}

static void small_things(void **state)
{
    int64_t from, to;
    uint64_t inode;
    char text[8];

    (void)state;
    assert_true(proctext_range("32768\t60999\n", &from, &to));
    assert_int_equal(from, 32768);
    assert_int_equal(to, 60999);
    assert_false(proctext_range("9\t1\n", &from, &to));
    assert_true(proctext_socket("socket:[12]", &inode));
    assert_int_equal(inode, 12);
    assert_false(proctext_socket("socket:[12", &inode));
    assert_false(proctext_socket("pipe:[12]", &inode));
    assert_int_equal(proctext_safe("a\033[2Jbcdefg", text, sizeof(text)), 7);
    assert_string_equal(text, "a?[2Jbc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task),       cmocka_unit_test(no_task), cmocka_unit_test(switches),
        cmocka_unit_test(system_calls), cmocka_unit_test(ports),   cmocka_unit_test(names),
        cmocka_unit_test(locks),        cmocka_unit_test(mounts),  cmocka_unit_test(small_things),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
