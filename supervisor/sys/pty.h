/* Pseudo-terminals. Source: pty(7), ioctl_tty(2) (TIOCGPTPEER). */
#ifndef BULKHEAD_SUPERVISOR_SYS_PTY_H
#define BULKHEAD_SUPERVISOR_SYS_PTY_H

#include <sys/types.h>

/* A new one: our side does not block; the other side, owned by the user unless that is -1, does not
 * turn newlines into two characters. 0 or negative errno. */
int pty_open(uid_t uid, gid_t gid, int *ret_ours, int *ret_theirs);

#endif
