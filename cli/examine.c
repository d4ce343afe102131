/* See examine.h. */
#include "cli/examine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cli/host/cgfile.h"
#include "cli/host/files.h"
#include "cli/host/host.h"
#include "cli/stack/launch.h"
#include "cli/host/state_folder.h"
#include "cli/plan/seccomp.h"
#include "cli/host/skeleton.h"
#include "core/paths.h"

#define NOFILE_WANTED 4096 // about six files a service and some to spare

const char *finding_state_name(enum finding_state state)
{
    static const char *const names[] = {"ok", "warn", "missing"};

    return names[state];
}

static void found(struct findings *findings, const char *what, enum finding_state state,
                  const char *remedy, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static void found(struct findings *findings, const char *what, enum finding_state state,
                  const char *remedy, const char *format, ...)
{
    struct finding *finding;
    va_list arguments;

    if (findings->count == FINDINGS_MAX)
        return;
    finding = &findings->item[findings->count++];
    finding->what = what;
    finding->state = state;
    va_start(arguments, format);
    vsnprintf(finding->detail, sizeof(finding->detail), format, arguments);
    va_end(arguments);
    snprintf(finding->remedy, sizeof(finding->remedy), "%s",
             state == FINDING_OK || !remedy ? "" : remedy);
}

/* --- the kernel ------------------------------------------------------------------------------- */

static void examine_kernel(struct findings *findings)
{
    struct utsname name = {0};
    char *rest = name.release;
    long major = 0, minor = 0;

    if (uname(&name) == 0) {
        major = strtol(name.release, &rest, 10);
        minor = *rest == '.' ? strtol(rest + 1, &rest, 10) : 0;
    }
    if (rest == name.release)
        found(findings, "kernel", FINDING_WARN, NULL, "its version cannot be read");
    else if (major < 5 || (major == 5 && minor < 14))
        found(findings, "kernel", FINDING_MISSING, "boot Linux 5.14 or newer (Debian 12 has 6.1)",
              "%.64s is too old: cgroup.kill came with 5.14", name.release);
    else
        found(findings, "kernel", FINDING_OK, NULL,
              "%.64s (some kill whatever is born into a cgroup after cgroup.kill: every start "
              "has a fresh one)",
              name.release);
}

static void examine_seccomp(struct findings *findings)
{
    unsigned int level = seccomp_level();

    if (level == 0)
        found(findings, "seccomp", FINDING_WARN, "boot a kernel with CONFIG_SECCOMP_FILTER",
              "filters cannot be used");
    else
        found(findings, "seccomp", FINDING_OK, NULL, "API level %u", level);
}

/* Of nobody else's: what runs as nobody, too, could signal it and read the logs. */
static void examine_recorder(struct findings *findings)
{
    struct recorder_user user;

    recorder_user_find(&user);
    if (geteuid() != 0)
        found(findings, "recorder", FINDING_OK, NULL, "runs as you do");
    else if (user.name && strcmp(user.name, RECORDER_USER) == 0)
        found(findings, "recorder", FINDING_OK, NULL, "runs as the user %s", user.name);
    else
        found(findings, "recorder", FINDING_WARN, "useradd --system " RECORDER_USER,
              "shares the user %s with others", user.name ? user.name : "root");
}

static void examine_pressure(struct findings *findings)
{
    if (access("/proc/pressure/memory", R_OK) == 0)
        found(findings, "pressure (PSI)", FINDING_OK, NULL, "/proc/pressure is there");
    else
        found(findings, "pressure (PSI)", FINDING_WARN, "boot with psi=1",
              "this kernel does not tell how long processes wait for memory");
}

/* --- this process ----------------------------------------------------------------------------- */

static void examine_files(struct findings *findings)
{
    struct rlimit limit = {0};

    (void)getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < NOFILE_WANTED)
        found(findings, "open files", FINDING_WARN, "raise the hard limit: ulimit -Hn 65536",
              "at most %llu: enough for some %llu services", (unsigned long long)limit.rlim_max,
              (unsigned long long)limit.rlim_max / 8);
    else
        found(findings, "open files", FINDING_OK, NULL, "at most %llu",
              (unsigned long long)limit.rlim_max);
}

static void examine_protection(struct findings *findings)
{
    if (process_may_raise())
        found(findings, "OOM protection", FINDING_OK, NULL,
              "the supervisor can be kept from the OOM killer");
    else
        found(findings, "OOM protection", FINDING_WARN,
              "give bulkhead the capability CAP_SYS_RESOURCE",
              "CAP_SYS_RESOURCE is missing: an out-of-memory host may kill the supervisor, and "
              "oom_score_adj and ulimits cannot be raised");
}

/* The nearest folder that exists: the rest is made by the first `up`. */
static void examine_runtime(struct findings *findings, const char *runtime_base)
{
    char path[PATH_MAX];
    struct statfs status;
    char *slash;

    snprintf(path, sizeof(path), "%s", runtime_base);
    while (statfs(path, &status) != 0 && (slash = strrchr(path, '/')) && slash != path)
        *slash = '\0';
    if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
        found(findings, "runtime folder", FINDING_MISSING,
              "set BULKHEAD_RUNTIME_DIR to a folder on a tmpfs", "%.160s cannot be written: %s",
              path, strerror(errno));
    else if (statfs(path, &status) == 0 && status.f_type == TMPFS_MAGIC)
        found(findings, "runtime folder", FINDING_OK, NULL, "%.160s is on a tmpfs", runtime_base);
    else
        found(findings, "runtime folder", FINDING_WARN,
              "mount a tmpfs there, or set BULKHEAD_RUNTIME_DIR",
              "%.160s is not on a tmpfs: the journal depends on a disk", runtime_base);
}

/* --- the cgroups ------------------------------------------------------------------------------ */

static void examine_place(struct findings *findings, const struct host *host)
{
    static const char *const kinds[] = {"", "the host's root cgroup, no systemd",
                                        "the root of a cgroup namespace",
                                        "handed over by systemd (Delegate=)", "BULKHEAD_CGROUP"};

    if (!*host->mount)
        found(findings, "cgroup v2", FINDING_MISSING, host->trouble.remedy, "not mounted");
    else
        found(findings, "cgroup v2", FINDING_OK, NULL, "mounted at %.160s", host->mount);
    if (host->kind == HOST_NONE)
        found(findings, "delegation", FINDING_MISSING, host->trouble.remedy, "%.240s",
              host->trouble.what);
    else
        found(findings, "delegation", FINDING_OK, NULL, "%.120s: %s", host->root,
              kinds[host->kind]);
}

static void examine_controllers(struct findings *findings, const struct host *host)
{
    static const char *const rows[] = {"memory controller", "pids controller", "cpu controller"};
    char why[200], remedy[320];

    for (int i = 0; i < CONTROLLERS_COUNT; i++) {
        enum controller controller = (enum controller)i;
        bool usable = host->controllers[i] == CONTROLLER_USABLE;
        host_controller_trouble(host, controller, why, sizeof(why), remedy, sizeof(remedy));
        found(findings, rows[i], usable ? FINDING_OK : FINDING_MISSING, remedy, "%s",
              usable ? "on cgroup v2" : why);
    }
}

static void examine_file(struct findings *findings, const char *dir, const char *file,
                         enum finding_state otherwise, const char *remedy, const char *without)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", dir, file);
    if (access(path, F_OK) == 0)
        found(findings, file, FINDING_OK, NULL, "there");
    else
        found(findings, file, otherwise, remedy, "%s", without);
}

/* What can only be seen in a cgroup of our own. */
static void examine_inside(struct findings *findings, const struct host *host, const char *dir)
{
    int result = launch_trial(dir);

    if (result == 0)
        found(findings, "birth in a cgroup", FINDING_OK, NULL, "clone3 with CLONE_INTO_CGROUP");
    else
        found(findings, "birth in a cgroup", FINDING_MISSING,
              result == -EPERM || result == -ENOSYS
                  ? "let clone3 through: a container's seccomp profile may forbid it"
                  : "check the permissions of cgroup.procs of the cgroups above",
              "clone3 with CLONE_INTO_CGROUP fails: %s",
              result < 0 ? strerror(-result) : "the child was killed");
    examine_file(findings, dir, "cgroup.kill", FINDING_MISSING, "boot Linux 5.14 or newer",
                 "a service that forks cannot be ended for sure");
    if (host->controllers[CONTROLLER_MEMORY] != CONTROLLER_USABLE)
        return;
    examine_file(findings, dir, "memory.peak", FINDING_WARN, "boot Linux 5.19 or newer",
                 "reports cannot tell the highest use");
    examine_file(findings, dir, "memory.swap.max", FINDING_WARN, "boot with swapaccount=1",
                 "this kernel does not count swap: a leak may fill it before it meets its limit");
}

static void examine_trial(struct findings *findings, const struct host *host)
{
    char stack[PATH_MAX + 64], inside[PATH_MAX + 128];
    struct skeleton_request request = {.host = host, .stack_dir = stack};
    struct fault fault;

    snprintf(stack, sizeof(stack), "%s/bulkhead-doctor.%d", host->root, (int)getpid());
    for (int i = 0; i < CONTROLLERS_COUNT; i++)
        request.controllers[i] = host->controllers[i] == CONTROLLER_USABLE;
    if (skeleton_make(&request, &fault) != 0)
        found(findings, "trial", FINDING_MISSING, fault.remedy, "%.240s", fault.what);
    else {
        snprintf(inside, sizeof(inside), "%s/" CGROUP_SERVICES "/trial", stack);
        if (mkdir(inside, 0755) != 0)
            found(findings, "trial", FINDING_MISSING, NULL, "cannot make a cgroup: %s",
                  strerror(errno));
        else
            examine_inside(findings, host, inside);
    }
    (void)skeleton_remove(stack);
}

int examine(const char *runtime_base, struct findings *ret)
{
    struct host *host = malloc(sizeof(*host));
    int result = host ? host_find(host) : -ENOMEM;

    if (result == 0) {
        ret->count = 0;
        examine_kernel(ret);
        examine_place(ret, host);
        examine_controllers(ret, host);
        if (host->kind != HOST_NONE)
            examine_trial(ret, host);
        examine_pressure(ret);
        examine_seccomp(ret);
        examine_recorder(ret);
        examine_files(ret);
        examine_protection(ret);
        examine_runtime(ret, runtime_base);
    }
    free(host);
    return result;
}
