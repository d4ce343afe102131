/* The keeper: the parent of a stack. Source of its rules: KEEPER_* of core/handover.h. */
#ifndef BULKHEAD_SUPERVISOR_KEEPER_H
#define BULKHEAD_SUPERVISOR_KEEPER_H

/* What the program does when it is called bulkhead-keeper; returns its exit status. It shares one
 * executable with the supervisor, so that the text of both is in memory once (docs/decisions).
 * `how`: HANDOVER_ADOPT, HANDOVER_UPGRADE; NULL: nothing of the stack is alive. */
int keeper_main(const char *stack, const char *libexec_dir, const char *how);

#endif
