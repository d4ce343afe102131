/* What the kernel tells in /proc about tasks, sockets, locks and mounts: one line or small file to
 * numbers. Source: proc(5), Documentation/filesystems/proc.rst. Every byte is hostile: names in it
 * are the processes' own. Pure. */
#ifndef BULKHEAD_CORE_PROCTEXT_H
#define BULKHEAD_CORE_PROCTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROCTEXT_COMM_MAX 16 // with the NUL

/* /proc/PID/stat, /proc/PID/task/TID/stat: "812 (worker) D 1 812 … flags …". */
struct proctext_stat {
    char comm[PROCTEXT_COMM_MAX]; // as it calls itself: not to be shown as it is
    char state;                   // R, S, D, Z, T, t, X, I
    bool exiting;                 // PF_EXITING: on its way through the kernel's exit
};
bool proctext_stat(const char *text, struct proctext_stat *ret);

/* /proc/PID/task/TID/status: how often it was switched to and fro, both kinds; -1: not told. */
int64_t proctext_switches(const char *text);

/* /proc/PID/task/TID/syscall: "1 0x3 0x7f… …": number and first argument. False: it runs, or is in
 * none. */
bool proctext_syscall(const char *text, int64_t *ret_number, uint64_t *ret_first);

/* A line of /proc/net/{tcp,tcp6,udp,udp6}. False: its head, or none. */
struct proctext_inet {
    uint16_t port; // local
    uint8_t state; // 10: a listening TCP; 7: an UDP that is not connected
    uint64_t inode;
};
bool proctext_inet(const char *line, struct proctext_inet *ret);

/* A line of /proc/net/unix. `path` leads into the line; "": it has no name. */
struct proctext_unix {
    bool listens;
    bool is_datagram;
    uint64_t inode;
    const char *path; // '@' first: abstract, and nothing of it is left when it is closed
};
bool proctext_unix(const char *line, struct proctext_unix *ret);

/* A line of /proc/PID/fdinfo/FD, or of /proc/locks behind its "lock:": is it a lock that is held,
 * and no lease? */
bool proctext_is_lock(const char *line);
/* A line of /proc/PID/fdinfo/FD: "mnt_id:	29". -1: another one. */
int64_t proctext_mount_id(const char *line);

/* A line of /proc/PID/mountinfo, if it is about that mount: where it is (escaped as the kernel
 * does, \040 for a blank) and of which type. */
bool proctext_mount(const char *line, int64_t id, char *where, size_t where_size, char *type,
                    size_t type_size);

/* "32768	60999" of ip_local_port_range. */
bool proctext_range(const char *text, int64_t *ret_from, int64_t *ret_to);

/* The inode of "socket:[12345]". False: the link leads elsewhere. */
bool proctext_socket(const char *link, uint64_t *ret_inode);

/* Copies at most size - 1 bytes, and what is not printing ASCII as '?'. Returns the length. */
size_t proctext_safe(const char *text, char *to, size_t size);

#endif
