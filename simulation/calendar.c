/* See calendar.h. */
#include "simulation/calendar.h"

#include <stdlib.h>

void calendar_finish(struct calendar *calendar)
{
    free(calendar->heap);
    *calendar = (struct calendar){0};
}

static bool is_before(const struct happening *a, const struct happening *b)
{
    return a->at.ns != b->at.ns ? a->at.ns < b->at.ns : a->order < b->order;
}

static bool make_room(struct calendar *calendar)
{
    size_t capacity = calendar->capacity ? calendar->capacity * 2 : 64;
    struct happening *heap = reallocarray(calendar->heap, capacity, sizeof(*heap));

    if (!heap)
        return false;
    calendar->heap = heap;
    calendar->capacity = capacity;
    return true;
}

bool calendar_add(struct calendar *calendar, const struct happening *happening)
{
    struct happening added = *happening;
    size_t at;

    if (added.at.ns == INSTANT_NEVER.ns)
        return true;
    if (calendar->count == calendar->capacity && !make_room(calendar))
        return false;
    added.order = calendar->order++;
    for (at = calendar->count++; at > 0 && is_before(&added, &calendar->heap[(at - 1) / 2]);
         at = (at - 1) / 2)
        calendar->heap[at] = calendar->heap[(at - 1) / 2];
    calendar->heap[at] = added;
    return true;
}

instant calendar_next(const struct calendar *calendar)
{
    return calendar->count ? calendar->heap[0].at : INSTANT_NEVER;
}

struct happening calendar_take(struct calendar *calendar)
{
    struct happening first = calendar->heap[0], last = calendar->heap[--calendar->count];
    size_t at = 0, child;

    while ((child = 2 * at + 1) < calendar->count) {
        if (child + 1 < calendar->count &&
            is_before(&calendar->heap[child + 1], &calendar->heap[child]))
            child++;
        if (!is_before(&calendar->heap[child], &last))
            break;
        calendar->heap[at] = calendar->heap[child];
        at = child;
    }
    if (calendar->count)
        calendar->heap[at] = last;
    return first;
}
