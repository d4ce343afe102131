/* The folders of a stack, and the lock that says that it runs. */
#ifndef BULKHEAD_CLI_HOST_FOLDERS_H
#define BULKHEAD_CLI_HOST_FOLDERS_H

#include "cli/host/command.h"

void context_finish(struct command_context *context); // frees the folders' names

/* Where the folders of a stack of that name are; of "": of all stacks. Malloc'ed; NULL: no memory,
 * or too long. */
char *folders_runtime_path(const char *name);
char *folders_state_path(const char *name);

/* Makes the runtime and the state folder with what is to be in them before the supervisor starts:
 * the one our own, searched by the recorder's group, the other the recorder's (state_folder.h).
 * With context->socket_group that group may read the runtime folder, by which the supervisor knows
 * it, and is the recorder's. 0, or an exit status after saying what is wrong: somebody else's
 * folder, or one that somebody else could put another in the place of (parents.h), a full disk. */
int folders_make(const struct command_context *context);

/* Removes the runtime folder with all that we put there; the lock goes last. 0 or -errno. */
int folders_remove_runtime(const char *runtime_dir);

/* Removes what a supervisor that was killed left in the runtime folder, all but the lock. Its
 * journal is in the state folder then: the recorder keeps it when it ends. 0 or -errno. */
int folders_clear_runtime(const char *runtime_dir);

/* Takes the stack's lock: 0 with the open file in *ret_fd; 1: held by a running stack; -errno
 * (-ENOENT: no such folder). Closing every copy of the file releases it. */
int lock_take(const char *runtime_dir, int *ret_fd);

/* The same, waiting up to `wait_ms` for it to be released. */
int lock_wait(const char *runtime_dir, int wait_ms, int *ret_fd);

/* One `up` after the other: takes the turn to change the stack, which is a lock on its runtime
 * folder; waits up to `wait_ms`. 0 with *ret_fd, to be closed; 1: somebody else's; -errno (-ENOENT:
 * no such folder). Whoever holds it may wait for the lock above, never the other way round. */
int turn_take(const char *runtime_dir, int wait_ms, int *ret_fd);

#endif
