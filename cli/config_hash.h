/* `config --hash`: by what `up` tells a service that has changed. */
#ifndef BULKHEAD_CLI_CONFIG_HASH_H
#define BULKHEAD_CLI_CONFIG_HASH_H

#include "cli/host/command.h"
#include "cli/host/files.h"

/* Prints "web 9a3c…" for every service of `names`: "*", or "web,db". Users, programs and passed
 * variables are looked up on this host, as `up` does. An exit status. */
int config_hash(struct command_context *context, const struct stack_source *source,
                const struct spec *spec, const char *names);

#endif
