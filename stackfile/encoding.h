/* Whether bytes are text that a YAML file may hold. */
#ifndef BULKHEAD_STACKFILE_ENCODING_H
#define BULKHEAD_STACKFILE_ENCODING_H

#include <stddef.h>

#include "core/fault.h"

/* UTF-8 without NUL and control characters. 0; 1: the first offence is in faults. */
int encoding_check(const char *file, const char *text, size_t length, struct faults *faults);

#endif
