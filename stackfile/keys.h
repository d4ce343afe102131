/* Tables of keys: what a mapping may hold, and what becomes of each key. Every mapping with fixed
 * keys is read through one, so an unknown key cannot be overlooked. */
#ifndef BULKHEAD_STACKFILE_KEYS_H
#define BULKHEAD_STACKFILE_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "stackfile/reader.h"

enum key_class {
    KEY_HONOURED,
    KEY_NO_EFFECT, // accepted; one notice names all that a file has
    KEY_LATER,     // an error: not supported yet
    KEY_REFUSED,   // an error: cannot be had here
};

/* Reads the value of `key` into what the row's offset points at. */
typedef void key_read(struct reader *reader, const char *key, const struct node *value, void *into);

/* What a value looks like, for the manual and for editors; whether it is right is its reader's to
 * say. A number may always be written as a text, as Compose casts it. */
enum key_shape {
    SHAPE_NONE, // anything, or not honoured
    SHAPE_TEXT,
    SHAPE_BOOL,
    SHAPE_WHOLE,
    SHAPE_NUMBER,
    SHAPE_SIZE,
    SHAPE_DURATION,
    SHAPE_WORDS,          // a text or a list of texts
    SHAPE_TEXTS,          // a list of texts
    SHAPE_EXITS,          // a list of whole numbers and names of signals
    SHAPE_PAIRS,          // a mapping of names to scalars, or a list of NAME=value
    SHAPE_FILE,           // a text, or a mapping with the keys of `inner`
    SHAPE_FILES,          // a text or a list of such
    SHAPE_TABLE,          // a mapping with the keys of `inner`
    SHAPE_TABLES,         // a list of such
    SHAPE_NAMED,          // a mapping of free names to such
    SHAPE_NAMED_OR_TEXTS, // that, or a list of the names
    SHAPE_NAMED_OR_WHOLE, // a mapping of free names to such or to whole numbers
};

struct key_table;

struct key_row {
    const char *key;
    enum key_class class;
    enum key_shape shape;          // of an honoured one
    const struct key_table *inner; // of a SHAPE_TABLE and its like
    const char *const *choices;    // of a SHAPE_TEXT: all that it may be, NULL-terminated
    const char *about;             // of an honoured one: half a sentence for the manual
    bool table;           // its value is read through tables, which interpolate what they honour
    bool needed;          // its mapping is refused without it: for editors, the reader says it
    bool nullable;        // `key:` with nothing behind it is as if it was not there
    key_read *read;       // of an honoured one; without effect: looks for what may not be dropped
    size_t offset;        // of an honoured one: where its value goes in what the table fills
    const char *remedy;   // of a refused one: what to write instead
    const char *harmless; // of a refused one: the value that says what is so anyway, or NULL
};

struct key_table {
    const char *prefix;        // for messages: "deploy.resources."; "" where the key is clear alone
    const char *where;         // "a service", "x-bulkhead", …: completes "unknown key … in"
    const struct key_row *row; // sorted by key
    size_t count;
    bool strict;                   // x-… is unknown, too
    const struct key_table *other; // where a key may belong that is misplaced here, or NULL
    const char *other_remedy;      // "write it in x-bulkhead"
};

/* Reads a mapping; faults for what is wrong, NULL and null values are empty mappings. */
void keys_read(struct reader *reader, const struct key_table *table, const char *key,
               const struct node *value, void *into);

const struct key_row *keys_find(const struct key_table *table, const char *key);

/* Adds the summary notice on keys without effect. */
void keys_summarize(struct reader *reader);

/* The tables, by mapping. `keys_service` has every service key of Compose's schema. */
extern const struct key_table keys_top;
extern const struct key_table keys_service;
extern const struct key_table keys_deploy;
extern const struct key_table keys_bulkhead;
extern const struct key_table keys_intensity;
extern const struct key_table keys_oom;
extern const struct key_table keys_group;
extern const struct key_table keys_dependency;
extern const struct key_table keys_healthcheck;
extern const struct key_table keys_pre_start;
extern const struct key_table keys_post_start;
extern const struct key_table keys_pre_stop;
extern const struct key_table keys_on_oom;
extern const struct key_table keys_on_hold;
extern const struct key_table keys_history;
extern const struct key_table keys_logging;
extern const struct key_table keys_restart_policy;
extern const struct key_table keys_rlimit;
extern const struct key_table keys_include;
extern const struct key_table keys_extends;
extern const struct key_table keys_env_file;

#define KEY_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#endif
