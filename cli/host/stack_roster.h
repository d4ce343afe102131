/* The roster of a running stack, out of the plan file in its runtime folder. */
#ifndef BULKHEAD_CLI_HOST_STACK_ROSTER_H
#define BULKHEAD_CLI_HOST_STACK_ROSTER_H

#include <sys/types.h>

#include "core/planfile.h"

/* 0; 1: malformed, *ret_why a static text; a negative errno (-ENOENT: no such stack, or it ended).
 */
int stack_roster_load(const char *runtime_dir, struct roster *ret, const char **ret_why);

/* How the member is started, out of the same plan file; *ret_bytes is what the record leads into.
 * 0; 1: malformed; a negative errno. Both are to be freed after 0. */
int stack_launch_load(const char *runtime_dir, const struct member *member,
                      struct launch_record *ret, unsigned char **ret_bytes);

/* Reads at most size - 1 bytes of <dir>/<name> and NUL-terminates. The length, or a negative errno.
 */
ssize_t stack_file_read(const char *dir, const char *name, char *text, size_t size);

/* Does a live process stand in the cgroup or below? False also when it is not there. */
bool stack_cgroup_populated(const char *cgroup_dir);

#endif
