/* What `exec` and `run` change about the way in which a service starts its program. */
#ifndef BULKHEAD_CLI_OVERRIDE_H
#define BULKHEAD_CLI_OVERRIDE_H

#include "cli/host/command.h"
#include "core/arena.h"
#include "core/fault.h"
#include "core/plan.h"
#include "core/spec.h"

/* Everything is borrowed from the command line. */
struct override {
    const struct command_context *context; // its options "env"
    const char *service;                   // for messages
    const char *user;                      // NULL: the service's
    const char *directory;                 // NULL: the service's; relative: below it
    const char *entrypoint;                // NULL: the service's
    char *const *command;                  // NULL-terminated; empty: the service's
    bool terminal;                         // it gets our terminal: it is told which
};

/* Reads the options that the verb has of env, user, workdir, entrypoint. 0, or STATUS_USAGE after
 * saying what is wrong. */
int override_read(const struct command_context *context, const char *service, char *const *command,
                  struct override *ret);

/* How `command` is started beside what `from` started: the same identity, folder, environment and
 * limits, but for what is overridden; memory that is guaranteed to the service stays its own. *ret
 * leads into `arena` and `from`. 0; 1 after adding faults; -ENOMEM. */
int override_launch(const struct override *override, const struct launch *from, struct arena *arena,
                    struct launch *ret, struct faults *faults);

/* The same in a spec, where the service's own command may stand. 0 or -ENOMEM. */
int override_service(const struct override *override, struct arena *arena,
                     struct spec_service *service);

#endif
