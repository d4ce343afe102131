/* Helpers and what is handed to us: a copy says one thing and holds nothing else; memory that could
 * still be changed is refused. */
// links: supervisor/sys/helper.o supervisor/sys/sealed.o supervisor/sys/pty.o
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "supervisor/sys/helper.h"
#include "supervisor/sys/pty.h"
#include "supervisor/sys/sealed.h"

static ssize_t hear(const struct helper *helper, char message[HELPER_MESSAGE_MAX])
{
    struct pollfd fd = {.fd = helper->report, .events = POLLIN};

    assert_int_equal(poll(&fd, 1, 20000), 1);
    return helper_message(helper, message);
}

static void end(struct helper *helper)
{
    pid_t pid = helper->pid;

    helper_finish(helper);
    assert_int_equal(helper->pid, 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Which of the numbers below 64 are open in the copy, and a change that we must not see. */
static size_t tell_files(void *context, char message[HELPER_MESSAGE_MAX])
{
    *(int *)context = 1;
    for (int fd = 0; fd < 64; fd++)
        message[fd] = fcntl(fd, F_GETFD) >= 0 ? 'x' : '-';
    return 64;
}

static void it_has_the_files_named_and_no_memory_of_ours(void **state)
{
    char message[HELPER_MESSAGE_MAX];
    struct helper helper;
    int touched = 0, kept = fcntl(STDERR_FILENO, F_DUPFD, 20), open = 0;
    int other = fcntl(STDERR_FILENO, F_DUPFD, 30);

    (void)state;
    assert_int_equal(helper_start(false, &kept, 1, tell_files, &touched, &helper), 0);
    assert_int_equal(hear(&helper, message), 64);
    assert_int_equal(message[kept], 'x');
    assert_int_equal(message[other], '-');
    for (int fd = 0; fd < 64; fd++)
        open += message[fd] == 'x';
    assert_int_equal(open, 2); // that, and its report
    assert_int_equal(touched, 0);
    end(&helper);
    close(kept);
    close(other);
}

static size_t hang(void *context, char message[HELPER_MESSAGE_MAX])
{
    (void)context;
    (void)message;
    while (pause() < 0)
        ;
    return 0;
}

static void one_that_hangs_is_killed(void **state)
{
    char message[HELPER_MESSAGE_MAX];
    struct helper helper;

    (void)state;
    assert_int_equal(helper_start(false, NULL, 0, hang, NULL, &helper), 0);
    assert_int_equal(helper_message(&helper, message), -EAGAIN);
    end(&helper);
    helper_finish(&helper); // may be finished already
}

static size_t say_nothing(void *context, char message[HELPER_MESSAGE_MAX])
{
    (void)context;
    (void)message;
    return 0;
}

static void one_that_says_nothing_has_ended(void **state)
{
    char message[HELPER_MESSAGE_MAX];
    struct helper helper;

    (void)state;
    assert_int_equal(helper_start(false, NULL, 0, say_nothing, NULL, &helper), 0);
    assert_int_equal(hear(&helper, message), 0);
    end(&helper);
}

static void only_what_nobody_can_change_is_sealed(void **state)
{
    static const int all = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
    static const int parts[] = {0, F_SEAL_WRITE, F_SEAL_SHRINK | F_SEAL_GROW,
                                F_SEAL_WRITE | F_SEAL_SHRINK, F_SEAL_WRITE | F_SEAL_GROW};
    size_t size = 0;
    int fd;

    (void)state;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        fd = memfd_create("test", MFD_ALLOW_SEALING | MFD_CLOEXEC);
        assert_int_equal(fcntl(fd, F_ADD_SEALS, parts[i]), 0);
        assert_int_equal(sealed_check(fd, 100, &size), -EPERM);
        close(fd);
    }
    fd = memfd_create("test", MFD_ALLOW_SEALING | MFD_CLOEXEC);
    assert_int_equal(ftruncate(fd, 100), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, all), 0);
    assert_int_equal(sealed_check(fd, 99, &size), -EFBIG);
    assert_int_equal(sealed_check(fd, 100, &size), 0);
    assert_int_equal(size, 100);
    close(fd);
    assert_int_equal(sealed_check(STDIN_FILENO, 100, &size), -EPERM);
    assert_int_equal(sealed_check(-1, 100, &size), -EPERM);
}

static void a_terminal_passes_newlines_as_they_are(void **state)
{
    char text[16];
    int ours, theirs;

    (void)state;
    assert_int_equal(pty_open((uid_t)-1, 0, &ours, &theirs), 0);
    assert_true(isatty(theirs));
    assert_int_equal(write(theirs, "a\nb\n", 4), 4);
    assert_int_equal(read(ours, text, sizeof(text)), 4);
    assert_memory_equal(text, "a\nb\n", 4);
    assert_int_equal(read(ours, text, sizeof(text)), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(write(ours, "typed\n", 6), 6);
    assert_int_equal(read(theirs, text, sizeof(text)), 6);
    assert_int_equal(read(ours, text, sizeof(text)), -1); // no echo
    close(theirs);
    assert_int_equal(read(ours, text, sizeof(text)), -1);
    assert_int_equal(errno, EIO);
    close(ours);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_the_files_named_and_no_memory_of_ours),
        cmocka_unit_test(one_that_hangs_is_killed),
        cmocka_unit_test(one_that_says_nothing_has_ended),
        cmocka_unit_test(only_what_nobody_can_change_is_sealed),
        cmocka_unit_test(a_terminal_passes_newlines_as_they_are),
    };
    const struct CMUnitTest without_births[] = {
        cmocka_unit_test(only_what_nobody_can_change_is_sealed),
        cmocka_unit_test(a_terminal_passes_newlines_as_they_are),
    };

    /* valgrind has no clone3: there, only what needs none. */
    if (syscall(SYS_clone3, NULL, (size_t)0) < 0 && errno == ENOSYS)
        return cmocka_run_group_tests(without_births, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
