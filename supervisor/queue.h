/* Events that wait for their turn: a list of fixed capacity. Memory is touched as far as it was
 * filled and no further, so a capacity for the worst case costs nothing on quiet days. */
#ifndef BULKHEAD_SUPERVISOR_QUEUE_H
#define BULKHEAD_SUPERVISOR_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"

struct queue {
    struct event *item;
    uint32_t first; // not taken yet
    uint32_t end;
    uint32_t capacity;
    uint32_t touched; // places that hold memory
    uint64_t lost;    // a defect of ours
};

int queue_init(struct queue *queue, uint32_t capacity); // 0 or -ENOMEM
void queue_finish(struct queue *queue);

/* How many more can be pushed before the queue was empty again. */
uint32_t queue_room(const struct queue *queue);

bool queue_is_empty(const struct queue *queue);

/* The caller knows that there is room; were it wrong, the event would be lost and counted. */
void queue_push(struct queue *queue, const struct event *event);

/* Gives back memory that a burst has touched, when the queue is empty. */
void queue_relax(struct queue *queue);

bool queue_pop(struct queue *queue, struct event *ret); // false: empty

#endif
