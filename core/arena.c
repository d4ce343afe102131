/* See arena.h. */
#include "core/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)16 * 1024)

struct arena_block {
    struct arena_block *next; // arena::blocks
    size_t size;
    size_t used;
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

void *arena_alloc(struct arena *arena, size_t bytes)
{
    const size_t align = alignof(max_align_t);
    struct arena_block *block;
    void *memory;

    if (arena->failed || bytes > SIZE_MAX / 2)
        goto fail;
    bytes = (bytes + align - 1) / align * align;
    if (arena->limit && bytes > arena->limit - arena->used)
        goto fail;
    block = block_for(arena, bytes);
    if (!block)
        goto fail;
    memory = block->data + block->used;
    block->used += bytes;
    arena->used += bytes;
    memset(memory, 0, bytes);
    return memory;

fail:
    arena->failed = true;
    return NULL;
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
    char *copy = length < SIZE_MAX / 2 ? arena_alloc(arena, length + 1) : NULL;

    if (copy && length)
        memcpy(copy, text, length);
    return copy;
}

char *arena_string(struct arena *arena, const char *text)
{
    return arena_text(arena, text, strlen(text));
}
