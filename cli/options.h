/* The command line: global options, the verb, its options and operands. */
#ifndef BULKHEAD_CLI_OPTIONS_H
#define BULKHEAD_CLI_OPTIONS_H

#include "cli/host/command.h"

/* What the command line asks for besides what goes into the context. */
struct options {
    bool help;                   // of the verb, or of the whole when there is none
    bool version;                //
    int argc;                    // the verb and its operands
    char **argv;                 // owned; the strings are the caller's
    struct command_given *given; // owned; what the context's `given` points to
    char *split[2];              // owned; variables that hold several words
};

/* Reads argv and the environment into `context`, which the caller has zeroed. `verbs` ends with
 * NULL. 0; or an exit status after the reason was given on stderr. `options` is to be finished in
 * every case. */
int options_read(struct command_context *context, struct options *options,
                 const struct command *const *verbs, int argc, char **argv);
void options_finish(struct options *options);

extern const struct command_option options_global[]; // ends with a row whose name is NULL

#endif
