/* What will happen and when: a heap ordered by time, and the dice. */
#include "tests/sim/agenda.h"

#include <stdlib.h>

#include "core/restart.h"
#include "tests/sim/sim.h"

uint64_t draw(struct sim *sim, uint64_t below)
{
    return random_next(&sim->random) % below;
}

bool chance(struct sim *sim, unsigned percent)
{
    return draw(sim, 100) < percent;
}

span draw_span(struct sim *sim, int64_t least_us, int64_t most_us)
{
    return span_ns((least_us + (int64_t)draw(sim, (uint64_t)(most_us - least_us + 1))) *
                   NSEC_PER_USEC);
}

static bool is_before(const struct happening *a, const struct happening *b)
{
    return a->at.ns != b->at.ns ? a->at.ns < b->at.ns : a->order < b->order;
}

static size_t sift_up(struct agenda *agenda, size_t at, const struct happening *moving)
{
    while (at > 0 && is_before(moving, &agenda->heap[(at - 1) / 2])) {
        agenda->heap[at] = agenda->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    return at;
}

struct happening *agenda_add(struct sim *sim, instant at, enum happening_kind kind, uint32_t member)
{
    struct agenda *agenda = &sim->agenda;
    struct happening added = {
        .at = at,
        .order = agenda->order++,
        .kind = kind,
        .member = member,
        .generation = sim->boxes[member].generation,
    };
    size_t place;

    if (agenda->count == agenda->capacity) {
        agenda->capacity = agenda->capacity ? agenda->capacity * 2 : 256;
        agenda->heap = realloc(agenda->heap, agenda->capacity * sizeof(*agenda->heap));
        if (!agenda->heap)
            abort();
    }
    place = sift_up(agenda, agenda->count++, &added);
    agenda->heap[place] = added;
    return &agenda->heap[place];
}

void agenda_event(struct sim *sim, instant at, const struct event *event)
{
    struct happening *happening = agenda_add(sim, at, HAPPENS_EVENT, event->member);

    happening->generation = event->generation;
    happening->event = *event;
}

instant agenda_next(const struct sim *sim)
{
    return sim->agenda.count ? sim->agenda.heap[0].at : INSTANT_NEVER;
}

struct happening agenda_take(struct sim *sim)
{
    struct agenda *agenda = &sim->agenda;
    struct happening first = agenda->heap[0];
    struct happening last = agenda->heap[--agenda->count];
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= agenda->count)
            break;
        if (child + 1 < agenda->count && is_before(&agenda->heap[child + 1], &agenda->heap[child]))
            child++;
        if (!is_before(&agenda->heap[child], &last))
            break;
        agenda->heap[at] = agenda->heap[child];
        at = child;
    }
    if (agenda->count)
        agenda->heap[at] = last;
    return first;
}
