/* Lists that `bulkhead config` prints instead of the stack: what is in the file beside services. */
#ifndef BULKHEAD_CLI_CONFIG_LISTS_H
#define BULKHEAD_CLI_CONFIG_LISTS_H

#include "core/spec.h"
#include "cli/command.h"

/* The profiles that services are in, sorted, each once. An exit status. */
int print_profiles(const struct spec *spec);

/* The variables that the stack's files name (NAME REQUIRED DEFAULT ALTERNATIVE), and those that
 * they may name with their values (NAME=value), sorted. Both load the stack themselves, and print
 * also what there is of one that cannot be loaded. An exit status. */
int print_variables(const struct command_context *context);
int print_environment(const struct command_context *context);

#endif
