/* The labels of a running stack's members, out of its plan. */
#ifndef BULKHEAD_CLI_HOST_LABELS_H
#define BULKHEAD_CLI_HOST_LABELS_H

#include <sys/stat.h>

#include "core/arena.h"
#include "cli/show/json.h"

struct labels {
    const char *runtime_dir; // borrowed
    struct stat plan;        // that they are out of
    struct arena arena;
    struct labels_row *rows; // in the arena, sorted by name; only members that have some
    size_t count;
};

/* Nothing is read yet. */
void labels_init(struct labels *labels, const char *runtime_dir);
void labels_finish(struct labels *labels); // may be zeroed

/* "name=value" texts, NULL-terminated, valid until the next call; NULL: it has none, or the plan
 * cannot be read (the stack has ended). Reads the plan when it is another one than before. */
char *const *labels_of(struct labels *labels, const char *member);

/* {"name":"value"}; empty for NULL. */
struct json *labels_json(char *const *labels);

#endif
