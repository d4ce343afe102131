/* What a task hangs on: file, mount, and where in the kernel. Source: proc(5).
 *
 * The kernel may make who reads this wait for the task itself: for a helper only. */
#ifndef BULKHEAD_SUPERVISOR_SYS_HANG_H
#define BULKHEAD_SUPERVISOR_SYS_HANG_H

#include <stdint.h>

#include "core/quarantine_note.h"

/* "/mnt/data (ext4), file log": of the file that its system call is about, or else of
 * the one that it has open on another mount than its program. "": not known. */
void hang_where(int32_t pid, int32_t tid, char text[QUARANTINE_TEXT_MAX]);

/* "percpu_rwsem_wait < __percpu_down_read < ext4_file_write_iter": innermost first. "": not
 * readable. */
void hang_stack(int32_t pid, int32_t tid, char text[QUARANTINE_TEXT_MAX]);

#endif
