/* What the kernel tells about members, as events for the fleet.
 *
 * Whatever wakes us is a hint: the handlers look at the files themselves. About one death: counters
 * are read when its exit record is there and before anything is removed, and what the newborn's
 * pipe still holds is told before the death. */
#ifndef BULKHEAD_SUPERVISOR_FACTS_H
#define BULKHEAD_SUPERVISOR_FACTS_H

#include "supervisor/supervisor.h"
#include "supervisor/sys/spawn.h"

/* The counters of an incarnation's compartment, and of the groups around it. */
void facts_read(const struct supervisor *supervisor, uint32_t index, uint32_t generation,
                struct reading *ret);

/* Closes what belongs to the incarnation; the FIFOs stay. */
void facts_close_incarnation(struct supervisor *supervisor, struct slot *slot);

/* A child was born for the member: watches what is to be told of it. Negative errno when it cannot
 * be watched. */
int facts_born(struct supervisor *supervisor, uint32_t index, uint32_t generation,
               const struct newborn *newborn);

/* The same of a process that another supervisor bore. `pidfd` -1: it is gone, and its exit record
 * may be on the way; `foreign`: no record of it will come. */
struct fact_adopted {
    pid_t pid;
    int pidfd;
    bool foreign;
    bool unheard; // whether it is the program is not told yet
};
int facts_adopted(struct supervisor *supervisor, uint32_t index, uint32_t generation,
                  const struct fact_adopted *adopted);
/* The main process is gone, and nobody will say how it ended. */
void facts_lost(struct supervisor *supervisor, uint32_t index);
/* It is gone, and that is known: it counts when the last of the others is. */
void facts_await_empty(struct supervisor *supervisor, uint32_t index);
/* Is it the program by now? False: that is still to be seen. */
bool facts_heard(struct supervisor *supervisor, uint32_t index);

void facts_report(struct supervisor *supervisor, uint32_t index); // SOURCE_REPORT
void facts_memory(struct supervisor *supervisor, uint32_t index); // SOURCE_MEMORY
void facts_empty(struct supervisor *supervisor, uint32_t index);  // SOURCE_EMPTY
void facts_pidfd(struct supervisor *supervisor, uint32_t index);  // SOURCE_PIDFD

/* The main process is dead; the event says how it ended, where that is known. */
void facts_dead(struct supervisor *supervisor, uint32_t index, struct event *event);

/* Takes what exit records there are, up to what one turn is for. */
void facts_reap(struct supervisor *supervisor);

/* Looks at the memory.events whose time has come, and tries again what could not be done. */
void facts_look(struct supervisor *supervisor);

/* Something of this slot is to be tried again soon: slot->unkilled, slot->unwatched. */
void facts_again(struct supervisor *supervisor, struct slot *slot);

#endif
