/* A region of memory that is freed as a whole: owns every string and array of a spec or a plan.
 *
 * Every function returns NULL when memory or the arena's own bound is used up and sets the sticky
 * `failed`, so that a caller may also check once at the end of a step. Not used by the long-lived
 * processes. */
#ifndef BULKHEAD_CORE_ARENA_H
#define BULKHEAD_CORE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; // newest first
    size_t used;                // bytes handed out, for bounding hostile input
    size_t limit;               // bytes that may be handed out in all; 0: no bound
    bool failed;                // out of memory or over `limit`; sticky
};

void arena_init(struct arena *arena, size_t limit_bytes);
void arena_finish(struct arena *arena); // frees everything; arena may be zeroed or finished already

/* Zeroed memory, aligned for any type. On failure: sets failed and returns NULL. */
void *arena_alloc(struct arena *arena, size_t bytes);
void *arena_array(struct arena *arena, size_t count, size_t bytes_each); // overflow-checked
char *arena_text(struct arena *arena, const char *text, size_t length);  // NUL-terminated copy
char *arena_string(struct arena *arena, const char *text);

static inline bool arena_failed(const struct arena *arena)
{
    return arena->failed;
}

#endif
