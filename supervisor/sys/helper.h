/* A short-lived copy of this process, for system calls that may block or be killed in. Source:
 * clone(2) (clone3).
 *
 * It shares no memory with us, has no file of ours but those named, and says what came of it in one
 * message through a pipe. Who started it sets the deadline, and kills it. */
#ifndef BULKHEAD_SUPERVISOR_SYS_HELPER_H
#define BULKHEAD_SUPERVISOR_SYS_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct helper {
    pid_t pid; // 0: none
    int pidfd;
    int report; // pipe, non-blocking
};

#define HELPER_FILES_MAX   4
#define HELPER_MESSAGE_MAX 512 // bytes; less than PIPE_BUF

/* Runs `work(context, message)` in the copy; what it fills in is the message. `to_parent` as in
 * spawn.h. 0 or negative errno. */
int helper_start(bool to_parent, const int *files, size_t files_count,
                 size_t (*work)(void *context, char message[HELPER_MESSAGE_MAX]), void *context,
                 struct helper *ret);

/* Length of the message; 0: it ended without one; -EAGAIN: not yet. */
ssize_t helper_message(const struct helper *helper, char message[HELPER_MESSAGE_MAX]);

/* Kills it if it still is there, and closes what we have of it. May be zeroed. */
void helper_finish(struct helper *helper);

#endif
