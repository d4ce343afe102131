/* See arena.h. */
#include "core/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)16 * 1024)

struct arena_block {
    struct arena_block *next; // arena::blocks
    size_t used;              // from the front: what is aligned
    size_t size;              // what is behind it are texts
    alignas(max_align_t) unsigned char data[];
};

void arena_init(struct arena *arena, size_t limit_bytes)
{
    *arena = (struct arena){.limit = limit_bytes};
}

void arena_finish(struct arena *arena)
{
    struct arena_block *block = arena->blocks;

    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    *arena = (struct arena){.limit = arena->limit};
}

static struct arena_block *block_for(struct arena *arena, size_t bytes)
{
    struct arena_block *block = arena->blocks;
    size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;

    if (block && block->size - block->used >= bytes)
        return block;
    block = malloc(sizeof(*block) + size);
    if (!block)
        return NULL;
    block->size = size;
    block->used = 0;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

/* A block with that much room, which is counted as used. NULL: sets failed. */
static struct arena_block *reserve(struct arena *arena, size_t bytes)
{
    bool refused = arena->failed || (arena->limit && bytes > arena->limit - arena->used);
    struct arena_block *block = refused ? NULL : block_for(arena, bytes);

    arena->failed = !block;
    arena->used += block ? bytes : 0;
    return block;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    const size_t align = alignof(max_align_t);
    struct arena_block *block = NULL;
    void *memory;

    if (bytes > SIZE_MAX / 2)
        arena->failed = true;
    bytes = (bytes + align - 1) / align * align;
    block = reserve(arena, bytes);
    if (!block)
        return NULL;
    memory = block->data + block->used;
    block->used += bytes;
    memset(memory, 0, bytes);
    return memory;
}

void *arena_array(struct arena *arena, size_t count, size_t bytes_each)
{
    if (bytes_each && count > SIZE_MAX / 2 / bytes_each) {
        arena->failed = true;
        return NULL;
    }
    return arena_alloc(arena, count * bytes_each);
}

char *arena_text(struct arena *arena, const char *text, size_t length)
{
    struct arena_block *block;
    char *copy;

    if (length > SIZE_MAX / 2)
        arena->failed = true;
    block = reserve(arena, length + 1);
    if (!block)
        return NULL;
    block->size -= length + 1;
    copy = (char *)block->data + block->size;
    if (length)
        memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *arena_string(struct arena *arena, const char *text)
{
    return arena_text(arena, text, strlen(text));
}
