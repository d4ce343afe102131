/* Which services of a stack file the command line wants, and how many instances of each. Pure. */
#ifndef BULKHEAD_CLI_PLAN_SELECTION_H
#define BULKHEAD_CLI_PLAN_SELECTION_H

#include "core/fault.h"
#include "core/spec.h"

struct selection {
    bool *enabled;   // by service index: it is in the plan
    uint32_t *scale; // by service index: instances
};

/* As the file and the active profiles have it: `profiles` ends with NULL, "*" is all of them; NULL:
 * none. A service without profiles is always enabled. 0 or -ENOMEM. */
int selection_init(struct selection *selection, const struct spec *spec,
                   const char *const *profiles);
void selection_finish(struct selection *selection); // may be zeroed

/* A service that was named on the command line: enabled with all that it requires. */
void selection_name(struct selection *selection, const struct spec *spec, size_t service);

/* `text` is "SERVICE=N". 0; 1: *ret_fault says what is wrong. */
int selection_scale(struct selection *selection, const struct spec *spec, const char *text,
                    struct fault *ret_fault);

/* The service of that name; -1 with *ret_fault: there is none, and what may have been meant. */
ptrdiff_t selection_find(const struct spec *spec, const char *word, struct fault *ret_fault);

#endif
