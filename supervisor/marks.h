/* Facts about a process that outlive whoever bore it, as extended attributes of its compartment:
 *
 *   user.bulkhead.main = "PID START"                its main process; START as in proc(5)
 *   user.bulkhead.aide = "GENERATION SERIAL KIND"   a hook's: of its member and of the effect
 *
 * Written right after the birth (`aide` before it), for the next supervisor. Hostile when read: who
 * runs as our user can write them. */
#ifndef BULKHEAD_SUPERVISOR_MARKS_H
#define BULKHEAD_SUPERVISOR_MARKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/policy.h"

struct main_mark {
    pid_t pid;
    uint64_t start;
};

struct aide_mark {
    uint32_t generation;
    uint32_t serial;
    enum aide_kind kind;
};

/* What a kernel before 5.7 does not keep is found without. */
void marks_set_main(int cgroup, pid_t pid);
void marks_set_aide(int cgroup, const struct aide_mark *mark);

/* False: there is none, or it is not one. */
bool marks_get_main(int cgroup, struct main_mark *ret);
bool marks_get_aide(int cgroup, struct aide_mark *ret);

#endif
