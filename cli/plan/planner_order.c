/* The order of services in a plan: dependencies first. See planner.h. */
#include <errno.h>
#include <stdlib.h>

#include "cli/plan/planner.h"

/* Names are looked up once; the passes then work on numbers. */
struct graph {
    size_t *first;      // by service: its first edge; one more than there are services
    ptrdiff_t *targets; // -1: a service that is not in the file
};

static int graph_init(struct graph *graph, const struct spec *spec)
{
    size_t edges = 0;

    for (size_t i = 0; i < spec->services_count; i++)
        edges += spec->services[i].depends_on_count;
    graph->first = calloc(spec->services_count + 1, sizeof(*graph->first));
    graph->targets = calloc(edges + 1, sizeof(*graph->targets));
    if (!graph->first || !graph->targets)
        return -ENOMEM;
    edges = 0;
    for (size_t i = 0; i < spec->services_count; i++) {
        const struct spec_service *service = &spec->services[i];
        graph->first[i] = edges;
        for (size_t j = 0; j < service->depends_on_count; j++)
            graph->targets[edges++] = spec_find(spec, service->depends_on[j].service);
    }
    graph->first[spec->services_count] = edges;
    return 0;
}

static bool is_ready(const struct graph *graph, size_t service, const bool *done)
{
    for (size_t i = graph->first[service]; i < graph->first[service + 1]; i++)
        if (graph->targets[i] >= 0 && !done[graph->targets[i]])
            return false;
    return true;
}

/* Takes the first service whose dependencies are placed, again and again: as written wherever the
 * dependencies leave a choice. */
static int place(const struct graph *graph, size_t count, bool *done, size_t *order)
{
    size_t placed = 0;
    bool moved = true;

    while (placed < count && moved) {
        moved = false;
        for (size_t i = 0; i < count; i++) {
            if (done[i] || !is_ready(graph, i, done))
                continue;
            done[i] = true;
            order[placed++] = i;
            moved = true;
        }
    }
    return placed == count ? 0 : 1;
}

int planner_order(const struct spec *spec, size_t *order)
{
    bool *done = calloc(spec->services_count + 1, sizeof(*done));
    struct graph graph = {0};
    int result = done ? graph_init(&graph, spec) : -ENOMEM;

    if (result == 0)
        result = place(&graph, spec->services_count, done, order);
    free(graph.first);
    free(graph.targets);
    free(done);
    return result;
}
