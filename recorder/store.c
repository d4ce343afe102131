/* See store.h. */
#include "recorder/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "recorder/writer.h"

int store_init(struct store *store, const struct place *place, int buffer, bool *ret_fresh)
{
    memset(store, 0, sizeof(*store));
    store->place = place;
    store->journald = (struct journald){.socket = place->journal, .stack = place->stack};
    store->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (store->bell < 0)
        return -errno;
    store->slots = calloc(STORE_SLOTS_MAX, sizeof(struct source *));
    store->batch = malloc(STORE_BATCH_BYTES);
    if (!store->slots || !store->batch)
        return -ENOMEM;
    return ring_open(&store->ring, buffer, ret_fresh);
}

void store_finish(struct store *store)
{
    uint32_t i;

    for (i = 0; i < store->slots_count; i++)
        writer_forget(store->slots[i]);
    ring_close(&store->ring);
    if (store->bell >= 0)
        close(store->bell);
    store->bell = -1;
    free(store->slots);
    free(store->batch);
    store->slots = NULL;
    store->batch = NULL;
    store->slots_count = 0;
}

struct source *store_find(struct store *store, const char *name, uint32_t *ret_slot)
{
    uint32_t i;

    for (i = 0; i < store->slots_count; i++)
        if (store->slots[i] && strcmp(store->slots[i]->name, name) == 0) {
            *ret_slot = i;
            return store->slots[i];
        }
    return NULL;
}

/* A free slot, or STORE_SLOTS_MAX. */
static uint32_t free_slot(const struct store *store)
{
    uint32_t i;

    for (i = 0; i < store->slots_count; i++)
        if (!store->slots[i])
            return i;
    return store->slots_count;
}

static struct source *new_source(struct store *store, const char *name,
                                 const struct logging *logging, uint32_t *ret_slot)
{
    uint32_t slot = free_slot(store);
    struct source *source = slot < STORE_SLOTS_MAX ? calloc(1, sizeof(*source)) : NULL;

    if (!source)
        return NULL;
    memcpy(source->name, name, strnlen(name, sizeof(source->name) - 1));
    source->fd[OUT] = source->fd[ERR] = -1;
    source->logging = *logging;
    source->told_at = INSTANT_NONE;
    rotate_init(&source->log, store->place->logs, source->name, &source->limits);
    store->slots[slot] = source;
    if (slot == store->slots_count)
        store->slots_count++;
    *ret_slot = slot;
    return source;
}

struct source *store_add(struct store *store, const char *name, const struct logging *logging,
                         uint32_t *ret_slot)
{
    struct source *source;

    pthread_mutex_lock(&store->ring.lock);
    source = store_find(store, name, ret_slot);
    if (source) {
        source->logging = *logging;
        source->gone = source->closed = false;
    } else {
        source = new_source(store, name, logging, ret_slot);
    }
    ring_grow(&store->ring, (size_t)logging->buffer_bytes * 2);
    pthread_mutex_unlock(&store->ring.lock);
    return source;
}
