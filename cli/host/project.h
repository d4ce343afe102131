/* Which stack was started from which folder, kept in the stack's state folder (PATH_PROJECT): so
 * that a stack that runs is found while its stack file cannot be read. */
#ifndef BULKHEAD_CLI_HOST_PROJECT_H
#define BULKHEAD_CLI_HOST_PROJECT_H

#include "cli/host/command.h"

/* Of the context's stack, whose folders are made. What cannot be kept is said, and no failure. */
void project_remember(const struct command_context *context, const char *project_dir);

/* The stack of that folder: the one that runs, or else the one that ran. False: there is none, or
 * more than one. */
bool project_find(const char *project_dir, char name[NAME_BYTES_MAX + 1]);

#endif
