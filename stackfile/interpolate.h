/* Variables in the values of a document. */
#ifndef BULKHEAD_STACKFILE_INTERPOLATE_H
#define BULKHEAD_STACKFILE_INTERPOLATE_H

#include "core/arena.h"
#include "core/fault.h"
#include "stackfile/node.h"
#include "stackfile/template.h"

struct interpolation {
    struct template *template;
    struct arena *arena; // of the new texts
    struct faults *faults;
    struct mark at; // of the scalar that is being expanded
    size_t bytes;   // of all texts made so far: at most STACKFILE_TEXT_MAX
};

/* Expands every scalar of the document, keys left as they are. What cannot be expanded is a fault,
 * and makes the scalar and all above it `unknown`. Each node is treated once, however many aliases
 * lead to it. 0; 1: beyond a bound, which is a fault; -ENOMEM. */
int interpolate(struct interpolation *interpolation, struct node *document);

#endif
