/* Who a service runs as: `user:` looked up in the host's user database. */
#ifndef BULKHEAD_CLI_HOST_USERS_H
#define BULKHEAD_CLI_HOST_USERS_H

#include <sys/types.h>

#include "core/arena.h"
#include "core/fault.h"

struct user {
    uid_t uid;
    gid_t gid;
    const gid_t *groups; // supplementary
    size_t groups_count;
    const char *name;  // NULL: a uid without an entry
    const char *home;  // "/" without an entry
    const char *shell; // "/bin/sh" without an entry
};

/* `text` is "name", "uid", "name:group", "uid:gid"; a group that is written stands alone, without
 * the user's other groups. 0 with *ret in `arena`; 1 after adding a fault at `at`; -ENOMEM. */
int users_resolve(const char *text, struct mark at, struct arena *arena, struct user *ret,
                  struct faults *faults);

#endif
