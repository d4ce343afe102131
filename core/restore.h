/* A fleet as the text of its journal leaves it: what the next supervisor goes on with. Pure.
 *
 * The text is read from its last whole head on, each of which says where every member stood. It may
 * end anywhere, for its writer was killed: in a line, in a step or in a head. Nothing that is in it
 * as a whole line is given up: a step of which the event is there was decided, and its other lines
 * follow from it. Hostile: bounded, checked, refused. */
#ifndef BULKHEAD_CORE_RESTORE_H
#define BULKHEAD_CORE_RESTORE_H

#include "core/replay.h"

#define RESTORE_BYTES_MAX ((size_t)64 << 20) // of a journal; it is far smaller

struct restored {
    struct roster roster; // as the journal has it: names, policies, needs, groups
    struct fleet fleet;   // its effects are those of the last step: the last may not have been run
    size_t whole;         // bytes of the text that are whole lines: the rest is to be cut off
    size_t head_bytes;    // of the head that was begun with
    char *missing;        // lines of the last step that are not in the text; owned; NULL: none
    bool needs_head;      // the text ends in a head that is not whole, or was decided by another
                          // build otherwise: no step can follow in this file before a head does
};

/* `text` is changed. 0; 1: it is no journal that can be gone on with, *ret_why a text that is valid
 * as long as `text`; -ENOMEM. */
int restore_fleet(char *text, size_t size, struct restored *ret, const char **ret_why);
void restored_finish(struct restored *restored); // may be zeroed

#endif
