/* What the recorder gives up before it reads the first byte of a service: root, everything outside
 * its state folder, capabilities, and all system calls but those it makes (calls.h). */
#ifndef BULKHEAD_RECORDER_SANDBOX_H
#define BULKHEAD_RECORDER_SANDBOX_H

#include "recorder/place.h"

/* What could not be given up; `error` is an errno, or 0. */
typedef void sandbox_said(void *context, const char *what, int error);

/* Started by root, it becomes who owns the state folder, with that as its root: then
 * place->state_path is "". To be called while there is one thread. */
void sandbox_enter(struct place *place, sandbox_said *say, void *context);

/* The filter alone: another call ends the process with SIGSYS. 0 or a negative errno. */
int sandbox_filter(void);

#endif
