/* What a process holds, and which tasks a compartment has: of this very process. */
// links: supervisor/sys/held.o supervisor/sys/tasks.o supervisor/sys/hang.o core

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "supervisor/sys/hang.h"
#include "supervisor/sys/held.h"
#include "supervisor/sys/tasks.h"

static struct held look(void)
{
    struct held held = {0};

    held_add(&held, getpid(), getpid());
    return held;
}

static int bound(int type, uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in address = {0};
    socklen_t length = sizeof(address);

    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    return ntohs(address.sin_port);
}

static void ports(void **state)
{
    int listener = bound(SOCK_STREAM, 0), other = bound(SOCK_STREAM, 0);
    int passing = bound(SOCK_DGRAM, 0), fixed = -1;
    char tcp[32], no_tcp[32], udp[32], no_udp[32];
    struct held held;

    (void)state;
    assert_int_equal(listen(listener, 1), 0);
    for (uint16_t port = 20000; fixed < 0 && port < 30000; port++)
        fixed = bound(SOCK_DGRAM, port);
    snprintf(tcp, sizeof(tcp), "TCP port %d", port_of(listener));
    snprintf(no_tcp, sizeof(no_tcp), "TCP port %d", port_of(other)); // it does not listen
    snprintf(udp, sizeof(udp), "UDP port %d", port_of(fixed));
    snprintf(no_udp, sizeof(no_udp), "UDP port %d", port_of(passing)); // the kernel's choice
    held = look();
    assert_non_null(strstr(held.text, tcp));
    assert_null(strstr(held.text, no_tcp));
    assert_non_null(strstr(held.text, udp));
    assert_null(strstr(held.text, no_udp));
    assert_int_equal(held.count, 2);
    close(listener);
    close(other);
    close(passing);
    close(fixed);
    assert_int_equal(look().count, 0);
}

static int named(const char *name, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    size_t length = strlen(name);

    assert_true(fd >= 0);
    memcpy(address.sun_path + 1, name, length);
    assert_int_equal(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)),
                     0);
    return fd;
}

static void abstract_names(void **state)
{
    char name[32];
    int stream, datagram;
    struct held held;

    (void)state;
    snprintf(name, sizeof(name), "held-%d", getpid());
    stream = named(name, SOCK_STREAM);
    assert_int_equal(look().count, 0); // nobody can come to it
    assert_int_equal(listen(stream, 1), 0);
    held = look();
    assert_int_equal(held.count, 1);
    assert_non_null(strstr(held.text, name));
    close(stream);
    datagram = named(name, SOCK_DGRAM);
    assert_int_equal(look().count, 1);
    close(datagram);
}

static void locks(void **state)
{
    char path[] = "/tmp/held.XXXXXX", text[64];
    struct flock range = {.l_type = F_RDLCK, .l_len = 1};
    int fd = mkstemp(path), again;
    struct held held;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(look().count, 0);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    held = look();
    snprintf(text, sizeof(text), "a lock on %s", path);
    assert_non_null(strstr(held.text, text));
    assert_int_equal(held.count, 1);
    assert_int_equal(flock(fd, LOCK_UN), 0);
    again = dup(fd);
    assert_int_equal(fcntl(fd, F_SETLK, &range), 0);
    assert_int_equal(look().count, 1); // one file, whatever its numbers are
    close(again);
    close(fd);
    unlink(path);
    assert_int_equal(look().count, 0);
}

static void nobody(void **state)
{
    struct held held = {0};

    (void)state;
    held_add(&held, INT32_MAX, INT32_MAX);
    assert_int_equal(held.count, 0);
}

/* --- tasks -------------------------------------------------------------------------------- */

/* A folder that looks like a cgroup, with another one in it. */
static int make_cgroup(char *path)
{
    char below[64];
    FILE *file;
    int fd;

    assert_non_null(mkdtemp(path));
    snprintf(below, sizeof(below), "%s/below", path);
    assert_int_equal(mkdir(below, 0700), 0);
    snprintf(below, sizeof(below), "%s/below/cgroup.procs", path);
    file = fopen(below, "w");
    assert_non_null(file);
    fprintf(file, "0\n%d\nx\n-1\n99999999999\n", getpid());
    fclose(file);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void remove_cgroup(const char *path)
{
    char below[64];

    snprintf(below, sizeof(below), "%s/below/cgroup.procs", path);
    assert_int_equal(unlink(below), 0);
    snprintf(below, sizeof(below), "%s/below", path);
    assert_int_equal(rmdir(below), 0);
    assert_int_equal(rmdir(path), 0);
}

static void tasks_of_a_cgroup(void **state)
{
    char path[] = "/tmp/tasks.XXXXXX", name[48], number[16], text[QUARANTINE_TEXT_MAX];
    int fd = make_cgroup(path);
    struct stuck_task tasks[8];

    (void)state;
    assert_int_equal(tasks_read(fd, ".", tasks, 8), 1);
    assert_int_equal(tasks[0].pid, getpid());
    assert_int_equal(tasks[0].state, 'R');
    assert_true(tasks[0].switches >= 0);
    tasks_name(&tasks[0], name, sizeof(name));
    snprintf(number, sizeof(number), "%d (", getpid());
    assert_memory_equal(name, number, strlen(number));
    tasks_wchan(&tasks[0], name, sizeof(name));
    hang_where(tasks[0].pid, tasks[0].tid, text); // it hangs on nothing
    hang_stack(tasks[0].pid, tasks[0].tid, text);
    assert_int_equal(tasks_read(fd, ".", tasks, 0), 0);
    assert_int_equal(tasks_read(fd, "nothing", tasks, 8), -ENOENT);
    close(fd);
    remove_cgroup(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports),  cmocka_unit_test(abstract_names),    cmocka_unit_test(locks),
        cmocka_unit_test(nobody), cmocka_unit_test(tasks_of_a_cgroup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
