/* See host.h. */
#include "cli/host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cli/host/cgfile.h"
#include "cli/show/explain.h"
#include "cli/host/skeleton.h"
#include "core/paths.h"

static const char *const controller_names[] = {
#define X(id, name) name,
    CONTROLLERS(X)
#undef X
};

const char *controller_name(enum controller controller)
{
    return controller_names[controller];
}

static void trouble(struct host *host, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void trouble(struct host *host, const char *remedy, const char *format, ...)
{
    char text[2 * PATH_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    host->kind = HOST_NONE;
    (void)explain(&host->trouble, remedy, "%s", text);
}

static void join(char *path, const char *dir, const char *name)
{
    int length = snprintf(path, PATH_MAX, "%s%s", dir, strcmp(name, "/") == 0 ? "" : name);

    if (length < 0 || length >= PATH_MAX)
        path[0] = '\0';
}

/* --- where we are ----------------------------------------------------------------------------- */

/* mountinfo writes blanks and backslashes as \ooo. */
static void unescape(char *text)
{
    char *to = text;

    for (; *text; text++) {
        if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] && text[3]) {
            *to++ = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
            text += 3;
        } else {
            *to++ = *text;
        }
    }
    *to = '\0';
}

/* The first mount of the v2 hierarchy: its place, and which part of the hierarchy is there. */
static int find_mount(struct host *host, char *mounted_root)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t size = 0;
    bool found = false;

    if (!file)
        return -errno;
    while (!found && getline(&line, &size, file) > 0) {
        char *type = strstr(line, " - ");
        if (!type || strncmp(type, " - cgroup2 ", 11) != 0)
            continue;
        found = sscanf(line, "%*s %*s %*s %4095s %4095s", mounted_root, host->mount) == 2;
    }
    free(line);
    fclose(file);
    if (!found) {
        host->mount[0] = '\0';
        return 0;
    }
    unescape(mounted_root);
    unescape(host->mount);
    return 0;
}

/* The own cgroup as a path below the mount; "" when it is not in what is mounted. */
static void find_own(struct host *host, const char *mounted_root)
{
    char text[2 * PATH_MAX];
    char *own;

    host->own[0] = '\0';
    if (cgfile_read("/proc/self/cgroup", NULL, text, sizeof(text)) != 0)
        return;
    own = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
    if (!own)
        return;
    own += *own == '\n' ? 4 : 3;
    own[strcspn(own, "\n")] = '\0';
    if (strncmp(own, "/..", 3) == 0)
        return;
    if (strcmp(mounted_root, "/") != 0) {
        size_t length = strlen(mounted_root);
        if (strncmp(own, mounted_root, length) != 0 || (own[length] != '/' && own[length]))
            return;
        own += length;
    }
    join(host->own, host->mount, *own ? own : "/");
}

static bool is_delegated(const char *dir)
{
    static const char *const names[] = {"user.delegate", "trusted.delegate"};
    char value[8];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (getxattr(dir, names[i], value, sizeof(value)) == 1 && value[0] == '1')
            return true;
    return false;
}

/* The nearest cgroup at or above ours that systemd has handed over. */
static bool find_delegated(struct host *host)
{
    char path[PATH_MAX];
    size_t least = strlen(host->mount);

    memcpy(path, host->own, sizeof(path));
    while (strlen(path) > least) {
        if (is_delegated(path)) {
            memcpy(host->root, path, sizeof(path));
            return true;
        }
        *strrchr(path, '/') = '\0';
    }
    return false;
}

/* A cgroup that is not the root of the whole hierarchy has a type. */
static bool is_whole_root(const char *mount)
{
    char path[PATH_MAX + 16];

    snprintf(path, sizeof(path), "%s/cgroup.type", mount);
    return access(path, F_OK) != 0;
}

/* --- the delegated root ----------------------------------------------------------------------- */

/* This very command again, in a scope of its own. */
static void scope_command(char *text, size_t size)
{
    char words[512];
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, words, sizeof(words) - 1);

    if (fd >= 0)
        close(fd);
    for (ssize_t i = 0; i + 1 < length; i++)
        if (words[i] == '\0')
            words[i] = ' ';
    words[length > 0 ? length : 0] = '\0';
    snprintf(text, size, "systemd-run %s--scope -p Delegate=yes %s",
             geteuid() == 0 ? "" : "--user ", length > 0 ? words : "bulkhead ...");
}

static void not_delegated(struct host *host)
{
    char command[640], remedy[700];

    scope_command(command, sizeof(command));
    snprintf(remedy, sizeof(remedy), "run it in a scope of its own: %s", command);
    trouble(host, remedy, "systemd manages the cgroups here and has handed none to bulkhead");
}

static int use_chosen(struct host *host, const char *chosen)
{
    size_t length = strlen(host->mount);
    struct stat status;

    if (strlen(chosen) >= sizeof(host->root) || strncmp(chosen, host->mount, length) != 0 ||
        chosen[length] != '/' || strstr(chosen, "/../") || stat(chosen, &status) != 0 ||
        !S_ISDIR(status.st_mode)) {
        trouble(host, "name a cgroup that exists, below the mount of cgroup v2",
                "BULKHEAD_CGROUP=%s is not a cgroup below %s", chosen, host->mount);
        return 0;
    }
    host->kind = HOST_CHOSEN;
    snprintf(host->root, sizeof(host->root), "%s", chosen);
    snprintf(host->top, sizeof(host->top), "%s", chosen);
    return 0;
}

/* Decides kind, root and top. */
static void find_root(struct host *host)
{
    const char *chosen = getenv("BULKHEAD_CGROUP");

    if (chosen && *chosen) {
        use_chosen(host, chosen);
        return;
    }
    if (*host->own && find_delegated(host)) {
        host->kind = HOST_DELEGATED;
        memcpy(host->top, host->root, sizeof(host->top));
        return;
    }
    if (host->systemd) {
        not_delegated(host);
        return;
    }
    memcpy(host->top, host->mount, sizeof(host->top));
    if (is_whole_root(host->mount)) {
        host->kind = HOST_TOP;
        join(host->root, host->mount, "/bulkhead");
    } else {
        host->kind = HOST_NAMESPACE;
        memcpy(host->root, host->mount, sizeof(host->root));
    }
}

static void check_writable(struct host *host)
{
    const char *dir = host->top;

    if (faccessat(AT_FDCWD, dir, W_OK, AT_EACCESS) == 0)
        return;
    if (errno == EROFS)
        trouble(host,
                "start the container with a writable cgroup of its own "
                "(--cgroupns=private and the mount of /sys/fs/cgroup rw, or --privileged)",
                "the cgroup hierarchy at %s is mounted read-only", dir);
    else
        trouble(host, geteuid() == 0 ? "check who owns it" : "run bulkhead as root",
                "no permission to make cgroups in %s", dir);
}

/* --- what it can enforce ---------------------------------------------------------------------- */

struct foreign {
    struct host *host;
    int count;
};

static void add_foreign(void *context, const char *dir, pid_t pid)
{
    struct foreign *foreign = context;
    char name[CGFILE_COMM_MAX];
    size_t used = strlen(foreign->host->foreign);

    (void)dir;
    if (pid == getpid())
        return;
    foreign->count++;
    cgfile_comm(pid, name);
    if (foreign->count <= 3)
        snprintf(foreign->host->foreign + used, sizeof(foreign->host->foreign) - used, "%s%d (%s)",
                 used ? ", " : "", (int)pid, name);
    else if (foreign->count == 4)
        snprintf(foreign->host->foreign + used, sizeof(foreign->host->foreign) - used, ", ...");
}

/* Processes that are not ours in a cgroup whose controllers are still to be handed down. */
static bool is_occupied(struct host *host)
{
    struct foreign foreign = {host, 0};

    host->foreign[0] = '\0';
    if (host->kind == HOST_TOP)
        return false; // the root of the hierarchy is exempt
    (void)cgfile_processes(host->top, false, add_foreign, &foreign);
    return foreign.count > 0;
}

/* The fourth and last column of /proc/cgroups: enabled. */
static bool is_in_kernel(const char *controller)
{
    char text[4096];
    size_t length = strlen(controller);
    char *line, *rest = text;

    if (cgfile_read("/proc/cgroups", NULL, text, sizeof(text)) != 0)
        return true;
    while ((line = strsep(&rest, "\n")))
        if (strncmp(line, controller, length) == 0 && line[length] == '\t')
            return line[strlen(line) - 1] == '1';
    return false;
}

static enum controller_state find_state(struct host *host, enum controller controller)
{
    const char *name = controller_name(controller);
    char there[512], handed_down[512];

    (void)cgfile_read(host->top, "cgroup.controllers", there, sizeof(there));
    (void)cgfile_read(host->top, "cgroup.subtree_control", handed_down, sizeof(handed_down));
    if (cgfile_has_word(handed_down, name))
        return CONTROLLER_USABLE;
    if (cgfile_has_word(there, name))
        return is_occupied(host) ? CONTROLLER_OCCUPIED : CONTROLLER_USABLE;
    if (!is_in_kernel(name))
        return CONTROLLER_DISABLED;
    if (skeleton_version(name) == 1)
        return CONTROLLER_ON_V1;
    return CONTROLLER_NOT_DELEGATED;
}

void host_controller_trouble(const struct host *host, enum controller controller, char *why,
                             size_t why_size, char *remedy, size_t remedy_size)
{
    const char *name = controller_name(controller);

    switch (host->controllers[controller]) {
    case CONTROLLER_USABLE:
        snprintf(why, why_size, "the %s controller is there", name);
        remedy[0] = '\0';
        break;
    case CONTROLLER_ON_V1:
        snprintf(why, why_size, "this host has the %s controller on cgroup v1", name);
        snprintf(remedy, remedy_size,
                 "boot with systemd.unified_cgroup_hierarchy=1 or cgroup_no_v1=all");
        break;
    case CONTROLLER_DISABLED:
        snprintf(why, why_size, "this kernel runs without the %s controller", name);
        snprintf(remedy, remedy_size, "boot with cgroup_enable=%s, or a kernel that has it", name);
        break;
    case CONTROLLER_NOT_DELEGATED:
        snprintf(why, why_size, "the %s controller is not handed down to %s", name, host->top);
        if (host->systemd)
            snprintf(remedy, remedy_size, "delegate it: -p \"Delegate=memory pids cpu\"");
        else
            snprintf(remedy, remedy_size, "echo +%s > cgroup.subtree_control in the cgroups above",
                     name);
        break;
    case CONTROLLER_OCCUPIED:
        snprintf(why, why_size, "processes of others are in %s itself: %s", host->top,
                 host->foreign);
        snprintf(remedy, remedy_size,
                 "start bulkhead as the first process there%s, or move them to a cgroup below it",
                 host->kind == HOST_DELEGATED
                     ? " (systemd-run --scope -p Delegate=yes bulkhead ...)"
                     : "");
        break;
    }
}

/* Without swap accounting a cgroup has no memory.swap.max. */
static bool has_swap_accounting(const struct host *host)
{
    char path[PATH_MAX + 32];
    char text[16];

    snprintf(path, sizeof(path), "%s/memory.swap.max", host->own);
    if (access(path, F_OK) == 0)
        return true;
    /* The root cgroup never has the file: its children tell, else the boot parameter. */
    if (cgfile_read("/sys/kernel/mm/memcg_swap_enabled", NULL, text, sizeof(text)) == 0)
        return text[0] == '1';
    (void)cgfile_read("/proc/cmdline", NULL, path, sizeof(path));
    return !cgfile_has_word(path, "swapaccount=0") && access("/proc/swaps", F_OK) == 0;
}

int host_find(struct host *ret)
{
    struct host *host = ret;
    char mounted_root[PATH_MAX] = "/";
    int result;

    memset(host, 0, sizeof(*host));
    host->systemd = access("/run/systemd/system", F_OK) == 0;
    host->journald = access(PATH_JOURNALD, W_OK) == 0;
    result = find_mount(host, mounted_root);
    if (result != 0)
        return result;
    for (int i = 0; i < CONTROLLERS_COUNT; i++)
        host->controllers[i] = CONTROLLER_NOT_DELEGATED;
    if (!*host->mount) {
        trouble(host, "mount -t cgroup2 none /sys/fs/cgroup",
                "cgroup v2 is not mounted on this host");
        return 0;
    }
    find_own(host, mounted_root);
    find_root(host);
    if (host->kind != HOST_NONE)
        check_writable(host);
    if (!*host->top)
        memcpy(host->top, *host->own ? host->own : host->mount, sizeof(host->top));
    host->inside = strcmp(host->own, host->top) == 0 && host->kind != HOST_TOP;
    for (int i = 0; i < CONTROLLERS_COUNT; i++)
        host->controllers[i] = find_state(host, (enum controller)i);
    host->swap_accounting = has_swap_accounting(host);
    return 0;
}

int host_leave_top(const struct host *host)
{
    char leaf[PATH_MAX + sizeof(HOST_CLI_LEAF) + 1];
    char pid[16];

    if (!host->inside)
        return 0;
    snprintf(leaf, sizeof(leaf), "%s/%s", host->top, HOST_CLI_LEAF);
    if (mkdir(leaf, 0755) != 0 && errno != EEXIST)
        return -errno;
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    return cgfile_write(leaf, "cgroup.procs", pid);
}
