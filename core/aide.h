/* A member's probes and hooks: the moves that start and end them, and the cells of the lifecycle's
 * table that are about them. Private to lifecycle.c, step.c and aide.c.
 *
 * A member has at most one aide at a time, and that one belongs to the state in which it was
 * started: hooks before the start to PREPARING, probes and hooks after the start to RUNNING, hooks
 * before the stop to LEAVING. It is named by generation and serial; what another has to say is
 * dropped. */
#ifndef BULKHEAD_CORE_AIDE_H
#define BULKHEAD_CORE_AIDE_H

#include "core/step.h"

/* From the order to end a pre_start hook to its end. What a hook in the kernel's hands does then is
 * no reason to wait longer. */
#define AIDE_END_DEADLINE span_sec(10)

/* Moves. */
void aide_hook(struct step *step, enum aide_kind kind, int64_t index); // starts it
void aide_drop(struct step *step);    // ends what runs and listens no more
void aide_forget(struct step *step);  // a new incarnation has none yet
void aide_welcome(struct step *step); // the program runs: post_start hooks, probes

/* May it come in? It is about the aide that runs. */
bool aide_is_heard(const struct incarnation *self, const struct event *event);

/* Cells. */
void aide_prepared(struct step *step);      // a pre_start hook ended
void aide_prepare_late(struct step *step);  // it did not
void aide_prepare_stop(struct step *step);  // requests while they run
void aide_prepare_again(struct step *step); //
void aide_prepare_kill(struct step *step);  //
void aide_prepare_start(struct step *step); //
void aide_hooked(struct step *step);        // a post_start hook ended
void aide_probed(struct step *step);        // a probe ended
void aide_due(struct step *step);           // a probe is due, or what runs is late
void aide_parted(struct step *step);        // a pre_stop hook ended
void aide_part_late(struct step *step);     // it did not

#endif
