/* See simulate.h. */
#include "simulation/simulate.h"

#include <errno.h>
#include <stdlib.h>

#include "simulation/dice.h"
#include "simulation/world.h"

static void close_run(struct world *world)
{
    struct simulation_result *result = world->result;

    world_close(world);
    if (world->had_outside)
        result->runs_outside++;
    if (world->held.ns != INSTANT_NEVER.ns)
        result->held_ns[result->runs_held++] = world->held.ns - world->begun.ns;
}

static int run(const struct simulation *simulation, uint32_t index,
               struct simulation_result *result)
{
    struct world world;
    int status = world_begin(&world, simulation, index, result);

    if (status < 0)
        return status;
    world_turn(&world, instant_add(world.begun, simulation->length));
    close_run(&world);
    status = world.failed ? -ENOMEM : 0;
    world_finish(&world);
    return status;
}

static int by_length(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

int simulate(const struct simulation *simulation, struct simulation_result *ret)
{
    struct simulation_result result = {.runs = simulation->runs};
    int status = 0;

    result.members = calloc((size_t)simulation->roster->members_count + 1, sizeof(*result.members));
    result.held_ns = calloc((size_t)simulation->runs + 1, sizeof(*result.held_ns));
    if (!result.members || !result.held_ns)
        status = -ENOMEM;
    for (uint32_t i = 0; status == 0 && i < simulation->runs; i++)
        status = run(simulation, i, &result);
    if (status < 0) {
        simulation_result_finish(&result);
        return status;
    }
    qsort(result.held_ns, result.runs_held, sizeof(*result.held_ns), by_length);
    *ret = result;
    return 0;
}

void simulation_result_finish(struct simulation_result *result)
{
    free(result->members);
    free(result->held_ns);
    *result = (struct simulation_result){0};
}

static void add(struct tally *sum, const struct tally *tally)
{
    sum->restarts += tally->restarts;
    for (int kind = 0; kind < VERDICTS_COUNT; kind++)
        sum->deaths[kind] += tally->deaths[kind];
    sum->down_ns = dice_sum(sum->down_ns, tally->down_ns);
    if (tally->longest_ns > sum->longest_ns)
        sum->longest_ns = tally->longest_ns;
    sum->holds += tally->holds;
    sum->lost_milli = dice_sum(sum->lost_milli, tally->lost_milli);
}

struct tally simulation_sum(const struct simulation *simulation,
                            const struct simulation_result *result, const char *service)
{
    struct tally sum = {0};

    for (uint32_t i = 0; i < simulation->roster->members_count; i++)
        if (!service || member_is_of(&simulation->roster->members[i], service))
            add(&sum, &result->members[i]);
    return sum;
}
