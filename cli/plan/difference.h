/* In what two members of one name differ, so that a restart is no riddle. Pure. */
#ifndef BULKHEAD_CLI_PLAN_DIFFERENCE_H
#define BULKHEAD_CLI_PLAN_DIFFERENCE_H

#include <stddef.h>

#include "core/plan.h"

#define DIFFERENCE_MAX 160

/* The keys of the stack file whose change restarts a service: "command, environment". Names only,
 * never values: they may be secrets. "" when there is none. */
void difference_words(const struct plan *old, const struct plan_member *before,
                      const struct plan *new, const struct plan_member *after,
                      char text[DIFFERENCE_MAX]);

#endif
