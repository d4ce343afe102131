/* Text of a compartment's files to the numbers of a sample. Every text is hostile: bounded, in any
 * order, unknown keys skipped; a last line that was cut is not read. Pure.
 * Source: Documentation/admin-guide/cgroup-v2.rst. */
#ifndef BULKHEAD_CORE_SAMPLE_TEXT_H
#define BULKHEAD_CORE_SAMPLE_TEXT_H

#include "core/sample.h"

/* All numbers to SAMPLE_NONE. */
void sample_text_begin(struct sample *sample);

/* memory.stat: anon, file, shmem, kernel, slab, and what of all that cannot be reclaimed. */
void sample_text_memory(const char *text, size_t length, struct sample *sample);

/* memory.pressure: the totals. */
void sample_text_pressure(const char *text, size_t length, struct sample *sample);

#endif
