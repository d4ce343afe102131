/* The folder that the recorder keeps what it records in. Started by root, it becomes who owns this
 * folder: a user of its own, with nothing else to its name. */
#ifndef BULKHEAD_CLI_HOST_STATE_FOLDER_H
#define BULKHEAD_CLI_HOST_STATE_FOLDER_H

#include <sys/types.h>

#define RECORDER_USER      "bulkhead" // where there is such a user; else RECORDER_USER_ELSE
#define RECORDER_USER_ELSE "nobody"

struct recorder_user {
    const char *name; // static; NULL: root, or who we are
    uid_t uid;
    gid_t gid;
};

/* Who the recorder is to be: whoever we are, unless that is root. */
void recorder_user_find(struct recorder_user *ret);

/* The open folder `name` in `parent` (AT_FDCWD: a path), made when it is not there: 0700, and the
 * user's with all that an earlier recorder, or root, has left in it. Where it cannot be given away
 * it stays root's, and *user becomes that. The descriptor or a negative errno: -EPERM: it is
 * somebody else's. */
int state_folder_open(int parent, const char *name, struct recorder_user *user);

#endif
