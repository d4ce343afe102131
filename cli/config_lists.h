/* Lists that `bulkhead config` prints instead of the stack: what is in the file beside services. */
#ifndef BULKHEAD_CLI_CONFIG_LISTS_H
#define BULKHEAD_CLI_CONFIG_LISTS_H

#include "core/spec.h"
#include "cli/host/command.h"

/* Standard output goes to what --output names, if it is given. To be called when all is known to be
 * good: a file that is there is not lost for nothing. 0 or an exit status. */
int open_output(const struct command_context *context);

/* The profiles that services are in, sorted, each once. An exit status. */
int print_profiles(const struct spec *spec);

/* The variables that the stack's files name (NAME REQUIRED DEFAULT ALTERNATIVE; in JSON an object
 * a line), and those that they may name with their values (NAME=value), sorted. Both load the stack
 * themselves, and print also what there is of one that cannot be loaded, though not to --output. An
 * exit status. */
int print_variables(const struct command_context *context, bool json);
int print_environment(const struct command_context *context);

#endif
