/* What the readers of keys share: where values go, how findings are said, how a scalar is taken. */
#ifndef BULKHEAD_STACKFILE_READER_H
#define BULKHEAD_STACKFILE_READER_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/fault.h"
#include "core/spec.h"
#include "stackfile/node.h"
#include "stackfile/shown.h"
#include "stackfile/stackfile.h"

#define NO_EFFECT_MAX 64

struct loader;

struct reader {
    const struct stackfile_request *request;
    struct arena *scratch; // of the document
    struct arena *arena;   // of the spec
    struct faults *faults;
    struct loader *loader; // what read the document: env_file asks it for more files
    const char *prefix;    // of the mapping that is being read, for messages: "deploy.resources."
    const char *no_effect[NO_EFFECT_MAX]; // keys without effect that were met, each once
    size_t no_effect_count;
    struct mark no_effect_at; // of the first
};

/* One finding. The same words about the same place are said once: a fragment that many services
 * merge is read many times. */
void report(struct reader *reader, enum fault_level level, struct mark at, const char *remedy,
            const char *format, ...) __attribute__((format(printf, 5, 6)));

/* An error about the value of a key, which is named with its path: "deploy.mode: …". */
void report_key(struct reader *reader, struct mark at, const char *key, const char *remedy,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Whether there is no use in looking for good words: something was said about this place already,
 * or the list is full. Looking costs, and a hostile file has many places. */
bool report_is_idle(const struct reader *reader, struct mark at);

/* A printf into a remedy: remedy_of("write %s", x).text. */
struct remedy {
    char text[320];
};
struct remedy remedy_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

enum accept {
    ACCEPT_STRING = 1,
    ACCEPT_NUMBER = 2,
    ACCEPT_BOOL = 4,
};

/* The text of a scalar of one of the accepted types, NULL after a fault. `example` completes "must
 * be …": "a size such as 512m". Belongs to the document. */
const char *take_text(struct reader *reader, const char *key, const struct node *value,
                      unsigned accept, const char *example);

/* A copy of a document's text in the spec. */
const char *keep_text(struct reader *reader, const char *text);

/* true, false; a string that is one of them, as Compose casts it. False after a fault. */
bool take_bool(struct reader *reader, const char *key, const struct node *value, bool *ret_value);

/* The index of a text among the choices (NULL-terminated), or -1 after a fault, which names them.
 * `noun` is what they are: "a condition". */
int take_choice(struct reader *reader, const char *key, const struct node *value,
                const char *const *choices, const char *noun);

#endif
