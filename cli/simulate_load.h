/* The load of troubles as the command line says it: --leak, --crash and the like, for all services
 * or for one. */
#ifndef BULKHEAD_CLI_SIMULATE_LOAD_H
#define BULKHEAD_CLI_SIMULATE_LOAD_H

#include "cli/host/command.h"
#include "core/roster.h"
#include "simulation/trouble.h"

/* `troubles` has one entry a member, zeroed. What is not said: a start takes 1 s ± 20 %; and where
 * no trouble at all is named and `have_lives` is not given, each member crashes once a day. 0, or
 * STATUS_USAGE after saying what is wrong. */
int simulate_load(const struct command_context *context, const struct roster *roster,
                  bool have_lives, struct trouble *troubles);

/* "web" of "web=20M/h": does it name a service? *ret_value leads behind it, or to all of it; NULL
 * where it names one that is not there, which has been said. */
bool simulate_service_of(const struct command_context *context, const char *option,
                         const struct roster *roster, const char *text, char separator,
                         char service[NAME_BYTES_MAX + 1], const char **ret_value);

#endif
