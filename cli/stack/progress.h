/* What happens to the members, told as it happens: a line a change, or on a terminal a block of
 * lines that is kept up to date. */
#ifndef BULKHEAD_CLI_STACK_PROGRESS_H
#define BULKHEAD_CLI_STACK_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/stack/watch.h"

enum progress_mode {
    PROGRESS_LINES, // "web-1  running (pid 7)" for every change
    PROGRESS_LIVE,  // a block, redrawn in place
    PROGRESS_STORY, // lines that fit between those of logs: "web-1  | bulkhead: running (pid 7)"
};

struct progress {
    FILE *to;
    enum progress_mode mode;
    bool colour;
    const bool *chosen; // by member index, borrowed; NULL: all
    int width;          // of the longest name
    unsigned int drawn; // lines of the block on the screen
};

/* `live` is a wish: a block that does not fit the terminal becomes lines. */
void progress_init(struct progress *progress, const struct watch *watch, const bool *chosen,
                   enum progress_mode mode, bool colour);

/* Called with every change, and once when all that has come was told. */
void progress_row(struct progress *progress, const struct watch *watch,
                  const struct wire_row *before, const struct wire_row *row);
void progress_flush(struct progress *progress, const struct watch *watch);

/* What the row says, in words: "running (pid 7)". */
void progress_words(const struct watch *watch, const struct wire_row *row, char *text, size_t size);

/* The death that a row tells of; only what a sentence needs. */
struct verdict progress_verdict(const struct wire_row *row);

#endif
