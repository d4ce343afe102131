/* What the cells of the lifecycle table are made of: the moves that change an incarnation and emit
 * effects. Private to lifecycle.c and step.c. */
#ifndef BULKHEAD_CORE_STEP_H
#define BULKHEAD_CORE_STEP_H

#include "core/lifecycle.h"

/* One event on its way through the table. */
struct step {
    struct incarnation *self;
    const struct event *event; // NULL: an inner event
    struct context *context;
};

struct effect *step_emit(struct step *step, enum effect_kind kind);
void step_shift(struct step *step, enum state to, instant deadline);
void step_changed(struct step *step);                     // those who watch are to hear of it
instant step_after(const struct step *step, span length); // from now

void step_spawn(struct step *step);          // the next incarnation: its pre_start hooks, its birth
void step_bear(struct step *step);           // its birth
void step_spawn_together(struct step *step); // once those have stopped that are restarted with it
void step_spawn_again(struct step *step);    // the same, counted as a restart by policy
void step_count_anew(struct step *step);     // restarts, after a request
void step_kill(struct step *step);           // end the compartment, wait until it is empty

/* On the way out, with a grace period: pre_stop hooks, stop signal; or killed when there is none.
 */
void step_leave(struct step *step);
void step_send_stop(struct step *step, instant deadline);
instant step_end_of_grace(const struct step *step); // of a stop that begins now
/* When it has to be there; `otherwise` where the policy does not say. */
instant step_start_deadline(const struct step *step, instant otherwise);
/* An OOM kill may have been noticed in the state before: its deadline stays. */
instant step_or_oom_deadline(const struct step *step, instant deadline);

/* What follows the last verdict, as things stand now: sets its next and delay. */
void step_decide_next(struct step *step);
/* Makes it the last verdict, with limit and uptime filled in. */
void step_tell(struct step *step, const struct verdict *verdict);
/* Tells the last verdict, and the hook that wants to hear of such a one. */
void step_explain(struct step *step);
/* Keeps the counters that the event brings. */
void step_read(struct step *step);
/* The main process is dead; step->event is DEAD, SPAWN_FAILED or NULL (nobody could say how). Gives
 * the verdict, once an incarnation. */
void step_judge(struct step *step);
/* On to what the verdict, or a request since, asks for. */
void step_go_on(struct step *step);
/* The same, once nothing of the incarnation is left. */
void step_rest(struct step *step);
void step_rest_if_gone(struct step *step);

/* What of the groups' counters a verdict accounts for, see struct context. */
void step_account(struct step *step, const struct verdict *verdict);

#endif
