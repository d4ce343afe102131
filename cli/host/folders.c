/* See folders.h, and command.h for context_stack(). */
#include "cli/host/folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
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
#include "cli/host/parents.h"
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

/* A folder of our own, made where it is not there. A descriptor or -errno. */
static int open_own(int parent, const char *name)
{
    struct stat status;
    int fd, result = 0;

    if (mkdirat(parent, name, 0700) != 0 && errno != EEXIST)
        return -errno;
    fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ELOOP ? -ENOTDIR : -errno;
    if (fstat(fd, &status) != 0)
        result = -errno;
    else if (status.st_uid != geteuid())
        result = -EPERM;
    if (result == 0)
        return fd;
    close(fd);
    return result;
}

/* Never for a moment otherwise: the recorder may be at work there. 0 or -errno. */
static int set_mode(int folder, mode_t mode)
{
    struct stat status;

    if (fstat(folder, &status) != 0)
        return -errno;
    return (status.st_mode & 07777) == mode || fchmod(folder, mode) == 0 ? 0 : -errno;
}

static int tell_made(int result, const char *dir, const char *name)
{
    const char *slash = *name ? "/" : "";

    if (result >= 0)
        return 0;
    if (result == -EPERM)
        return command_failed("the folder %s%s%s belongs to somebody else", dir, slash, name);
    return command_failed("cannot make the folder %s%s%s: %s", dir, slash, name, strerror(-result));
}

/* The folder that `dir` is to be in, in *ret, to be closed. 0 or an exit status. */
static int open_above(const char *dir, const char *variable, int *ret)
{
    char text[PARENTS_TEXT_BYTES];
    int fd = parents_open(dir, variable, text);

    if (fd == -EPERM && *text)
        return command_failed("%s", text);
    *ret = fd;
    return tell_made(fd, dir, "");
}

static const char *last_name(const char *path)
{
    return strrchr(path, '/') + 1; // it is absolute
}

/* --- the group of --socket-group ---------------------------------------------------------------
 */

static bool find_group(const char *word, gid_t *ret)
{
    const struct group *entry = getgrnam(word);
    char *end;
    unsigned long number = strtoul(word, &end, 10);

    *ret = entry ? entry->gr_gid : (gid_t)number;
    return entry || (*word >= '0' && *word <= '9' && *end == '\0' && number < UINT32_MAX);
}

/* The group that may see the folder, from when the stack was started until it has gone down: then
 * it is the recorder's, too, so that both read what is there. *ret_shared: there is one. */
static int choose_group(const struct command_context *context, int folder,
                        struct recorder_user *user, bool *ret_shared)
{
    const char *word = context->socket_group;
    bool runs = faccessat(folder, PATH_PLAN, F_OK, 0) == 0;
    struct stat status;
    gid_t gid;

    if (fstat(folder, &status) != 0)
        return command_failed("%s: %s", context->runtime_dir, strerror(errno));
    gid = status.st_gid;
    *ret_shared = word || (runs && (status.st_mode & S_IRGRP));
    if (word && !find_group(word, &gid))
        return command_failed("--socket-group: there is no group \"%s\" here", word);
    if (word && runs && (gid != status.st_gid || !(status.st_mode & S_IRGRP)))
        return command_failed("--socket-group counts when a stack is started, and %s is there "
                              "already: `bulkhead -p %s down` first",
                              context->stack, context->stack);
    if (*ret_shared)
        user->gid = gid;
    return 0;
}

static bool is_group_of(int folder, gid_t gid)
{
    struct stat status;

    return fstat(folder, &status) == 0 && status.st_gid == gid;
}

/* 0 or an exit status. */
static int share(const struct command_context *context, int folder, struct recorder_user *user)
{
    bool shared = false;
    int status = choose_group(context, folder, user, &shared), result;
    mode_t mode = shared ? S_ISGID | 0750 : S_ISGID | 0710;

    if (status != 0)
        return status;
    if (!shared && !user->name)
        mode = 0700;
    else if (fchown(folder, (uid_t)-1, user->gid) != 0 && shared)
        return command_failed("cannot give %s to the group of --socket-group: %s",
                              context->runtime_dir, strerror(errno));
    else if (!is_group_of(folder, user->gid))
        mode = 0700; // a group that this namespace does not know
    result = set_mode(folder, mode);
    return tell_made(result, context->runtime_dir, "");
}

/* --- both --------------------------------------------------------------------------------------
 */

static int make_runtime(const struct command_context *context, struct recorder_user *user)
{
    const char *dir = context->runtime_dir;
    int above = -1, folder, fifos, status = open_above(dir, "BULKHEAD_RUNTIME_DIR", &above);

    if (status != 0)
        return status;
    folder = open_own(above, last_name(dir));
    close(above);
    if (folder < 0)
        return tell_made(folder, dir, "");
    status = share(context, folder, user);
    if (status == 0) {
        fifos = open_own(folder, PATH_FIFO);
        status = tell_made(fifos < 0 ? fifos : set_mode(fifos, 0700), dir, PATH_FIFO);
        if (fifos >= 0)
            close(fifos);
    }
    close(folder);
    return status;
}

static int make_state(const char *dir, struct recorder_user *user)
{
    int above = -1, state, logs, status = open_above(dir, "BULKHEAD_STATE_DIR", &above);

    if (status != 0)
        return status;
    state = state_folder_open(above, last_name(dir), user);
    close(above);
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
    int status;

    recorder_user_find(&user);
    status = make_runtime(context, &user);
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
