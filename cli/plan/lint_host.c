/* What this machine has, for the linter. See lint_stack.h. */
#include <sched.h>
#include <sys/sysinfo.h>

#include "cli/plan/lint_stack.h"

struct lint_host lint_host_read(void)
{
    struct lint_host host = {0};
    struct sysinfo info;
    cpu_set_t set;

    if (sysinfo(&info) == 0) {
        host.ram_bytes = (int64_t)info.totalram * info.mem_unit;
        host.swap_bytes = (int64_t)info.totalswap * info.mem_unit;
    }
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        host.cpus_milli = (int64_t)CPU_COUNT(&set) * 1000;
    return host;
}
