/* See skeleton.h. */
#include "cli/host/skeleton.h"

#include <dirent.h>
#include <errno.h>
#include <libcgroup.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/host/cgfile.h"
#include "cli/show/explain.h"
#include "core/paths.h"

/* Exported by libcgroup 2.0, declared in no header of it; crashes on NULL. */
enum cg_version_t {
    VERSION_UNKNOWN = 0,
    VERSION_V1,
    VERSION_V2,
};
extern int cgroup_get_controller_version(const char *controller, enum cg_version_t *version);

/* libcgroup prints by itself unless it is told where to: the last message is our evidence. */
static char last_message[256];

__attribute__((format(printf, 3, 0))) static void keep_message(void *userdata, int level,
                                                               const char *format, va_list list)
{
    (void)userdata;
    (void)level;
    vsnprintf(last_message, sizeof(last_message), format, list);
    last_message[strcspn(last_message, "\n")] = '\0';
}

/* 0 or a code of libcgroup. Reads the mounts once; there is no way back. */
static int prepare(void)
{
    static int result = -1;

    if (result == -1) {
        cgroup_set_logger(keep_message, CGROUP_LOG_ERROR, NULL);
        result = cgroup_init();
    }
    return result;
}

int skeleton_version(const char *controller)
{
    enum cg_version_t version = VERSION_UNKNOWN;

    if (prepare() != 0 || cgroup_get_controller_version(controller, &version) != 0)
        return 0;
    return version == VERSION_V1 ? 1 : version == VERSION_V2 ? 2 : 0;
}

static int make_folder(const char *path, struct fault *ret_fault)
{
    if (mkdir(path, 0755) == 0 || errno == EEXIST)
        return 0;
    return explain(ret_fault,
                   errno == EAGAIN || errno == ENOSPC ? "raise cgroup.max.descendants above it"
                                                      : NULL,
                   "cannot make the cgroup %s: %s", path, strerror(errno));
}

/* What is not there after all is found now and not at the first start. */
static int hand_down(const struct skeleton_request *request, const char *path,
                     struct fault *ret_fault)
{
    char words[64] = "", there[512];
    int result = 0;

    for (int i = 0; i < CONTROLLERS_COUNT; i++) {
        size_t used = strlen(words);
        if (request->controllers[i])
            snprintf(words + used, sizeof(words) - used, "%s+%s", used ? " " : "",
                     controller_name((enum controller)i));
    }
    if (*words)
        result = cgfile_write(path, "cgroup.subtree_control", words);
    if (result != 0)
        return explain(ret_fault, NULL, "cannot write \"%s\" to %s/cgroup.subtree_control: %s",
                       words, path, strerror(-result));
    (void)cgfile_read(path, "cgroup.subtree_control", there, sizeof(there));
    for (int i = 0; i < CONTROLLERS_COUNT; i++)
        if (request->controllers[i] && !cgfile_has_word(there, controller_name((enum controller)i)))
            return explain(ret_fault, NULL, "the %s controller is not in %s/cgroup.subtree_control",
                           controller_name((enum controller)i), path);
    return 0;
}

/* Every folder below `top` (which exists) down to `path`; all but the last hand down. */
static int make_folders(const struct skeleton_request *request, const char *path,
                        struct fault *ret_fault)
{
    const char *top = request->host->top;
    char part[PATH_MAX];
    int result = hand_down(request, top, ret_fault);

    for (const char *at = path + strlen(top) + 1; result == 0; at++) {
        if (*at && *at != '/')
            continue;
        snprintf(part, sizeof(part), "%.*s", (int)(at - path), path);
        result = make_folder(part, ret_fault);
        if (!*at)
            break;
        if (result == 0)
            result = hand_down(request, part, ret_fault);
    }
    return result;
}

/* Controllers can be handed down only by a cgroup without processes of its own. */
static int leave_top(const struct host *host, struct fault *ret_fault)
{
    int result = host_leave_top(host);

    if (result == 0)
        return 0;
    return explain(ret_fault, NULL, "cannot move this process from %s to a cgroup below it: %s",
                   host->top, strerror(-result));
}

static bool wants_any(const struct skeleton_request *request)
{
    for (int i = 0; i < CONTROLLERS_COUNT; i++)
        if (request->controllers[i])
            return true;
    return false;
}

/* libcgroup writes to every level from the mount on: also to those above `top`, which are not ours
 * to write and, unprivileged, not to be written at all. */
static bool is_for_libcgroup(const struct skeleton_request *request)
{
    return wants_any(request) && strcmp(request->host->top, request->host->mount) == 0;
}

/* `path` and all above it, each handing the controllers down to the next. */
static int make_by_libcgroup(const struct skeleton_request *request, const char *path,
                             struct fault *ret_fault)
{
    struct cgroup *group;
    int result = prepare();

    if (result != 0)
        return explain(ret_fault, NULL, "libcgroup: %s", cgroup_strerror(result));
    /* libcgroup hands down from the second level on and takes the first for granted. */
    if (hand_down(request, request->host->mount, ret_fault) != 0)
        return 1;
    group = cgroup_new_cgroup(path + strlen(request->host->mount) + 1);
    if (!group)
        return explain(ret_fault, NULL, "libcgroup: out of memory");
    for (int i = 0; i < CONTROLLERS_COUNT; i++)
        if (request->controllers[i] &&
            !cgroup_add_controller(group, controller_name((enum controller)i)))
            result = ECGINVAL;
    last_message[0] = '\0';
    if (result == 0)
        result = cgroup_create_cgroup(group, 1);
    cgroup_free(&group);
    if (result == 0)
        return 0;
    return explain(ret_fault, NULL, "cannot make the cgroup %s: %s%s%s", path,
                   result == ECGOTHER ? strerror(cgroup_get_last_errno()) : cgroup_strerror(result),
                   *last_message ? ": " : "", last_message);
}

static int64_t read_sum_below(const char *dir, const char *file)
{
    DIR *folder = opendir(dir);
    struct dirent *entry;
    char path[PATH_MAX], text[32];
    int64_t sum = 0;

    if (!folder)
        return 0;
    while ((entry = readdir(folder))) {
        int length;
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        length = snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
        if (length > 0 && (size_t)length < sizeof(path) &&
            cgfile_read(path, file, text, sizeof(text)) == 0)
            sum += strtoll(text, NULL, 10);
    }
    closedir(folder);
    return sum;
}

static int write_bytes(const char *dir, const char *file, int64_t bytes)
{
    char text[32];

    snprintf(text, sizeof(text), "%lld", (long long)bytes);
    return cgfile_write(dir, file, text);
}

/* What our own programs need of memory is theirs when the host has none left: more than they are
 * seen to use, for what nobody uses is given to others all the same. Swap would be as slow as a
 * disk. The sum is in *ret. 0 or a negative errno. */
static int protect_own(const char *stack_dir, int64_t *ret)
{
    static const struct {
        const char *name;
        int64_t bytes;
    } own[] = {{CGROUP_KEEPER, 2 << 20}, {CGROUP_SUPERVISOR, 16 << 20}, {CGROUP_RECORDER, 8 << 20}};
    char leaf[PATH_MAX];
    int64_t sum = 0;
    int result = 0;

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]) && result == 0; i++) {
        snprintf(leaf, sizeof(leaf), "%s/%s", stack_dir, own[i].name);
        result = write_bytes(leaf, "memory.min", own[i].bytes);
        (void)cgfile_write(leaf, "memory.swap.max", "0"); // not there without swap accounting
        sum += own[i].bytes;
    }
    *ret = sum;
    return result;
}

/* The services' sum, and with `own` that of our own programs, on every level that is ours. */
static int protect_one(const struct skeleton_request *request, const char *services,
                       const char *file, int64_t bytes, int64_t own, struct fault *ret_fault)
{
    char text[32];
    int result = 0;

    if (bytes + own <= 0)
        return 0;
    if (bytes > 0)
        result = write_bytes(services, file, bytes);
    if (result == 0)
        result = write_bytes(request->stack_dir, file, bytes + own);
    if (result == 0 && request->host->kind == HOST_TOP) {
        snprintf(text, sizeof(text), "%lld", (long long)read_sum_below(request->host->root, file));
        result = cgfile_write(request->host->root, file, text);
    }
    if (result != 0)
        return explain(ret_fault, NULL, "cannot set %s of %s: %s", file, request->stack_dir,
                       strerror(-result));
    return 0;
}

static int protect(const struct skeleton_request *request, const char *services,
                   struct fault *ret_fault)
{
    int64_t own = 0;
    int result = 0;

    if (request->controllers[CONTROLLER_MEMORY])
        result = protect_own(request->stack_dir, &own);
    if (result != 0)
        return explain(ret_fault, NULL, "cannot protect the memory of our own programs in %s: %s",
                       request->stack_dir, strerror(-result));
    result = protect_one(request, services, "memory.min", request->memory_min, own, ret_fault);
    if (result == 0)
        result = protect_one(request, services, "memory.low", request->memory_low, 0, ret_fault);
    return result;
}

/* Again, a few times: the `down` of another stack may remove an empty <mount>/bulkhead meanwhile.
 */
static int make_services(const struct skeleton_request *request, const char *path,
                         struct fault *ret_fault)
{
    int result = 1;

    for (int tries = 0; result != 0 && tries < 3; tries++)
        result = is_for_libcgroup(request) ? make_by_libcgroup(request, path, ret_fault)
                                           : make_folders(request, path, ret_fault);
    return result;
}

static int make_groups(const struct skeleton_request *request, const char *services,
                       struct fault *ret_fault)
{
    char path[GROUP_PATH_MAX], folder[PATH_MAX + GROUP_PATH_MAX];
    int result = 0;

    for (uint32_t i = 1; i < request->groups_count && result == 0; i++) {
        group_path(request->groups, i, path);
        snprintf(folder, sizeof(folder), "%s/%s", services, path);
        result = make_folder(folder, ret_fault);
        if (result == 0)
            result = hand_down(request, folder, ret_fault);
    }
    return result;
}

int skeleton_make(const struct skeleton_request *request, struct fault *ret_fault)
{
    static const char *const leaves[] = {CGROUP_KEEPER, CGROUP_SUPERVISOR, CGROUP_RECORDER};
    char services[PATH_MAX], leaf[PATH_MAX];
    int result;

    if (strlen(request->stack_dir) + COMPARTMENT_NAME_MAX + 64 > PATH_MAX)
        return explain(ret_fault, NULL, "the path of the cgroup is too long: %s",
                       request->stack_dir);
    snprintf(services, sizeof(services), "%s/%s", request->stack_dir, CGROUP_SERVICES);
    result = wants_any(request) ? leave_top(request->host, ret_fault) : 0;
    if (result == 0)
        result = make_services(request, services, ret_fault);
    if (result == 0)
        result = hand_down(request, services, ret_fault);
    if (result == 0)
        result = make_groups(request, services, ret_fault);
    for (size_t i = 0; result == 0 && i < sizeof(leaves) / sizeof(leaves[0]); i++) {
        snprintf(leaf, sizeof(leaf), "%s/%s", request->stack_dir, leaves[i]);
        result = make_folder(leaf, ret_fault);
    }
    if (result == 0)
        result = protect(request, services, ret_fault);
    return result;
}

#define DEPTH_MAX 16

/* By rmdir only: libcgroup's removal would move live processes to the parent and set them free. */
static int remove_tree(const char *path, int depth)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    char below[PATH_MAX];

    if (!folder)
        return errno == ENOENT ? 0 : -errno;
    while (depth < DEPTH_MAX && (entry = readdir(folder))) {
        int length;
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        length = snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
        if (length > 0 && (size_t)length < sizeof(below))
            (void)remove_tree(below, depth + 1);
    }
    closedir(folder);
    return rmdir(path) == 0 || errno == ENOENT ? 0 : -errno;
}

int skeleton_remove(const char *stack_dir)
{
    char parent[PATH_MAX];
    char *slash;
    int result = remove_tree(stack_dir, 0);

    if (result != 0)
        return result;
    snprintf(parent, sizeof(parent), "%s", stack_dir);
    slash = strrchr(parent, '/');
    if (slash)
        *slash = '\0';
    slash = strrchr(parent, '/');
    if (slash && strcmp(slash, "/bulkhead") == 0)
        (void)rmdir(parent); // fails, rightly, while it has another stack
    return 0;
}
