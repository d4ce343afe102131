/* The recorder's filter of system calls: what it lets through, and what ends the process. */
// links: recorder/sandbox.o generated/recorder_filter.o
// native: valgrind makes calls of its own
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder/sandbox.h"

/* The wait status of a child that does it behind the filter: 0, or that of SIGSYS. */
static int behind_filter(int (*act)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        if (sandbox_filter() != 0)
            _exit(99);
        _exit(act());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static int write_a_file(void)
{
    char text[8];
    int folder = open("/tmp", O_RDONLY | O_DIRECTORY);
    int fd = openat(folder, ".", O_TMPFILE | O_RDWR, 0600);

    if (fd < 0)
        return 1;
    return write(fd, "abc", 3) == 3 && pread(fd, text, 3, 0) == 3 && fdatasync(fd) == 0 &&
                   ftruncate(fd, 1) == 0 && close(fd) == 0
               ? 0
               : 2;
}

static void *nothing(void *context)
{
    return context;
}

static int start_a_thread(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0 ? 0
                                                                                                : 1;
}

static int get_memory(void)
{
    char *bytes = malloc(1 << 20);

    if (!bytes)
        return 1;
    memset(bytes, 1, 1 << 20);
    free(bytes);
    return 0;
}

static int ask_for_clone3(void)
{
    return syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS ? 0 : 1;
}

static int fork_a_process(void)
{
    return (int)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) >= 0;
}

static int execute(void)
{
    return execl("/bin/true", "true", (char *)NULL);
}

static int make_a_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static int make_memory_executable(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED;
}

static int trace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static int change_user(void)
{
    return setuid(0) == 0;
}

static int send_a_signal(void)
{
    return kill(getppid(), 0) == 0;
}

static void test_lets_through(void **state)
{
    int (*const acts[])(void) = {write_a_file, start_a_thread, get_memory, ask_for_clone3};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
        assert_int_equal(behind_filter(acts[i]), 0);
}

static void test_ends(void **state)
{
    int (*const acts[])(void) = {
        fork_a_process, execute,     make_a_socket, make_memory_executable,
        trace,          change_user, send_a_signal,
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        int status = behind_filter(acts[i]);

        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSYS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lets_through),
        cmocka_unit_test(test_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
