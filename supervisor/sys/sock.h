/* A listening SOCK_SEQPACKET unix socket and its connections; nothing here blocks. Source: unix(7).
 */
#ifndef BULKHEAD_SUPERVISOR_SYS_SOCK_H
#define BULKHEAD_SUPERVISOR_SYS_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Listens at `name` in the current folder (so that no path is too long), with that mode, in place
 * of what has that name. 0 with *ret_fd, or negative errno. */
int sock_listen(const char *name, mode_t mode, int *ret_fd);

/* 0 with *ret_fd and the user at the other end, or negative errno: -EAGAIN when nobody is there. */
int sock_accept(int listener, int *ret_fd, uid_t *ret_uid);

/* Was the process at the other end in that group when it connected? Not known is no. */
bool sock_peer_is_in(int fd, gid_t group);

/* One packet. Its length (0: the other end is closed), -EMSGSIZE when it did not fit, or negative
 * errno: -EAGAIN when there is none. */
ssize_t sock_receive(int fd, void *packet, size_t size);

/* The same with the files that came along: at most *count of them; *count becomes how many did.
 * When there are more, or the packet is none, all are closed: -EMSGSIZE. They are close-on-exec. */
ssize_t sock_receive_files(int fd, void *packet, size_t size, int *files, size_t *count);

/* The other end is told that there is no more to come, and so are we. */
void sock_shut(int fd);

/* Two connected ones of this kind, ours and another process's; neither blocks. 0 or negative errno.
 */
int sock_pair(int *ret_ours, int *ret_theirs);

/* 0 or negative errno: -EAGAIN when the other end does not read. */
int sock_send(int fd, const void *packet, size_t size);

/* The same, with at most SOCK_FILES_MAX files, which stay open here. */
#define SOCK_FILES_MAX 200
int sock_send_files(int fd, const void *packet, size_t size, const int *files, size_t count);

#endif
