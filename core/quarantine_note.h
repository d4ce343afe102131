/* What is known of an incarnation that does not end, as notes of the journal, one a line:
 *
 *   note quarantine name=web-1 g=7 about=stuck process 812 (worker) is in state D, in …
 *
 * The text is printing ASCII, and a sentence for people. Every byte is hostile when read. Pure. */
#ifndef BULKHEAD_CORE_QUARANTINE_NOTE_H
#define BULKHEAD_CORE_QUARANTINE_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/limits.h"

#define QUARANTINE_TEXT_MAX 160 // of one text, with its NUL
#define QUARANTINE_NOTE_MAX 400 // of a note, with a NUL

/* X(id, name, head): head is what people see before the text */
#define QUARANTINE_ABOUTS(X)                                                    \
    X(STUCK, "stuck", "stuck")     /* who does not end */                       \
    X(WHERE, "where", "hangs on")  /* the mount, the file */                    \
    X(HELD, "held", "holds")       /* what it has, and the next one may need */ \
    X(STACK, "stack", "in kernel") /* where in the kernel */                    \
    X(MEMORY, "memory", "keeps")   /* what it had, and what is left of that */  \
    X(GONE, "gone", "gone")        /* the kernel has let go of it */

enum quarantine_about {
#define X(id, name, head) QUARANTINE_##id,
    QUARANTINE_ABOUTS(X)
#undef X
        QUARANTINE_ABOUTS_COUNT
};

struct quarantine_note {
    char name[INSTANCE_NAME_MAX];
    uint32_t generation;
    enum quarantine_about about;
    char text[QUARANTINE_TEXT_MAX];
};

void quarantine_note_write(const struct quarantine_note *note, char text[QUARANTINE_NOTE_MAX]);

/* False: a note about something else, or a malformed one. */
bool quarantine_note_read(const char *text, struct quarantine_note *ret);

const char *quarantine_about_name(enum quarantine_about about);
const char *quarantine_about_head(enum quarantine_about about);

#endif
