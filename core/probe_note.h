/* What a probe said whose failure made its member unhealthy, as a note of the journal:
 *
 *   note probe i=3 g=7 said=line one\nline two
 *
 * A newline is \n, a tab \t, a backslash \\, any other control byte \x1b: one line, and nothing in
 * it does anything to a terminal that shows ASCII. Pure. */
#ifndef BULKHEAD_CORE_PROBE_NOTE_H
#define BULKHEAD_CORE_PROBE_NOTE_H

#include "core/record.h"

#define PROBE_SAID_MAX 4096 // bytes of a probe's output that are kept: as many as Docker keeps
#define PROBE_NOTE_MAX (RECORD_LINE_MAX - 16) // of the note's text, with a NUL

/* The text of the note; what does not fit escaped is cut. */
void probe_note_write(uint32_t member, uint32_t generation, const char *said, size_t length,
                      char text[PROBE_NOTE_MAX]);

struct probe_note {
    uint32_t member;
    uint32_t generation;
    const char *said; // escaped; leads into the text
};

/* False: a note about something else. */
bool probe_note_read(const char *text, struct probe_note *ret);

/* The next line of what it said, not escaped but for control bytes, cut to `size` with its NUL.
 * False: there is none. */
bool probe_note_line(const char **said, char *line, size_t size);

#endif
