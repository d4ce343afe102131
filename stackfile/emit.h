/* Writing canonical YAML or JSON: entries one after another, with what they stand in opened before
 * and ended after. Every text reads back as what it is, and a dollar in a value as a dollar. */
#ifndef BULKHEAD_STACKFILE_EMIT_H
#define BULKHEAD_STACKFILE_EMIT_H

#include <stdbool.h>
#include <stddef.h>

#define EMIT_DEPTH_MAX 12 // lists and mappings inside each other

struct emit_level {
    bool list; // or a mapping
    bool any;  // has an entry
};

struct emit {
    char *text; // NUL-terminated, of malloc
    size_t length, size;
    bool failed; // out of memory; sticky
    bool json;
    unsigned depth;
    struct emit_level level[EMIT_DEPTH_MAX];
};

/* Opens the document, which is a mapping. */
void emit_begin(struct emit *emit, bool json);

/* 0: *ret_text is to be released with free(). -ENOMEM. */
int emit_finish(struct emit *emit, char **ret_text);

/* An entry of a mapping, or of a list where `key` is NULL. A list and a mapping have entries of
 * their own until emit_end(), at least one. */
void emit_map(struct emit *emit, const char *key);
void emit_list(struct emit *emit, const char *key);
void emit_end(struct emit *emit);
void emit_text(struct emit *emit, const char *key, const char *text);
void emit_word(struct emit *emit, const char *key, const char *word);       // YAML: never in quotes
void emit_literal(struct emit *emit, const char *key, const char *literal); // a number, true, []
void emit_null(struct emit *emit, const char *key);

#endif
