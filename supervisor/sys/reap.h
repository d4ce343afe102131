/* Exit records of children: from the keeper as long as it lives, then from the kernel.
 *
 * One record is outstanding at a time. Until it is acknowledged the child stays a zombie, so that
 * its pid cannot be another's. Source: core/handover.h, waitid(2). */
#ifndef BULKHEAD_SUPERVISOR_SYS_REAP_H
#define BULKHEAD_SUPERVISOR_SYS_REAP_H

#include <stdbool.h>
#include <sys/types.h>

struct reaper {
    int channel;   // to the keeper; -1: it is gone, and children are our own
    pid_t pending; // given out and not yet acknowledged; 0: none
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

/* The outstanding record is accounted for: the child may be reaped. */
void reaper_acknowledge(struct reaper *reaper);

/* From now on orphans of our children come to us. 0 or negative errno. */
int reaper_become_parent(struct reaper *reaper);

#endif
