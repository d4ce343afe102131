/* Where one incarnation's output ends and the next one's begins: a line that the supervisor writes
 * into both FIFOs of a member, with a number that grows. In stderr the cause of death follows at
 * once (paths.h, MARKER_PREFIX). The recorder puts what is before a break in either before what is
 * behind it in both. Pure. */
#ifndef BULKHEAD_CORE_BREAKS_H
#define BULKHEAD_CORE_BREAKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BREAK_BYTES 17 // "\x1e\x1e" "break " eight digits of base 16 and a newline

/* Not a string: without a NUL. */
void break_write(uint32_t number, char bytes[BREAK_BYTES]);

/* The first one. */
bool break_find(const char *bytes, size_t length, size_t *ret_at, uint32_t *ret_number);

/* Is `number` that of `than`, or of a later one? */
static inline bool break_is_past(uint32_t number, uint32_t than)
{
    return (int32_t)(number - than) >= 0;
}

#endif
