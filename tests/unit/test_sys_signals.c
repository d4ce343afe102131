/* What was ignored when we were started is not when our children are. */
// links: supervisor/sys/signals.o
// native: valgrind has signals of its own
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "supervisor/sys/signals.h"

/* As /proc has it: the C library's own view leaves two out. */
static unsigned long long ignored(void)
{
    FILE *file = fopen("/proc/self/status", "re");
    unsigned long long mask = ~0ULL;
    char line[256];

    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        if (strncmp(line, "SigIgn:", 7) == 0)
            mask = strtoull(line + 7, NULL, 16);
    fclose(file);
    return mask;
}

static void none_stays_ignored(void **state)
{
    struct {
        void (*handler)(int);
        unsigned long rest[8];
    } ignore = {.handler = SIG_IGN};

    (void)state;
    for (int i = 1; i < _NSIG; i++)
        (void)syscall(SYS_rt_sigaction, i, &ignore, NULL, _NSIG / 8);
    assert_int_equal(ignored(), ~0ULL & ~(1ULL << (SIGKILL - 1)) & ~(1ULL << (SIGSTOP - 1)));
    signals_default();
    assert_int_equal(ignored(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(none_stays_ignored)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
