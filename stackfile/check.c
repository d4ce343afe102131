/* See check.h. */
#include "stackfile/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"

/* --- sizes --- */

static void check_swap(struct reader *reader, const struct spec_service *service)
{
    const struct spec_int *both = &service->memswap_limit_bytes;
    const struct spec_int *memory = &service->mem_limit_bytes;

    if (!both->set || both->value == SPEC_UNLIMITED)
        return;
    if (!memory->set)
        report(reader, FAULT_ERROR, both->at, "write mem_limit: too",
               "memswap_limit is memory and swap together, and there is no mem_limit");
    else if (both->value < memory->value)
        report(reader, FAULT_ERROR, both->at,
               "write mem_limit plus the swap that may be used; equal means no swap",
               "memswap_limit is less than mem_limit");
}

/* memory_high or memory_min against mem_limit. */
static void check_share(struct reader *reader, const struct spec_size *size, const char *key,
                        const struct spec_int *memory)
{
    bool above;

    if (!size->set)
        return;
    if (size->percent && !memory->set) {
        report(reader, FAULT_ERROR, size->at, "write mem_limit: too, or a size",
               "x-bulkhead.%s is a percentage of mem_limit, and there is none", key);
        return;
    }
    above = size->percent ? size->value > 100000 : memory->set && size->value > memory->value;
    if (above)
        report(reader, FAULT_WARNING, size->at, "write less than mem_limit",
               "x-bulkhead.%s is above mem_limit and has no effect beyond it", key);
}

static void check_sizes(struct reader *reader, const struct spec_service *service)
{
    const struct spec_int *memory = &service->mem_limit_bytes;
    const struct spec_int *reserved = &service->mem_reservation_bytes;

    check_swap(reader, service);
    check_share(reader, &service->memory_high, "memory_high", memory);
    check_share(reader, &service->memory_min, "memory_min", memory);
    if (memory->set && reserved->set && reserved->value > memory->value)
        report(reader, FAULT_ERROR, reserved->at, "lower it, or raise mem_limit",
               "mem_reservation is more than mem_limit");
}

/* --- what belongs together --- */

static bool has_probe(const struct spec_service *service)
{
    return service->healthcheck.set && !service->healthcheck.disabled;
}

static size_t hooks_of(const struct spec_service *service)
{
    size_t count = 0;

    for (size_t kind = 0; kind < SPEC_HOOK_KINDS; kind++)
        count += service->hooks[kind].count;
    return count;
}

void check_service(struct reader *reader, const struct spec_service *service)
{
    check_sizes(reader, service);
    if (service->on_unhealthy_set && !has_probe(service))
        report(reader, FAULT_WARNING, service->on_unhealthy_at, "write a healthcheck: too",
               "x-bulkhead.on_unhealthy has no effect without a healthcheck");
    if (hooks_of(service) > SPEC_HOOKS_MAX)
        report(reader, FAULT_ERROR, service->at, "put several commands into one script",
               "service %s has %zu hooks, and %d is the most", shown(service->name).text,
               hooks_of(service), SPEC_HOOKS_MAX);
}

void check_instances(struct reader *reader, const struct spec_service *services, size_t count)
{
    int64_t instances = 0;

    for (size_t i = 0; i < count; i++) {
        instances += services[i].scale.set ? services[i].scale.value : 1;
        if (instances <= INSTANCES_MAX)
            continue;
        report(reader, FAULT_ERROR, services[i].at, "lower the scale of some service",
               "the services have more than %d instances together", INSTANCES_MAX);
        return;
    }
}

/* --- dependencies --- */

enum visit {
    UNSEEN,
    ON_PATH,
    DONE,
};

struct graph {
    struct reader *reader;
    struct spec_service *services;
    size_t count;
    size_t *by_name;    // indices of services, sorted by name
    size_t *wanted_by;  // by index: the number of the last service that depends on it
    const char **names; // room for all names
    enum visit *visits; // by index
    size_t *path;       // indices of the services from the start of the walk to here
    size_t path_length;
};

static int compare_names(const void *a, const void *b, void *services)
{
    const struct spec_service *all = services;

    return strcmp(all[*(const size_t *)a].name, all[*(const size_t *)b].name);
}

static ptrdiff_t find_service(const struct graph *graph, const char *name)
{
    size_t low = 0, high = graph->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, graph->services[graph->by_name[middle]].name);
        if (order == 0)
            return (ptrdiff_t)graph->by_name[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

/* Not the service itself, which nobody means. */
static const char *nearest_service(const struct graph *graph, const struct spec_service *service,
                                   const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < graph->count; i++)
        if (&graph->services[i] != service)
            graph->names[count++] = graph->services[i].name;
    return fault_nearest(name, graph->names, count);
}

static void unknown_service(const struct graph *graph, const struct spec_service *service,
                            const struct spec_dependency *dependency)
{
    bool idle = report_is_idle(graph->reader, dependency->at);
    const char *nearest = idle ? NULL : nearest_service(graph, service, dependency->service);

    report(graph->reader, dependency->optional ? FAULT_WARNING : FAULT_ERROR, dependency->at,
           nearest ? remedy_of("did you mean %s?", nearest).text
                   : "write the service, or remove it",
           "service %s depends on %s, which does not exist%s", shown(service->name).text,
           shown(dependency->service).text,
           dependency->optional ? "; it is not required, so it is left out" : "");
}

/* Whether what is waited for can come. */
static void check_condition(const struct graph *graph, const struct spec_service *service,
                            const struct spec_dependency *dependency,
                            const struct spec_service *other)
{
    struct shown name = shown(other->name);

    if (dependency->condition == SPEC_SERVICE_HEALTHY && !has_probe(other))
        report(
            graph->reader, FAULT_ERROR, dependency->at,
            remedy_of("write a healthcheck: for %s, or condition: service_started", name.text).text,
            "service %s waits until %s is healthy, and %s has no healthcheck",
            shown(service->name).text, name.text, name.text);
    if (dependency->condition == SPEC_SERVICE_COMPLETED &&
        (other->restart == SPEC_RESTART_ALWAYS || other->restart == SPEC_RESTART_UNLESS_STOPPED) &&
        !other->restart_max)
        report(graph->reader, FAULT_WARNING, dependency->at,
               remedy_of("write restart: on-failure for %s", name.text).text,
               "service %s waits until %s is done, and restart: %s starts %s again each time",
               shown(service->name).text, name.text, spec_restart_name(other->restart), name.text);
    if (other->scale.set && other->scale.value == 0 && !dependency->optional)
        report(graph->reader, FAULT_ERROR, dependency->at,
               remedy_of("raise the scale of %s, or write required: false", name.text).text,
               "service %s depends on %s, which has no instances", shown(service->name).text,
               name.text);
}

/* Takes unknown services out of the list, so that nobody after us meets one. */
static void resolve(const struct graph *graph, size_t index)
{
    struct spec_service *service = &graph->services[index];
    struct spec_dependency *dependencies = (struct spec_dependency *)service->depends_on;
    size_t kept = 0;

    for (size_t i = 0; i < service->depends_on_count; i++) {
        ptrdiff_t found = find_service(graph, dependencies[i].service);

        if (found < 0) {
            unknown_service(graph, service, &dependencies[i]);
        } else if (graph->wanted_by[found] == index + 1) {
            report(graph->reader, FAULT_ERROR, dependencies[i].at, "keep one of them",
                   "depends_on has %s twice", shown(dependencies[i].service).text);
        } else {
            graph->wanted_by[found] = index + 1;
            check_condition(graph, service, &dependencies[i], &graph->services[found]);
            dependencies[kept++] = dependencies[i];
        }
    }
    service->depends_on_count = kept;
}

#define CYCLE_SHOWN 5 // services at each end of a long one

/* "a -> b -> a", from where the walk met the path again. */
static void report_cycle(const struct graph *graph, size_t index,
                         const struct spec_dependency *dependency)
{
    char text[1024];
    size_t used = 0, from = 0;

    while (graph->path[from] != index)
        from++;
    for (size_t i = from; i < graph->path_length && used < sizeof(text); i++) {
        bool left_out = i - from >= CYCLE_SHOWN && graph->path_length - i > CYCLE_SHOWN;
        if (!left_out)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s -> ",
                                     shown(graph->services[graph->path[i]].name).text);
        else if (i - from == CYCLE_SHOWN)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "… -> ");
    }
    report(graph->reader, FAULT_ERROR, dependency->at, "remove one of these dependencies",
           "services wait for each other: %s%s", text, shown(graph->services[index].name).text);
}

/* Depth first; as deep as there are services at most (INSTANCES_MAX). */
static void walk(struct graph *graph, size_t index)
{
    const struct spec_service *service = &graph->services[index];

    graph->visits[index] = ON_PATH;
    graph->path[graph->path_length++] = index;
    for (size_t i = 0; i < service->depends_on_count; i++) {
        size_t next = (size_t)find_service(graph, service->depends_on[i].service);

        if (graph->visits[next] == ON_PATH)
            report_cycle(graph, next, &service->depends_on[i]);
        else if (graph->visits[next] == UNSEEN)
            walk(graph, next);
    }
    graph->path_length--;
    graph->visits[index] = DONE;
}

int check_dependencies(struct reader *reader, struct spec_service *services, size_t count)
{
    struct arena *scratch = reader->scratch;
    struct graph graph = {
        .reader = reader,
        .services = services,
        .count = count,
        .by_name = arena_array(scratch, count, sizeof(size_t)),
        .wanted_by = arena_array(scratch, count, sizeof(size_t)),
        .names = arena_array(scratch, count, sizeof(char *)),
        .visits = arena_array(scratch, count, sizeof(enum visit)),
        .path = arena_array(scratch, count, sizeof(size_t)),
    };
    size_t edges = 0;

    if (arena_failed(scratch))
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        graph.by_name[i] = i;
    qsort_r(graph.by_name, count, sizeof(size_t), compare_names, services);
    for (size_t i = 0; i < count; i++) {
        resolve(&graph, i);
        edges += services[i].depends_on_count;
    }
    if (edges > DEPENDENCIES_MAX)
        report(reader, FAULT_ERROR, (struct mark){.file = reader->request->files[0].name}, NULL,
               "the services have %zu dependencies, and %d is the most", edges, DEPENDENCIES_MAX);
    for (size_t i = 0; i < count; i++)
        if (graph.visits[i] == UNSEEN)
            walk(&graph, i);
    return arena_failed(scratch) ? -ENOMEM : 0;
}
