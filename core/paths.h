/* Where things are inside the folders of a stack: written once, used by all programs. */
#ifndef BULKHEAD_CORE_PATHS_H
#define BULKHEAD_CORE_PATHS_H

#include <stddef.h>

#include "core/roster.h"

/* Runtime folder (tmpfs; ours, 0700, or searched by the recorder's group, 0710): */
#define PATH_LOCK    "lock"    // flock'ed by the keeper and its children as long as one lives
#define PATH_PLAN    "plan"    // the plan file
#define PATH_CONTROL "control" // the control socket, 0600
#define PATH_JOURNAL "journal" // core/record.h; the one before: "journal.1"; its group reads it
#define PATH_SAMPLES "samples" // core/sample.h; its group reads it
#define PATH_FIFO    "fifo" // folder: <member>.out, <member>.err, bulkhead.err (our own programs)
/* State folder (0700, the recorder's): */
#define PATH_HISTORY "history.db" // history/schema.h
#define PATH_PROJECT "project"    // path of the folder that it was started from (cli/host/project)
#define PATH_LOGS    "logs" // folder: <member>.log, the ones before: <member>.log.1 …; bulkhead.log
/* Elsewhere: */
#define PATH_JOURNALD "/run/systemd/journal/socket" // of the system's journal, native protocol

/* Compartments, below the stack's cgroup: */
#define CGROUP_KEEPER     "keeper"
#define CGROUP_SUPERVISOR "supervisor"
#define CGROUP_RECORDER   "recorder"
#define CGROUP_SERVICES   "svc"

#define CGROUP_GROUP "g-" // and the group's name, in its parent's or svc/

#define GROUP_PATH_MAX       ((size_t)(ENCLOSING_MAX - 1) * (NAME_BYTES_MAX + 3))
#define COMPARTMENT_NAME_MAX (GROUP_PATH_MAX + INSTANCE_NAME_MAX + 16)

/* "g-backend/g-workers", below svc/; "" for the stack itself. */
void group_path(const struct stack_group *groups, uint32_t group, char path[GROUP_PATH_MAX]);

/* "s-web.1.7": service, instance number, generation; in a group "g-backend/s-web.1.7". Below svc/.
 */
void compartment_name(const struct roster *roster, uint32_t member, uint32_t generation,
                      char name[COMPARTMENT_NAME_MAX]);

/* A log line, in the field's container log format ("CRI"), so that shippers know it:
 *   2026-11-22T08:51:00.123456789Z stdout F the text
 * stream is stdout or stderr; F a whole line, P a part of one that was too long. */

/* What a marker line starts with when the supervisor writes it into a member's stderr FIFO, behind
 * a break (breaks.h): it stays behind the last output of the dead and before the first of the next,
 * in both streams. The recorder
 * ends a line that was left unfinished, drops these bytes and writes the rest as a line of its own
 * with the stream `stderr`. */
#define MARKER_PREFIX \
    "\x1e\x1e"        \
    "bulkhead: "
#define MARKER_TEXT "bulkhead: " // what remains of it in the log
#define MARKER_HOOK "hook "      // follows where it is about a hook and not the end of anybody

#endif
