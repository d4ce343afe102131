/* Texts with variables in them: $NAME, ${NAME}, ${NAME:-default}, ${NAME-default}, ${NAME:?why},
 * ${NAME?why}, ${NAME:+instead}, ${NAME+instead}, and $$ for a dollar. Defaults and their like may
 * hold variables again. A dollar that starts none of these stays. Source: the Compose
 * Specification's chapter on interpolation, and compose-go's template package. */
#ifndef BULKHEAD_STACKFILE_TEMPLATE_H
#define BULKHEAD_STACKFILE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "stackfile/stackfile.h"
#include "stackfile/variables.h"

#define TEMPLATE_DEPTH_MAX 16 // variables within defaults of variables

/* What is needed to expand, and its outcome. `variables` and the two functions are the caller's;
 * the buffer is reused from one text to the next and freed by template_finish(). */
struct template
{
    const struct variables *variables;
    void *self;
    /* A variable that has no value and no default; may be NULL. */
    void (*unset)(void *self, const char *name, size_t length);
    /* Every reference, whether it is used or not; may be NULL. */
    void (*met)(void *self, const struct stackfile_reference *reference);
    size_t bytes_max;  // the longest that a text may become
    size_t bytes_left; // that all texts together may still become; what is refused counts, too

    char *text; // the outcome: NUL-terminated after 0
    size_t length, room;
    char what[400]; // why not, after 1; longer than a fault, which cuts it
    const char *remedy;
    bool spent; // bytes_left is used up: nothing more is expanded
};

/* 0; 1: what and remedy say why not; -ENOMEM. */
int template_expand(struct template *template, const char *text, size_t length);

/* Counts a value that is taken as it is, like what a text becomes. 0 or 1, as above. */
int template_charge(struct template *template, size_t length);

void template_finish(struct template *template); // may be zeroed

#endif
