/* Small kernel files, cgroupfs above all: read and write a text whole. */
#ifndef BULKHEAD_CLI_HOST_CGFILE_H
#define BULKHEAD_CLI_HOST_CGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Reads <dir>/<file> (or `dir` itself when `file` is NULL) into `text`, always NUL-terminated, the
 * last newline cut off. 0, or a negative errno; what does not fit is cut off. */
int cgfile_read(const char *dir, const char *file, char *text, size_t size);

/* 0 or a negative errno. */
int cgfile_write(const char *dir, const char *file, const char *text);

/* Is `word` one of the words of `text`, parted by blanks? */
bool cgfile_has_word(const char *text, const char *word);

/* Calls `each` for every process of the cgroup itself, or with `below` also of all cgroups below
 * it; `dir` is the cgroup that it is in. The number of processes, or a negative errno. A pid of 0
 * is a process of another pid namespace. `each` may be NULL. */
typedef void cgfile_process_fn(void *context, const char *dir, pid_t pid);
int cgfile_processes(const char *dir, bool below, cgfile_process_fn *each, void *context);

/* The name of a process, from /proc/PID/comm, control characters replaced; "?" when it is gone. */
#define CGFILE_COMM_MAX 32
void cgfile_comm(pid_t pid, char name[CGFILE_COMM_MAX]);

#endif
