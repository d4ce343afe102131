/* See parents.h. */
#include "cli/host/parents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 16
#define STEP      (O_PATH | O_NOFOLLOW | O_CLOEXEC)

struct way {
    const char *path; // as it was given
    const char *variable;
    char *text;
    int at;              // how far we are: O_PATH
    char rest[PATH_MAX]; // the names still to go
    int links;           // followed so far
};

static bool is_trusted(uid_t owner)
{
    return owner == 0 || owner == geteuid();
}

/* Others may write there, and not only to what is theirs. A user's own group is the user. */
static bool is_open_to_others(const struct stat *status)
{
    bool own_group = geteuid() != 0 && status->st_gid == getegid();

    return (status->st_mode & (own_group ? S_IWOTH : S_IWOTH | S_IWGRP)) != 0 &&
           (status->st_mode & S_ISVTX) == 0;
}

/* For a message. */
static const char *name_of(int fd, char name[PATH_MAX])
{
    char link[32];
    ssize_t length;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    length = readlink(link, name, PATH_MAX - 1);
    name[length > 0 ? length : 0] = '\0';
    return name;
}

static int check_folder(const struct way *way, int fd, const struct stat *status)
{
    char name[PATH_MAX];

    if (!is_trusted(status->st_uid))
        snprintf(way->text, PARENTS_TEXT_BYTES,
                 "%s: the folder %s above it belongs to somebody else (uid %u), who could put "
                 "another in its place; choose another with %s",
                 way->path, name_of(fd, name), (unsigned int)status->st_uid, way->variable);
    else if (is_open_to_others(status))
        snprintf(way->text, PARENTS_TEXT_BYTES,
                 "%s: anybody may write to the folder %s above it, and so put another in its "
                 "place: chmod go-w %s",
                 way->path, name_of(fd, name), name);
    else
        return 0;
    return -EPERM;
}

/* What the link leads to comes before the names that are still to go. */
static int follow(struct way *way, int fd, const struct stat *status)
{
    char target[PATH_MAX], name[PATH_MAX];
    ssize_t length = readlinkat(fd, "", target, sizeof(target));
    size_t left = strlen(way->rest);

    if (length < 0)
        return -errno;
    if (!is_trusted(status->st_uid)) {
        snprintf(way->text, PARENTS_TEXT_BYTES,
                 "%s: %s above it is a symbolic link of somebody else (uid %u), who could let it "
                 "lead elsewhere; choose another with %s",
                 way->path, name_of(fd, name), (unsigned int)status->st_uid, way->variable);
        return -EPERM;
    }
    if (++way->links > LINKS_MAX)
        return -ELOOP;
    if ((size_t)length + left + 2 > sizeof(way->rest))
        return -ENAMETOOLONG;
    memmove(way->rest + length + 1, way->rest, left + 1);
    memcpy(way->rest, target, (size_t)length);
    way->rest[length] = '/';
    return target[0] == '/' ? 1 : 0;
}

/* 0 or a negative errno; `fd` is ours. */
static int go_to(struct way *way, int fd)
{
    struct stat status;
    int result = fstat(fd, &status) < 0 ? -errno : 0;

    if (result == 0 && S_ISLNK(status.st_mode)) {
        result = follow(way, fd, &status);
        close(fd);
        if (result != 1)
            return result;
        fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        result = fd < 0 ? -errno : 0;
    } else if (result == 0) {
        result = S_ISDIR(status.st_mode) ? check_folder(way, fd, &status) : -ENOTDIR;
    }
    if (result < 0) {
        if (fd >= 0)
            close(fd);
        return result;
    }
    close(way->at);
    way->at = fd;
    return 0;
}

static int take_step(struct way *way, const char *name)
{
    int fd = openat(way->at, name, STEP);

    if (fd < 0 && errno == ENOENT) {
        if (mkdirat(way->at, name, 0755) < 0 && errno != EEXIST)
            return -errno;
        fd = openat(way->at, name, STEP);
    }
    return fd < 0 ? -errno : go_to(way, fd);
}

/* Takes the first name of those still to go: 1; 0: that is the last one; or a negative errno. */
static int next_name(struct way *way, char name[NAME_MAX + 1])
{
    const char *at = way->rest + strspn(way->rest, "/");
    size_t length = strcspn(at, "/");

    if (at[length + strspn(at + length, "/")] == '\0')
        return 0;
    if (length > NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(name, at, length);
    name[length] = '\0';
    memmove(way->rest, at + length, strlen(at + length) + 1);
    return 1;
}

int parents_open(const char *path, const char *variable, char text[PARENTS_TEXT_BYTES])
{
    struct way way = {.path = path, .variable = variable, .text = text};
    char name[NAME_MAX + 1];
    int result;

    text[0] = '\0';
    if (strlen(path) >= sizeof(way.rest))
        return -ENAMETOOLONG;
    memcpy(way.rest, path, strlen(path) + 1);
    way.at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (way.at < 0)
        return -errno;
    while ((result = next_name(&way, name)) == 1 && (result = take_step(&way, name)) == 0)
        ;
    if (result == 0)
        return way.at;
    close(way.at);
    return result;
}
