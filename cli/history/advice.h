/* What to change so that a service does not die like this again. Pure. */
#ifndef BULKHEAD_CLI_HISTORY_ADVICE_H
#define BULKHEAD_CLI_HISTORY_ADVICE_H

#include "cli/history/deaths.h"
#include "core/sample.h"

#define ADVICE_MAX  4
#define ADVICE_TEXT 400

struct advice {
    size_t count;
    char text[ADVICE_MAX][ADVICE_TEXT]; // each a sentence or two
};

/* What the memory was made of shortly before; of a kill for memory only. `last` of generation 0:
 * not known. */
void advice_of_memory(const struct death *death, const struct sample *last, struct advice *ret);

void advice_give(const struct death *death, const struct death_history *history,
                 struct advice *ret);

#endif
