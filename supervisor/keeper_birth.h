/* The birth of a supervisor, and how long to wait before the next one. Source: clone(2) (clone3).
 */
#ifndef BULKHEAD_SUPERVISOR_KEEPER_BIRTH_H
#define BULKHEAD_SUPERVISOR_KEEPER_BIRTH_H

#include <stdint.h>
#include <sys/types.h>

struct keeper_birth {
    const char *stack;
    const char *libexec_dir;
    const char *how; // HANDOVER_ADOPT, HANDOVER_UPGRADE; NULL: nothing runs
};

/* Born inside its cgroup, from the file that this process was started from, whatever has become of
 * its name since. 0 with its pid and our end of its channel, or negative errno. */
int keeper_birth(const struct keeper_birth *birth, pid_t *ret_pid, int *ret_channel);

/* This process becomes the keeper in that folder, with the table. Comes back on failure only, with
 * a negative errno. */
int keeper_become(const struct keeper_birth *birth, int folder, int table);

/* The pause after a supervisor that lived so long, when the one before its birth was `before_ms`:
 * none after one that lived well; ever longer while they die at once. */
uint32_t keeper_pause_ms(uint32_t before_ms, int64_t lived_ms);

#endif
