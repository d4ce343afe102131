/* The runtime folder: that it is still there. Whoever cleans up in /run takes it from under a stack
 * that runs on. Then it is made anew, with what belongs into it: the lock, the plan, the control
 * socket, and a journal and samples that begin again. What runs keeps its FIFOs, which are open,
 * and who is born later is given those (sys/spawn.h). Source: inotify(7). */
#ifndef BULKHEAD_SUPERVISOR_FOLDER_H
#define BULKHEAD_SUPERVISOR_FOLDER_H

#include <stdbool.h>

#include "core/nsec.h"

struct supervisor;

struct folder {
    int watch;    // inotify; -1: it is not watched
    instant look; // INSTANT_NEVER: nothing has changed
    bool said;    // that it could not be mended
};

/* It was lost while there was no supervisor: empty, with a lock of ours. 0 or negative errno. */
int folder_make(const struct supervisor *supervisor);

void folder_open(struct supervisor *supervisor);    // the current folder
void folder_changed(struct supervisor *supervisor); // SOURCE_FOLDER
void folder_turn(struct supervisor *supervisor);

#endif
