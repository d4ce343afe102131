/* Exit records of children: from the keeper as long as it lives, then from the kernel.
 *
 * The child was reaped when its record comes, so its pid may be another's already: who goes by the
 * pid asks the pidfd, too. The keeper keeps a record until it is acknowledged. Source:
 * core/handover.h, waitid(2). */
#ifndef BULKHEAD_SUPERVISOR_SYS_REAP_H
#define BULKHEAD_SUPERVISOR_SYS_REAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct reaper {
    int channel;      // to the keeper; -1: it is gone, and children are our own
    uint32_t pending; // records given out and not yet acknowledged
};

struct exit_record {
    pid_t pid;
    int code;   // exit code, when signal is 0
    int signal; // that ended it
    bool core;  // dumped
};

void reaper_init(struct reaper *reaper, int channel);

/* 1 with a record; 0: none at present; -EPIPE: the keeper is gone (told once). */
int reaper_next(struct reaper *reaper, struct exit_record *ret);

/* All records given out are accounted for. */
void reaper_acknowledge(struct reaper *reaper);

/* From now on orphans of our children come to us. 0 or negative errno. */
int reaper_become_parent(struct reaper *reaper);

#endif
