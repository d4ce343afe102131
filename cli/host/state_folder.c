/* See state_folder.h. */
#include "cli/host/state_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)

static bool look_up(const char *name, struct recorder_user *ret)
{
    const struct passwd *entry = getpwnam(name);

    if (!entry)
        return false;
    *ret = (struct recorder_user){name, entry->pw_uid, entry->pw_gid};
    return true;
}

void recorder_user_find(struct recorder_user *ret)
{
    *ret = (struct recorder_user){NULL, geteuid(), getegid()};
    if (ret->uid == 0 && !look_up(RECORDER_USER, ret))
        (void)look_up(RECORDER_USER_ELSE, ret);
}

/* Ours, the recorder's, or of one from before there was a user for it. */
static bool may_be_taken(uid_t owner, const struct recorder_user *user)
{
    struct recorder_user before;

    if (owner == geteuid() || owner == user->uid)
        return true;
    return geteuid() == 0 && look_up(RECORDER_USER_ELSE, &before) && owner == before.uid;
}

/* A file that has another name somewhere else stays whose it is. 0 or a negative errno. */
static int give_file(int folder, const char *name, const struct recorder_user *user)
{
    int fd = openat(folder, name, O_PATH | O_CLOEXEC | O_NOFOLLOW);
    struct stat status;
    int result = 0;

    if (fd < 0 || fstat(fd, &status) < 0)
        result = errno == ENOENT ? 0 : -errno;
    else if (S_ISREG(status.st_mode) && status.st_nlink == 1 && status.st_uid != user->uid &&
             may_be_taken(status.st_uid, user) &&
             fchownat(fd, "", user->uid, user->gid, AT_EMPTY_PATH) < 0)
        result = -errno;
    if (fd >= 0)
        close(fd);
    return result;
}

static int give_files(int folder, const struct recorder_user *user)
{
    int copy = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    int result = list ? 0 : -errno;

    if (!list && copy >= 0)
        close(copy);
    while (list && result == 0 && (entry = readdir(list)))
        result = give_file(folder, entry->d_name, user);
    if (list)
        closedir(list);
    return result;
}

/* 0 or a negative errno. */
static int give(int folder, struct recorder_user *user)
{
    struct stat status;

    if (fstat(folder, &status) < 0)
        return -errno;
    if (!may_be_taken(status.st_uid, user))
        return -EPERM;
    if ((status.st_uid != user->uid || status.st_gid != user->gid) && user->name &&
        fchown(folder, user->uid, user->gid) < 0)
        *user = (struct recorder_user){NULL, geteuid(), getegid()}; // a namespace, a disk elsewhere
    if ((status.st_mode & 07777) != 0700 && fchmod(folder, 0700) < 0)
        return -errno;
    return user->name ? give_files(folder, user) : 0;
}

int state_folder_open(int parent, const char *name, struct recorder_user *user)
{
    int folder, result;

    if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
        return -errno;
    folder = openat(parent, name, FOLDER);
    if (folder < 0)
        return errno == ELOOP ? -ENOTDIR : -errno;
    result = give(folder, user);
    if (result == 0)
        return folder;
    close(folder);
    return result;
}
