/* What `--help` prints, out of the same rows that are accepted. */
#ifndef BULKHEAD_CLI_HELP_H
#define BULKHEAD_CLI_HELP_H

#include "cli/host/command.h"

void help_all(const struct command *const *verbs); // ends with NULL
void help_verb(const struct command *command);

#endif
