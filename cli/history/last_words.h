/* What a dead incarnation wrote last, out of its member's log. */
#ifndef BULKHEAD_CLI_HISTORY_LAST_WORDS_H
#define BULKHEAD_CLI_HISTORY_LAST_WORDS_H

#include "cli/history/why_report.h"

/* The lines before the marker of the death at death_wall_ns, back to the marker before it. 0 or a
 * negative errno; no log is no output. */
int last_words_read(const char *state_dir, const char *member, int64_t death_wall_ns,
                    struct last_words *ret);

#endif
