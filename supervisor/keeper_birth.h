/* The birth of a supervisor, and how long to wait before the next one. Source: clone(2) (clone3).
 */
#ifndef BULKHEAD_SUPERVISOR_KEEPER_BIRTH_H
#define BULKHEAD_SUPERVISOR_KEEPER_BIRTH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct keeper_birth {
    const char *stack;
    const char *libexec_dir;
    bool adopt; // what runs is to be taken over
};

/* Born inside its cgroup, from the file that this process was started from, whatever has become of
 * its name since. 0 with its pid and our end of its channel, or negative errno. */
int keeper_birth(const struct keeper_birth *birth, pid_t *ret_pid, int *ret_channel);

/* The pause after a supervisor that lived so long, when the one before its birth was `before_ms`:
 * none after one that lived well; ever longer while they die at once. */
uint32_t keeper_pause_ms(uint32_t before_ms, int64_t lived_ms);

#endif
