/* See signals.h. */
#include "supervisor/sys/signals.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's struct sigaction is not the C library's, but shorter in every architecture; of one
 * that is zero only the size of its set matters, which has a bit a signal. */
#define KERNEL_SET_BYTES (_NSIG / 8)

void signals_default(void)
{
    static const struct sigaction kernel_default; // SIG_DFL, no flags, an empty set

    for (int i = 1; i < _NSIG; i++) // fails for SIGKILL and SIGSTOP, which nobody can ignore
        (void)syscall(SYS_rt_sigaction, i, &kernel_default, NULL, KERNEL_SET_BYTES);
}
