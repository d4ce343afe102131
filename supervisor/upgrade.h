/* UPGRADE: another build goes on. We hand its folder to the keeper and end; the keeper becomes the
 * other build's with all that it holds, and its supervisor adopts. Nothing that runs is touched. */
#ifndef BULKHEAD_SUPERVISOR_UPGRADE_H
#define BULKHEAD_SUPERVISOR_UPGRADE_H

#include "supervisor/request.h"

/* Answers, and says to the supervisor that this turn is its last. */
void upgrade_serve(struct supervisor *supervisor, struct client *client,
                   const struct wire_request *request, struct request_files *files);

/* Where the keeper was killed, this process becomes the next one: it is the parent of what it has
 * started since. The last thing that it does; comes back only if no build could be started. */
void upgrade_without_keeper(struct supervisor *supervisor);

#endif
