/* Somebody whom there is no file for waits, and costs nothing meanwhile. */
// links: supervisor/listener.o supervisor/sys/sock.o supervisor/sys/loop.o core
// native: valgrind keeps file numbers for itself
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "supervisor/listener.h"
#include "supervisor/sys/loop.h"

#define SOURCE 7

static int knock(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "door"};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* From now on there is no file for more. */
static struct rlimit bound_files(void)
{
    struct rlimit before, now;
    int next = dup(STDERR_FILENO);

    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    now = before;
    now.rlim_cur = (rlim_t)next;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
    return before;
}

static void no_file_is_waited_for(void **state)
{
    const instant now = {NSEC_PER_SEC};
    struct loop_ready ready[LOOP_BATCH];
    char folder[] = "/tmp/bulkhead-listener.XXXXXX";
    struct listener listener;
    struct rlimit files;
    struct loop loop;
    int client, fd;
    uid_t uid;

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(loop_init(&loop), 0);
    assert_int_equal(listener_open(&listener, &loop, "door", 0600, SOURCE), 0);
    client = knock();
    files = bound_files();
    assert_int_equal(loop_wait(&loop, now, now, ready), 1);
    assert_int_equal(ready[0].source, SOURCE);
    assert_int_equal(listener_accept(&listener, &loop, now, &fd, &uid), -EMFILE);
    assert_int_equal(loop_wait(&loop, now, now, ready), 0); // he still knocks
    listener_turn(&listener, &loop, now);
    assert_int_equal(loop_wait(&loop, now, now, ready), 0);
    assert_int_equal(listener.again.ns, instant_add(now, LISTENER_PAUSE).ns);

    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    listener_turn(&listener, &loop, listener.again);
    assert_int_equal(listener.again.ns, INSTANT_NEVER.ns);
    assert_int_equal(loop_wait(&loop, now, now, ready), 1);
    assert_int_equal(listener_accept(&listener, &loop, now, &fd, &uid), 0);
    assert_int_equal(uid, geteuid());
    assert_int_equal(listener_accept(&listener, &loop, now, &fd, &uid), -EAGAIN);
    assert_int_equal(listener.again.ns, INSTANT_NEVER.ns); // nobody is there: nothing to wait for
    close(fd);
    close(client);
    listener_close(&listener);
    assert_int_equal(listener_accept(&listener, &loop, now, &fd, &uid), -EBADF);
    loop_finish(&loop);
    assert_int_equal(unlink("door"), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_file_is_waited_for)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
