/* See program.h. */
#include "cli/host/program.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* 0: can be executed, as far as its mode tells; else an errno. */
static int check(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return errno;
    if (S_ISDIR(status.st_mode))
        return EISDIR;
    if (!S_ISREG(status.st_mode) || (status.st_mode & 0111) == 0)
        return EACCES;
    return 0;
}

static int tell(const struct program_request *request, const char *path, int error,
                struct faults *faults)
{
    bool wait = request->may_come && (error == ENOENT || error == ENOTDIR);
    enum fault_level level = wait ? FAULT_WARNING : FAULT_ERROR;
    char remedy[PATH_MAX + 32];

    if (error == EACCES) {
        snprintf(remedy, sizeof(remedy), "chmod +x %s", path);
        faults_add(faults, level, request->at, remedy,
                   "service \"%s\": program %s is not executable", request->service, path);
    } else if (error == EISDIR) {
        faults_add(faults, level, request->at, NULL, "service \"%s\": program %s is a folder",
                   request->service, path);
    } else {
        faults_add(faults, level, request->at,
                   wait ? "fine if a service that it waits for brings it" : NULL,
                   "service \"%s\": program %s: %s", request->service, path,
                   error == ENOENT ? "there is no such file" : strerror(error));
    }
    return level == FAULT_ERROR ? 1 : 0;
}

static int find_by_path(const struct program_request *request, struct arena *arena,
                        const char **ret, struct faults *faults)
{
    char full[PATH_MAX];

    if (request->word[0] == '/')
        snprintf(full, sizeof(full), "%s", request->word);
    else
        snprintf(full, sizeof(full), "%s/%s", request->directory, request->word);
    if (check(full) != 0 && tell(request, full, check(full), faults) != 0)
        return 1;
    *ret = arena_string(arena, request->word);
    return *ret ? 0 : -ENOMEM;
}

static int tell_absent(const struct program_request *request, const char *unusable,
                       struct faults *faults)
{
    if (unusable)
        return tell(request, unusable, check(unusable), faults);
    faults_add(faults, FAULT_ERROR, request->at,
               "install it, write its full path, or set PATH in the service's environment",
               "service \"%s\": program \"%s\" is not in its PATH (%s)", request->service,
               request->word, request->path);
    return 1;
}

/* The first folder of PATH that has it; an empty or relative one counts from the working folder. */
static int find_by_name(const struct program_request *request, struct arena *arena,
                        const char **ret, struct faults *faults)
{
    char full[PATH_MAX], unusable[PATH_MAX] = "";
    const char *at = request->path;

    for (;;) {
        size_t length = strcspn(at, ":");
        const char *base = *at == '/' ? "" : request->directory;
        int used = snprintf(full, sizeof(full), "%s%s%.*s/%s", base, *base && length > 0 ? "/" : "",
                            (int)length, at, request->word);
        bool fits = used > 0 && (size_t)used < sizeof(full);

        if (fits && check(full) == 0) {
            *ret = arena_string(arena, full);
            return *ret ? 0 : -ENOMEM;
        }
        if (fits && !*unusable && check(full) != ENOENT && check(full) != ENOTDIR)
            snprintf(unusable, sizeof(unusable), "%s", full);
        if (at[length] == '\0')
            break;
        at += length + 1;
    }
    return tell_absent(request, *unusable ? unusable : NULL, faults);
}

int program_find(const struct program_request *request, struct arena *arena, const char **ret,
                 struct faults *faults)
{
    if (request->word[0] == '\0') {
        faults_add(faults, FAULT_ERROR, request->at, NULL,
                   "service \"%s\": the program's name is empty", request->service);
        return 1;
    }
    if (strchr(request->word, '/'))
        return find_by_path(request, arena, ret, faults);
    return find_by_name(request, arena, ret, faults);
}
