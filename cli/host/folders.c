/* See folders.h, and command.h for context_stack(). */
#include "cli/host/folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/host/files.h"
#include "cli/host/name.h"
#include "cli/host/project.h"
#include "cli/host/state_folder.h"
#include "core/paths.h"

#define LOCK_POLL_MS 5

/* --- names ------------------------------------------------------------------------------------ */

static char *format_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* NULL: out of memory, or longer than a path may be. */
static char *format_path(const char *format, ...)
{
    char path[PATH_MAX - 256]; // room for the names in it
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(path, sizeof(path), format, arguments);
    va_end(arguments);
    return length < 0 || (size_t)length >= sizeof(path) ? NULL : strdup(path);
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value && value[0] == '/' ? value : NULL;
}

char *folders_runtime_path(const char *name)
{
    const char *base = variable("BULKHEAD_RUNTIME_DIR");
    const char *user = variable("XDG_RUNTIME_DIR");

    if (base)
        return format_path("%s/%s", base, name);
    if (geteuid() == 0)
        return format_path("/run/bulkhead/%s", name);
    if (user)
        return format_path("%s/bulkhead/%s", user, name);
    return format_path("/run/user/%u/bulkhead/%s", geteuid(), name);
}

char *folders_state_path(const char *name)
{
    const char *base = variable("BULKHEAD_STATE_DIR");
    const char *user = variable("XDG_STATE_HOME");
    const char *home = variable("HOME");

    if (base)
        return format_path("%s/%s", base, name);
    if (geteuid() == 0)
        return format_path("/var/lib/bulkhead/%s", name);
    if (user)
        return format_path("%s/bulkhead/%s", user, name);
    return format_path("%s/.local/state/bulkhead/%s", home ? home : "", name);
}

int context_stack_named(struct command_context *context, const char *name)
{
    if (!name_is_valid(name))
        return usage_error(context, "\"%s\" is no name for a stack: %s", name, name_rule);
    context_finish(context);
    snprintf(context->stack, sizeof(context->stack), "%s", name);
    context->runtime_dir = folders_runtime_path(name);
    context->state_dir = folders_state_path(name);
    if (!context->runtime_dir || !context->state_dir)
        return command_failed("the path of the stack's folders is too long");
    return 0;
}

/* A file that cannot be used says nothing; but somebody was started from that folder. */
static int stack_of_folder(struct command_context *context, const char *project_dir, int status)
{
    char name[NAME_BYTES_MAX + 1];

    if (status != STATUS_USAGE || !project_find(project_dir, name))
        return status;
    command_note("the stack file has errors; going on with stack \"%s\", which was started from %s",
                 name, project_dir);
    return context_stack_named(context, name);
}

int context_stack(struct command_context *context)
{
    struct stack_source source;
    struct spec spec;
    int status;

    if (context->name)
        return context_stack_named(context, context->name);
    status = stack_source_open(context, &source);
    if (status != 0)
        return status;
    status = stack_source_tell(context, false, &source, &spec);
    if (status == 0) {
        status = context_stack_named(context, spec.name);
        spec_finish(&spec);
    } else {
        status = stack_of_folder(context, source.project_dir, status);
    }
    stack_source_finish(&source);
    return status;
}

void context_finish(struct command_context *context)
{
    free(context->runtime_dir);
    free(context->state_dir);
    context->runtime_dir = NULL;
    context->state_dir = NULL;
    context->stack[0] = '\0';
}

/* --- folders ---------------------------------------------------------------------------------- */

/* Makes what is missing above `path`. 0 or -errno. */
static int make_above(const char *path)
{
    char part[PATH_MAX];
    size_t length = strlen(path);

    if (length >= sizeof(part))
        return -ENAMETOOLONG;
    for (size_t i = 1; i < length; i++) {
        if (path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return -errno;
    }
    return 0;
}

/* A folder of our own. One with a `group` lets it search, and what is made in it is that group's:
 * never for a moment otherwise, for the recorder may be at work there. */
static int make_own(const char *path, const struct recorder_user *group)
{
    mode_t mode = group ? S_ISGID | 0710 : 0700;
    struct stat status;
    int fd, result = make_above(path);

    if (result == 0 && mkdir(path, 0700) != 0 && errno != EEXIST)
        result = -errno;
    if (result != 0)
        return result;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ELOOP ? -ENOTDIR : -errno;
    if (fstat(fd, &status) != 0)
        result = -errno;
    else if (status.st_uid != geteuid())
        result = -EPERM;
    else if (group && status.st_gid != group->gid && fchown(fd, (uid_t)-1, group->gid) != 0)
        mode = 0700; // a group that this namespace does not know
    if (result == 0 && (status.st_mode & 07777) != mode && fchmod(fd, mode) != 0)
        result = -errno;
    close(fd);
    return result;
}

/* Who may change a folder above ours could put another in its place: only root and we may. A sticky
 * folder (/tmp) lets others change only what is theirs. */
static int check_above(const char *path)
{
    char part[PATH_MAX];
    struct stat status;

    for (size_t i = 1; path[i]; i++) {
        if (path[i] != '/' || i >= sizeof(part))
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (stat(part, &status) != 0)
            continue; // it will be ours
        if (status.st_uid != 0 && status.st_uid != geteuid())
            return command_failed("%s: the folder %s above it belongs to somebody else (uid %u), "
                                  "who could put another in its place; choose another with "
                                  "BULKHEAD_RUNTIME_DIR",
                                  path, part, (unsigned int)status.st_uid);
        if ((status.st_mode & 022) != 0 && (status.st_mode & S_ISVTX) == 0)
            return command_failed("%s: anybody may write to the folder %s above it, and so put "
                                  "another in its place: chmod go-w %s",
                                  path, part, part);
    }
    return 0;
}

static int tell_made(int result, const char *dir, const char *name)
{
    const char *slash = *name ? "/" : "";

    if (result == 0)
        return 0;
    if (result == -EPERM)
        return command_failed("the folder %s%s%s belongs to somebody else", dir, slash, name);
    return command_failed("cannot make the folder %s%s%s: %s", dir, slash, name, strerror(-result));
}

static int make_runtime(const char *dir, const struct recorder_user *user)
{
    char path[PATH_MAX];
    int status = tell_made(make_own(dir, user->name ? user : NULL), dir, "");

    if (status != 0)
        return status;
    snprintf(path, sizeof(path), "%s/%s", dir, PATH_FIFO);
    return tell_made(make_own(path, NULL), dir, PATH_FIFO);
}

static int make_state(const char *dir, struct recorder_user *user)
{
    int result = make_above(dir);
    int state = result == 0 ? state_folder_open(AT_FDCWD, dir, user) : result;
    int logs;

    if (state < 0)
        return tell_made(state, dir, "");
    logs = state_folder_open(state, PATH_LOGS, user);
    close(state);
    if (logs < 0)
        return tell_made(logs, dir, PATH_LOGS);
    close(logs);
    return 0;
}

int folders_make(const struct command_context *context)
{
    struct recorder_user user;
    int status = check_above(context->runtime_dir);

    recorder_user_find(&user);
    if (status == 0)
        status = make_runtime(context->runtime_dir, &user);
    return status == 0 ? make_state(context->state_dir, &user) : status;
}

static bool is_one_of(const char *name, const char *const *names)
{
    for (; names && *names; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

/* Removes the entries of a folder, but not `spared`; FIFOs, sockets and files, never folders. */
static int empty_folder(const char *path, const char *const *spared)
{
    static const char *const always_spared[] = {".", "..", NULL};
    DIR *folder = opendir(path);
    struct dirent *entry;
    int result = 0;

    if (!folder)
        return errno == ENOENT ? 0 : -errno;
    while ((entry = readdir(folder))) {
        if (is_one_of(entry->d_name, always_spared) || is_one_of(entry->d_name, spared))
            continue;
        if (unlinkat(dirfd(folder), entry->d_name, 0) != 0 && errno != EISDIR && errno != ENOENT)
            result = -errno;
    }
    closedir(folder);
    return result;
}

int folders_clear_runtime(const char *runtime_dir)
{
    static const char *const spared[] = {PATH_LOCK, PATH_FIFO, NULL};
    char path[PATH_MAX];
    int result;

    snprintf(path, sizeof(path), "%s/%s", runtime_dir, PATH_FIFO);
    result = empty_folder(path, NULL);
    return result == 0 ? empty_folder(runtime_dir, spared) : result;
}

int folders_remove_runtime(const char *runtime_dir)
{
    static const char *const spared[] = {PATH_LOCK, NULL};
    char path[PATH_MAX];
    int result;

    snprintf(path, sizeof(path), "%s/%s", runtime_dir, PATH_FIFO);
    result = empty_folder(path, NULL);
    if (rmdir(path) != 0 && errno != ENOENT && result == 0)
        result = -errno;
    if (result == 0)
        result = empty_folder(runtime_dir, spared);
    if (result != 0)
        return result;
    snprintf(path, sizeof(path), "%s/%s", runtime_dir, PATH_LOCK);
    if (unlink(path) != 0 && errno != ENOENT)
        return -errno;
    if (rmdir(runtime_dir) == 0 || errno == ENOENT)
        return 0;
    /* Without its lock the folder is anybody's: an `up` that waited for it has made it anew. */
    return errno == ENOTEMPTY && access(path, F_OK) == 0 ? 0 : -errno;
}

/* --- the lock --------------------------------------------------------------------------------- */

/* The file that we locked may have been removed by a `down` that held it before us. */
static bool is_current(int fd, const char *path)
{
    struct stat ours, named;

    return fstat(fd, &ours) == 0 && stat(path, &named) == 0 && ours.st_ino == named.st_ino &&
           ours.st_dev == named.st_dev;
}

int lock_take(const char *runtime_dir, int *ret_fd)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", runtime_dir, PATH_LOCK);
    for (;;) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        int error;
        if (fd < 0)
            return -errno;
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            if (is_current(fd, path)) {
                *ret_fd = fd;
                return 0;
            }
            close(fd);
            continue;
        }
        error = errno;
        close(fd);
        return error == EWOULDBLOCK ? 1 : -error;
    }
}

int lock_wait(const char *runtime_dir, int wait_ms, int *ret_fd)
{
    struct timespec pause = {0, LOCK_POLL_MS * 1000000L};
    int result;

    while ((result = lock_take(runtime_dir, ret_fd)) == 1 && wait_ms > 0) {
        nanosleep(&pause, NULL);
        wait_ms -= LOCK_POLL_MS;
    }
    return result;
}

int turn_take(const char *runtime_dir, int wait_ms, int *ret_fd)
{
    struct timespec pause = {0, LOCK_POLL_MS * 1000000L};

    for (;;) {
        int fd = open(runtime_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        bool taken = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;

        if (fd < 0)
            return -errno;
        if (taken && is_current(fd, runtime_dir)) {
            *ret_fd = fd;
            return 0;
        }
        if (!taken && errno != EWOULDBLOCK) {
            int error = -errno;
            close(fd);
            return error;
        }
        close(fd);
        if (!taken && wait_ms <= 0)
            return 1;
        if (!taken)
            nanosleep(&pause, NULL);
        wait_ms -= taken ? 0 : LOCK_POLL_MS;
    }
}
