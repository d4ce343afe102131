/* Lines of the keeper, put together without the C library's formats. */
#ifndef BULKHEAD_SUPERVISOR_KEEPER_SAY_H
#define BULKHEAD_SUPERVISOR_KEEPER_SAY_H

#include <stdint.h>

/* One line of the words, NULL behind the last one; what is too long is cut. `up` reads them at
 * HANDOVER_READY, the stack's log takes stderr. */
void keeper_say(int fd, const char *const *words);

void keeper_say_failed(int fd, const char *what, int error); // an errno

#define KEEPER_DIGITS 11
const char *keeper_digits(uint32_t number, char digits[KEEPER_DIGITS]);

#endif
