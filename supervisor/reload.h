/* RELOAD: another plan for the same stack, all or nothing. What runs is not touched.
 *
 * It is done between two turns, when nothing waits to be told that names members by the old plan
 * and no limits are being changed by it. */
#ifndef BULKHEAD_SUPERVISOR_RELOAD_H
#define BULKHEAD_SUPERVISOR_RELOAD_H

#include "supervisor/request.h"

struct reload {
    int plan;       // sealed memfd; -1: none was asked for
    int32_t client; // to be answered; -1: it has gone
};

/* Takes the plan out of the files, or answers why not. */
void reload_serve(struct supervisor *supervisor, struct client *client,
                  struct request_files *files);
void reload_client_gone(struct supervisor *supervisor, uint32_t client);

/* Writes the plan into the runtime folder, in place of what is there. 0 or negative errno. */
int reload_keep_plan(const struct supervisor *supervisor, int plan);

/* No event waits: does what was asked for. */
void reload_turn(struct supervisor *supervisor);

#endif
