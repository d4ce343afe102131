/* See queue.h. */
#include "supervisor/queue.h"

#include <errno.h>
#include <stdlib.h>

#include "supervisor/sys/memory.h"

int queue_init(struct queue *queue, uint32_t capacity)
{
    *queue = (struct queue){.item = calloc(capacity, sizeof(*queue->item)), .capacity = capacity};
    return queue->item ? 0 : -ENOMEM;
}

void queue_finish(struct queue *queue)
{
    free(queue->item);
    *queue = (struct queue){0};
}

uint32_t queue_room(const struct queue *queue)
{
    return queue->capacity - queue->end;
}

bool queue_is_empty(const struct queue *queue)
{
    return queue->first == queue->end;
}

void queue_push(struct queue *queue, const struct event *event)
{
    if (queue->end == queue->capacity)
        queue->lost++;
    else
        queue->item[queue->end++] = *event;
    if (queue->end > queue->touched)
        queue->touched = queue->end;
}

void queue_relax(struct queue *queue)
{
    if (queue->first != queue->end)
        return;
    memory_give_back(queue->item, queue->touched * sizeof(*queue->item));
    queue->touched = 0;
}

bool queue_pop(struct queue *queue, struct event *ret)
{
    if (queue->first == queue->end) {
        queue->first = queue->end = 0;
        return false;
    }
    *ret = queue->item[queue->first++];
    return true;
}
