/* The stack's name, and the folders that the recorder works in. Opened by name once, while it still
 * may; afterwards everything is reached through these. */
#ifndef BULKHEAD_RECORDER_PLACE_H
#define BULKHEAD_RECORDER_PLACE_H

#include <limits.h>

#include "core/roster.h"

struct place {
    int runtime; // folder of the journal and of the samples, to be read
    int state;   // its own: the journal that is kept, the history
    int logs;    // within it
    int journal; // socket of the system's journal, connected; -1: there is none
    char stack[NAME_BYTES_MAX + 1];
    char state_path[PATH_MAX]; // of `state`, as this process sees it; "" when that is its root
};

/* 0 or a negative errno, *ret_what a static text: what failed. */
int place_open(const struct roster *roster, struct place *ret, const char **ret_what);
void place_close(struct place *place);

#endif
