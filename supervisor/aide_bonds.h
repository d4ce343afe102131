/* For whom auxiliary processes (aide.h) live, and that they end with them. */
#ifndef BULKHEAD_SUPERVISOR_AIDE_BONDS_H
#define BULKHEAD_SUPERVISOR_AIDE_BONDS_H

#include "supervisor/aide.h"

/* On its compartment, for the next supervisor: hooks outlive us. */
void aide_mark_order(int cgroup, const struct aide_order *order);

/* To its main process. */
void aide_signal(const struct supervisor *supervisor, uint32_t client, int signal);
void aide_client_gone(struct supervisor *supervisor, uint32_t client);
/* A probe or hook is to end. */
void aide_end(struct supervisor *supervisor, uint32_t member, uint32_t generation, uint32_t serial);

/* The member's incarnation is over: what lives for it ends. */
void aides_end_of(struct supervisor *supervisor, uint32_t member);
/* The stack ends. Those that are told of deaths have a little time left. */
void aides_end_all(struct supervisor *supervisor);
/* Another plan: new_index says where each member is, -1: gone, and so is what lives beside it. */
void aides_moved(struct supervisor *supervisor, const int32_t *new_index);

/* Is the member's hook of this kind there, which is told of a death? */
bool aide_is_told_of(const struct aides *aides, uint32_t member, enum aide_kind kind);
/* Is anybody's there, and its end is still to come? */
bool aides_are_told(const struct aides *aides);

/* The keeper is gone: only a pidfd tells of the death of what it bore. */
void aides_disown(struct supervisor *supervisor);

/* The probe beside that incarnation whose end was not told; NULL: none. */
struct aide_process *aide_probe(struct supervisor *supervisor, const struct effect *effect);

#endif
