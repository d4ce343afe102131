/* See project.h. */
#include "cli/host/project.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/host/folders.h"
#include "cli/host/name.h"
#include "cli/host/sealed.h"
#include "core/paths.h"

#define PATH_PROJECT_NEW PATH_PROJECT ".new"

/* --- remembering -------------------------------------------------------------------------- */

/* What the stack's state folder says. */
static bool is_of(const char *state_dir, const char *project_dir)
{
    char path[PATH_MAX], said[PATH_MAX];
    ssize_t length;
    int fd;

    snprintf(path, sizeof(path), "%s/" PATH_PROJECT, state_dir);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return false;
    length = read(fd, said, sizeof(said));
    close(fd);
    return length > 0 && (size_t)length == strlen(project_dir) &&
           memcmp(said, project_dir, (size_t)length) == 0;
}

/* In one step, so that nobody reads half of it. */
static int keep(const char *state_dir, const char *project_dir)
{
    int folder = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), fd;
    int result = 0;

    if (folder < 0)
        return -errno;
    (void)unlinkat(folder, PATH_PROJECT_NEW, 0);
    fd = openat(folder, PATH_PROJECT_NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                0600);
    if (fd < 0)
        result = -errno;
    else
        result = write_all(fd, project_dir, strlen(project_dir));
    if (fd >= 0 && close(fd) != 0 && result == 0)
        result = -errno;
    if (result == 0 && renameat(folder, PATH_PROJECT_NEW, folder, PATH_PROJECT) != 0)
        result = -errno;
    close(folder);
    return result;
}

void project_remember(const struct command_context *context, const char *project_dir)
{
    int result;

    if (is_of(context->state_dir, project_dir))
        return;
    result = keep(context->state_dir, project_dir);
    if (result < 0)
        command_note("cannot write %s/" PATH_PROJECT ": %s", context->state_dir, strerror(-result));
}

/* --- finding ------------------------------------------------------------------------------ */

/* Those that were started from one folder. */
struct found {
    char name[2][NAME_BYTES_MAX + 1]; // the last one that ran, the last one that runs
    int count[2];
};

static bool has_runtime(const char *name)
{
    char *runtime_dir = folders_runtime_path(name);
    bool has = runtime_dir && access(runtime_dir, F_OK) == 0;

    free(runtime_dir);
    return has;
}

static void look_at(const char *name, const char *project_dir, struct found *found)
{
    char *state_dir = name_is_valid(name) ? folders_state_path(name) : NULL;

    if (state_dir && is_of(state_dir, project_dir)) {
        bool runs = has_runtime(name);
        memcpy(found->name[runs], name, strlen(name) + 1); // it is valid, so it fits
        found->count[runs]++;
    }
    free(state_dir);
}

bool project_find(const char *project_dir, char name[NAME_BYTES_MAX + 1])
{
    struct found found = {.count = {0, 0}};
    char *states = folders_state_path("");
    DIR *folder = states ? opendir(states) : NULL;
    const struct dirent *entry;
    bool runs;

    while (folder && (entry = readdir(folder)))
        look_at(entry->d_name, project_dir, &found);
    if (folder)
        closedir(folder);
    free(states);
    runs = found.count[1] > 0;
    if (found.count[runs] != 1)
        return false;
    memcpy(name, found.name[runs], sizeof(found.name[runs]));
    return true;
}
