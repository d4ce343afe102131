/* Writing YAML: an indented text that grows, and scalars that read back as what they are. */
#ifndef BULKHEAD_STACKFILE_EMIT_H
#define BULKHEAD_STACKFILE_EMIT_H

#include <stdbool.h>
#include <stddef.h>

struct emit {
    char *text; // NUL-terminated, of malloc; NULL before the first byte
    size_t length, size;
    bool failed; // out of memory; sticky
};

void emit_bytes(struct emit *emit, const char *bytes, size_t count);

/* A printf into the text. At most 256 bytes. */
void emit_format(struct emit *emit, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "    key:" with two blanks for each level; the value or a line end is the caller's to add. */
void emit_key(struct emit *emit, unsigned level, const char *key);

/* A text that comes back as a string, in quotes where it needs them. */
void emit_string(struct emit *emit, const char *text);

/* The same for a value: every $ is written as $$, so that no reader interpolates it. */
void emit_value(struct emit *emit, const char *text);

#endif
