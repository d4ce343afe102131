/* UTF-8, as RFC 3629 has it, and which of its characters a terminal does not simply draw. */
#ifndef BULKHEAD_CORE_UTF8_H
#define BULKHEAD_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes one character of [text, text + length), length > 0. Returns its bytes, 0 where it is no
 * UTF-8 (overlong and surrogates are none either). */
size_t utf8_decode(const char *text, size_t length, uint32_t *ret_character);

/* Draws nothing or changes how the rest is drawn: Unicode's Cc and Cf, as far as terminals obey. */
bool utf8_is_treacherous(uint32_t character);

#endif
