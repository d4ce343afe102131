/* Values of a spec in canonical spelling; what is not set is not written. For show.c. */
#ifndef BULKHEAD_STACKFILE_SHOW_VALUES_H
#define BULKHEAD_STACKFILE_SHOW_VALUES_H

#include "core/spec.h"
#include "stackfile/emit.h"

#define VALUE_MAX 64 // bytes of one, with a NUL

void show_number(struct emit *emit, const char *key, int64_t value);
void show_integer(struct emit *emit, const char *key, const struct spec_int *value);
void show_true(struct emit *emit, const char *key, bool value);
void show_text(struct emit *emit, const char *key, const struct spec_text *text);
/* In the largest unit that divides it: 64m. */
void show_size(struct emit *emit, const char *key, const struct spec_int *value);
void show_thousandths(struct emit *emit, const char *key, const struct spec_int *value); // 1.5
void show_percent(struct emit *emit, const char *key, int64_t value); // 12500 is "12.5%"
void show_share(struct emit *emit, const char *key, const struct spec_size *value);
void show_duration(struct emit *emit, const char *key, const struct spec_int *value); // 1h5m30s20ms

#endif
