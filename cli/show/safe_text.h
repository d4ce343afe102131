/* Text that a stranger wrote, made fit for a terminal: nothing in it moves the cursor, changes
 * colours, reverses the direction of writing or hides. Pure. */
#ifndef BULKHEAD_CLI_SHOW_SAFE_TEXT_H
#define BULKHEAD_CLI_SHOW_SAFE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Copies as much of `text` as fits into `columns` of a terminal and into `size` bytes, NUL
 * included. Tabs become blanks; escape sequences, control and formatting characters and bytes that
 * are no UTF-8 become '?', as does everything beyond ASCII without `utf8`. Returns the columns
 * used. */
size_t safe_text(const char *text, size_t length, size_t columns, bool utf8, char *ret,
                 size_t size);

#endif
