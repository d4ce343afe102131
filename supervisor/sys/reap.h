/* Exit records of children, and what else outlives us: from the keeper as long as it lives, then
 * from the kernel.
 *
 * The child was reaped when its record comes, so its pid may be another's already: who goes by the
 * pid asks the pidfd, too. The keeper keeps a record until it is acknowledged. Source:
 * core/handover.h, waitid(2). */
#ifndef BULKHEAD_SUPERVISOR_SYS_REAP_H
#define BULKHEAD_SUPERVISOR_SYS_REAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/handover.h"

struct reaper {
    int channel;      // to the keeper; -1: it is gone, and children are our own
    uint32_t pending; // records given out and not yet acknowledged
    bool told;        // NEWS_TOLD was given out
};

struct exit_record {
    pid_t pid;
    int code;   // exit code, when signal is 0
    int signal; // that ended it
    bool core;  // dumped
};

enum keeper_news_kind {
    NEWS_EXITED,    // `record`
    NEWS_SIGNALLED, // somebody has sent the keeper `signal`
    NEWS_HELD,      // `file` was held under `tag`, and is the caller's now
    NEWS_TOLD,      // all that was before us has come
};

struct keeper_news {
    enum keeper_news_kind kind;
    struct exit_record record;
    int signal;
    int file; // -1: none
    char tag[KEEPER_TAG_MAX];
};

void reaper_init(struct reaper *reaper, int channel);

/* 1 with news; 0: none at present; -EPIPE: the keeper is gone (told once). */
int reaper_next(struct reaper *reaper, struct keeper_news *ret);

/* All records given out are accounted for. */
void reaper_acknowledge(struct reaper *reaper);

/* What the keeper is told (KEEPER_*): where it is gone, nothing is kept, and that is no failure.
 * `tag` is a KEEPER_TAG_* and what follows it, or NULL; files stay the caller's. 0 or negative
 * errno. */
int reaper_ready(struct reaper *reaper);
int reaper_hold(struct reaper *reaper, const char *tag, const char *name, int file);
int reaper_drop(struct reaper *reaper, const char *tag, const char *name);
int reaper_plan(struct reaper *reaper, int file);
int reaper_upgrade(struct reaper *reaper, int folder);

/* From now on orphans of our children come to us. 0 or negative errno. */
int reaper_become_parent(struct reaper *reaper);

#endif
