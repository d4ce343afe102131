/* See users.h. */
#include "cli/host/users.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"

#define ENTRY_BYTES 16384 // of one entry of the user database

/* A decimal id below the two that mean "unchanged" to the kernel's calls. */
static bool is_id(const char *text, uint32_t *ret)
{
    uint64_t value = 0;

    if (*text == '\0' || strlen(text) > 10)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    if (value >= UINT32_MAX)
        return false;
    *ret = (uint32_t)value;
    return true;
}

static int find_group(const char *text, struct mark at, gid_t *ret, struct faults *faults)
{
    char buffer[ENTRY_BYTES];
    struct group entry, *found = NULL;
    uint32_t id;

    if (is_id(text, &id)) {
        *ret = id;
        return 0;
    }
    (void)getgrnam_r(text, &entry, buffer, sizeof(buffer), &found);
    if (!found) {
        faults_add(faults, FAULT_ERROR, at,
                   "make it with `groupadd --system NAME`, or write a "
                   "number",
                   "there is no group \"%s\"", text);
        return 1;
    }
    *ret = found->gr_gid;
    return 0;
}

static int take_entry(const struct passwd *entry, struct arena *arena, struct user *ret)
{
    ret->uid = entry->pw_uid;
    ret->gid = entry->pw_gid;
    ret->name = arena_string(arena, entry->pw_name);
    ret->home = arena_string(arena, *entry->pw_dir ? entry->pw_dir : "/");
    ret->shell = arena_string(arena, *entry->pw_shell ? entry->pw_shell : "/bin/sh");
    return arena_failed(arena) ? -ENOMEM : 0;
}

/* The user's entry, by name first: names may consist of digits. */
static int find_user(const char *text, bool group_follows, struct mark at, struct arena *arena,
                     struct user *ret, struct faults *faults)
{
    char buffer[ENTRY_BYTES];
    struct passwd entry, *found = NULL;
    uint32_t id = 0;
    bool numeric = is_id(text, &id);

    (void)getpwnam_r(text, &entry, buffer, sizeof(buffer), &found);
    if (!found && numeric)
        (void)getpwuid_r(id, &entry, buffer, sizeof(buffer), &found);
    if (found)
        return take_entry(found, arena, ret);
    if (!numeric) {
        faults_add(faults, FAULT_ERROR, at,
                   "make it with `useradd --system NAME`, or write a "
                   "number",
                   "there is no user \"%s\"", text);
        return 1;
    }
    if (!group_follows) {
        faults_add(faults, FAULT_ERROR, at, "write the group too: user: \"UID:GID\"",
                   "user %s has no entry in the user database, so it has no group", text);
        return 1;
    }
    *ret = (struct user){.uid = id, .home = "/", .shell = "/bin/sh"};
    return 0;
}

static int take_groups(struct mark at, struct arena *arena, struct user *user,
                       struct faults *faults)
{
    gid_t groups[GROUPS_MAX];
    int count = GROUPS_MAX;
    gid_t *kept;

    if (!user->name)
        return 0;
    if (getgrouplist(user->name, user->gid, groups, &count) < 0) {
        faults_add(faults, FAULT_ERROR, at, "write the one group it needs: user: \"NAME:GROUP\"",
                   "user \"%s\" is in more than %d groups", user->name, GROUPS_MAX);
        return 1;
    }
    kept = arena_array(arena, (size_t)count, sizeof(*kept));
    if (!kept)
        return -ENOMEM;
    memcpy(kept, groups, (size_t)count * sizeof(*kept));
    user->groups = kept;
    user->groups_count = (size_t)count;
    return 0;
}

/* Only root may become somebody else. */
static int check_allowed(const char *text, struct mark at, const struct user *user,
                         struct faults *faults)
{
    if (geteuid() == 0 || (user->uid == geteuid() && user->gid == getegid()))
        return 0;
    faults_add(faults, FAULT_ERROR, at, "run bulkhead as root, or leave `user` out",
               "user \"%s\" cannot be set: bulkhead runs as uid %u", text, geteuid());
    return 1;
}

int users_resolve(const char *text, struct mark at, struct arena *arena, struct user *ret,
                  struct faults *faults)
{
    const char *colon = strchr(text, ':');
    const char *name = colon ? arena_text(arena, text, (size_t)(colon - text)) : text;
    struct user user = {0};
    int result;

    if (!name)
        return -ENOMEM;
    result = find_user(name, colon != NULL, at, arena, &user, faults);
    if (result != 0)
        return result;
    result = colon ? find_group(colon + 1, at, &user.gid, faults)
                   : take_groups(at, arena, &user, faults);
    if (result != 0)
        return result;
    result = check_allowed(text, at, &user, faults);
    if (result == 0)
        *ret = user;
    return result;
}
