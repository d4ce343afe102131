/* The fleet's effects, done. */
#ifndef BULKHEAD_SUPERVISOR_ACT_H
#define BULKHEAD_SUPERVISOR_ACT_H

#include "supervisor/supervisor.h"

/* Never waits. What comes of it is pushed to supervisor->results. */
void act(struct supervisor *supervisor, const struct effect *effect);

/* Begins a turn: brings the births that earlier turns had no room for, up to BIRTHS_PER_TURN. */
void act_on_births(struct supervisor *supervisor);

/* Kills all that is in the compartment of that generation, and who was its main process. What the
 * kernel has no memory or file for is tried again. */
void act_kill(struct supervisor *supervisor, uint32_t member, uint32_t generation);

/* An empty compartment is to be removed, now or in one of the next turns. */
void act_bury(struct supervisor *supervisor, const char *name);

/* Writes the causes of death that are still to be told into the logs. */
void act_on_markers(struct supervisor *supervisor);

/* Removes the compartments whose time has come. */
void act_on_graves(struct supervisor *supervisor);

#endif
