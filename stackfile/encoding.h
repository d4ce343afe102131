/* Whether bytes are text that a YAML file may hold. */
#ifndef BULKHEAD_STACKFILE_ENCODING_H
#define BULKHEAD_STACKFILE_ENCODING_H

#include <stddef.h>
#include <stdint.h>

#include "core/fault.h"

/* UTF-8 without NUL and control characters. 0; 1: the first offence is in faults. */
int encoding_check(const char *file, const char *text, size_t length, struct faults *faults);

/* Decodes one character of [text, text + length), length > 0. Returns its bytes, 0 where it is no
 * UTF-8 (overlong and surrogates are none either). */
size_t encoding_decode(const char *text, size_t length, uint32_t *ret_character);

#endif
