/* What to change so that a service does not die like this again. Pure. */
#ifndef BULKHEAD_CLI_HISTORY_ADVICE_H
#define BULKHEAD_CLI_HISTORY_ADVICE_H

#include "cli/history/deaths.h"

#define ADVICE_MAX  4
#define ADVICE_TEXT 400

struct advice {
    size_t count;
    char text[ADVICE_MAX][ADVICE_TEXT]; // each a sentence or two
};

void advice_give(const struct death *death, const struct death_history *history,
                 struct advice *ret);

#endif
