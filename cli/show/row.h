/* What a row of a running stack says, in words. Pure. */
#ifndef BULKHEAD_CLI_SHOW_ROW_H
#define BULKHEAD_CLI_SHOW_ROW_H

#include "cli/show/render.h"
#include "core/wire.h"

#define ROW_TEXT_MAX 320

/* Nothing of it runs and nothing will by itself. */
bool row_is_at_rest(const struct wire_row *row);

/* The service's name or the member's ("web", "web-1"). */
bool row_is(const struct wire_row *row, const char *word);

/* Of the last death, as a shell says it: 128 + the signal; 0: nobody died; -1: unknown. */
int row_exit_code(const struct wire_row *row);

/* One word: its health where it is running and has one, else its state. */
const char *row_state_word(const struct wire_row *row);

enum render_style row_style(const struct wire_row *row); // of its state

/* "spawn-failed: chdir: No such file or directory"; "-" when nobody died. */
void row_death(const struct wire_row *row, char text[ROW_TEXT_MAX]);

#endif
