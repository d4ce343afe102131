/* The groups of the stack, as far as the supervisor knows them: their counters, held open. */
#ifndef BULKHEAD_SUPERVISOR_LEVELS_H
#define BULKHEAD_SUPERVISOR_LEVELS_H

#include "core/record.h"

struct supervisor;

struct levels {
    int *events; // memory.events.local by roster::groups; -1: no memory controller; owned
    uint32_t count;
};

/* Opens what is not open yet. 0 or negative errno; -ENOENT: a group's cgroup is not there. */
int levels_open(int services, const struct roster *roster, struct levels *levels);
void levels_close(struct levels *levels); // may be zeroed

/* The files of the groups around the member, innermost first; how many they are. */
uint32_t levels_around(const struct levels *levels, const struct roster *roster, uint32_t member,
                       int events[ENCLOSING_MAX]);

/* A group's limit has killed the member: who holds most of the memory beside it, the largest first;
 * how many they are. At most LEVELS_READ_MAX others are looked at. */
#define LEVELS_READ_MAX 64
#define LEVELS_TOLD_MAX 3
uint32_t levels_others(const struct supervisor *supervisor, uint32_t member,
                       struct record_other told[LEVELS_TOLD_MAX]);
/* The same, into the journal. */
void levels_tell_others(struct supervisor *supervisor, uint32_t member);

/* Removes the cgroups of the old roster's groups that the new one does not have. */
void levels_remove(struct supervisor *supervisor, const struct roster *old,
                   const struct roster *new);

#endif
